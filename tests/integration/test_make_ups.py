"""Missed sessions are made up and count once, where they were missed, whatever is changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.attendance.models import Attendance, AttendanceChange, MakeUp, MemberYear
from app.attendance.queries.absences import counted_elsewhere, missed_by
from app.attendance.queries.rollups import differences
from app.attendance.queries.session import session_counts
from app.attendance.queries.ways import ways_for
from app.attendance.rules_absence import Studied, Way
from app.attendance.services.bulk import Act, Noted, take_back_all, tick_all
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.leave import ask_leave, decide_leave
from app.attendance.services.make_up import drop_make_up, finish_make_up, plan_make_up
from app.attendance.services.record import Sighting, record_attendance
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import AppError, InvalidInput, WrongState
from app.core.vocabulary import (
    ATTENDED_STATUSES,
    ExcuseReason,
    MakeUpState,
    Method,
    OrgKind,
    SessionState,
    Status,
)
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.rules import Step
from app.trainings.services.facts import credit_of
from app.trainings.services.lifecycle import take_step
from app.trainings.services.on_the_day import set_delivered
from tests.conftest import NIGHTLY
from tests.factories import attend, count, make_member, make_org, make_session

TZ = ZoneInfo("Asia/Shanghai")
NOW = datetime(2019, 9, 2, 1, tzinfo=UTC)
RULES: dict[str, Any] = {"tz": TZ, "elderly_age": 60}
CLOSED, OPEN = SessionState.CLOSED, SessionState.OPEN


class World:
    """A member of a branch whom two sessions expected, and two of the committee where they are a guest."""

    def __init__(self) -> None:
        self.root = make_org("Q", kind=OrgKind.COMMITTEE)
        self.branch = make_org("QA", self.root)
        self.scope = Scope((self.root.id,), None)
        self.member_id: int = make_member("张三", self.branch).id
        days = (date(2019, 3, 4), date(2019, 12, 30), date(2019, 5, 6), date(2020, 1, 6))
        lengths = (120, 90, 60, 150)
        self.ids = [
            self.session(day, minutes, expects=at < 2)
            for at, (day, minutes) in enumerate(zip(days, lengths, strict=True))
        ]

    def session(self, day: date, minutes: int = 120, *, expects: bool = False, **more: Any) -> int:
        host = self.branch if expects else self.root
        starts_at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
        row = make_session(host, starts_at=starts_at, minutes=minutes, **more)
        if expects:
            with writing() as session:
                session.add(
                    ExpectedAttendee(
                        session_id=row.id, member_id=self.member_id, org_id=self.branch.id, groups=0
                    )
                )
        return int(row.id)

    def say(self, session_id: int, status: Status) -> Status:
        excuse = ExcuseReason.PERSONAL if status is Status.EXCUSED else None
        sighting = staff_sighting(session_id, self.member_id, status, excuse, None, NOW)
        return set_status(sighting, "更正", self.scope, NOW, **RULES)

    def plan(self, session_id: int, via: int | None = None) -> MakeUpState:
        return plan_make_up(session_id, self.member_id, Way(via), self.scope, NOW, tz=TZ)

    def finish(self, session_id: int, minutes: int | None = None) -> MakeUpState:
        studied = Studied(date(2020, 1, 7), minutes)
        later = datetime(2020, 1, 8, 1, tzinfo=UTC)
        return finish_make_up(session_id, self.member_id, studied, self.scope, later, tz=TZ)

    def drop(self, session_id: int) -> bool:
        return drop_make_up(session_id, self.member_id, self.scope, NOW, tz=TZ)

    def step(self, session_id: int, step: Step) -> None:
        take_step(session_id, step, self.scope, NOW, tz=TZ)

    def row(self, session_id: int) -> Attendance | None:
        return db.session.get(Attendance, (session_id, self.member_id), populate_existing=True)

    def make_up(self, session_id: int) -> MakeUp | None:
        return db.session.get(MakeUp, (session_id, self.member_id), populate_existing=True)

    def counted(self, year: int = 2019) -> tuple[int, int]:
        """Person-times and minutes of the year's summary."""
        row = db.session.get(MemberYear, (year, self.member_id), populate_existing=True)
        return (row.person_times, row.minutes) if row else (0, 0)


@pytest.fixture
def world(ctx: Flask) -> World:
    return World()


def test_a_session_made_up_in_another_counts_once_in_the_year_of_the_missed_one(world: World) -> None:
    missed, via = world.ids[1], world.ids[3]
    world.say(missed, Status.ABSENT)
    world.step(via, Step.REOPEN)
    assert world.plan(missed, via) is MakeUpState.PLANNED
    scan = Sighting(via, world.member_id, Method.MEMBER_SCAN, NOW)
    record_attendance(scan, NOW, **RULES)
    assert world.counted(2019) == (0, 0)
    world.step(via, Step.CLOSE)
    made_up, there = world.row(missed), world.row(via)
    assert made_up
    assert there
    assert (made_up.status, made_up.minutes) == (Status.MADE_UP, 90)
    assert (there.status, there.made_up_for_id, there.is_held) == (Status.PRESENT, missed, False)
    assert (world.counted(2019), world.counted(2020)) == ((1, 90), (0, 0))
    counts = session_counts(db.session(), [missed, via])
    assert (counts[missed].made_up, counts[missed].absent, counts[via].attended) == (1, 0, 1)
    assert db.session.scalar(select(counted_elsewhere(via))) == 1
    # Not there after all: missed as before, with the history of both steps.
    world.say(via, Status.ABSENT)
    assert (made_up := world.row(missed)) is not None
    assert (made_up.status, made_up.minutes, world.counted(2019)) == (Status.ABSENT, 90, (0, 0))
    steps = select(AttendanceChange.status_before, AttendanceChange.status_after).where(
        AttendanceChange.session_id == missed, AttendanceChange.reason == "make_up"
    )
    assert [tuple(row) for row in db.session.execute(steps.order_by(AttendanceChange.id))] == [
        (Status.ABSENT, Status.MADE_UP),
        (Status.MADE_UP, Status.ABSENT),
    ]


def test_whoever_was_there_after_all_is_counted_at_both(world: World) -> None:
    missed, via = world.ids[0], world.ids[2]
    world.say(via, Status.PRESENT)
    assert world.plan(missed, via) is MakeUpState.DONE
    assert world.counted() == (1, 60)
    made_up = world.row(missed)
    assert made_up is not None
    assert made_up.org_id == world.branch.id
    world.say(missed, Status.PRESENT)
    assert (world.counted(), world.make_up(missed)) == ((2, 180), None)


def test_a_visit_makes_up_a_session_and_one_tap_undoes_it(world: World) -> None:
    missed = world.ids[0]
    world.say(missed, Status.EXCUSED)
    assert world.plan(missed) is MakeUpState.PLANNED
    assert [world.finish(missed, 45), world.finish(missed, 45)] == [MakeUpState.DONE] * 2
    assert world.counted() == (1, 45)
    year = (date(2019, 1, 1), date(2019, 12, 31))

    def shown() -> list[tuple[int, Status | None, date | None]]:
        rows = missed_by(db.session(), world.member_id, year, 9, done=True)
        return [(row.session_id, row.status, row.done_on) for row in rows]

    made_up = (missed, Status.EXCUSED, date(2020, 1, 7))
    # The other session has no record of anybody: it misses nobody until it has one.
    assert shown() == [made_up]
    other = db.session.get_one(TrainingSession, world.ids[1])
    attend(other, make_member("李四", world.branch))
    assert shown() == [(world.ids[1], None, None), made_up]
    assert [world.drop(missed), world.drop(missed)] == [True, False]
    row = world.row(missed)
    assert row is not None
    assert (row.status, row.excuse_reason) == (Status.EXCUSED, ExcuseReason.PERSONAL)
    assert world.counted() == (0, 0)


def test_ticking_many_settles_make_ups_and_taking_that_back_undoes_them(world: World) -> None:
    missed, via = world.ids[0], world.ids[2]
    world.plan(missed, via)
    act = Act(via, "k" * 22)
    tick_all(act, {world.member_id: Noted(Status.PRESENT)}, world.scope, NOW, **RULES)
    assert world.counted() == (1, 60)
    assert take_back_all(act, world.scope, NOW) == 1
    assert (world.row(missed), world.counted()) == (None, (0, 0))


def test_what_cannot_make_up_a_session_is_refused_and_nothing_is_kept(world: World) -> None:
    first, second, via, _later = world.ids
    cancelled = world.session(date(2019, 6, 3), state=SessionState.CANCELLED)
    draft = world.session(date(2019, 6, 3), state=SessionState.DRAFT)
    world.say(second, Status.PRESENT)
    for bad in (cancelled, draft, first, second, 99_999):
        with pytest.raises(InvalidInput):
            world.plan(first, bad)
    with pytest.raises(WrongState):
        world.plan(second, via)
    with pytest.raises(InvalidInput):
        world.finish(first, 0)
    world.say(second, Status.ABSENT)
    world.plan(first, via)
    with pytest.raises(InvalidInput) as refused:
        world.plan(second, via)
    assert refused.value.errors[0].code == "taken"
    assert count(MakeUp) == 1


def test_offered_are_sessions_of_the_same_sort_near_by_that_do_not_expect_the_member(world: World) -> None:
    missed, near = world.ids[0], date(2019, 10, 8)
    neighbour = make_org("QB", world.root)
    fits = world.session(near, state=SessionState.PUBLISHED)
    world.session(near, state=SessionState.PUBLISHED, expects=True)
    world.session(near, state=SessionState.PUBLISHED, kind="reading_class")
    world.session(near, state=SessionState.DRAFT)
    make_session(neighbour, starts_at=datetime(2019, 10, 8, 1, tzinfo=UTC), state=SessionState.PUBLISHED)
    world.say(world.ids[2], Status.PRESENT)
    found = ways_for(db.session(), world.member_id, [missed], NOW)[missed]
    assert [(way.session_id, way.has_come) for way in found] == [(world.ids[2], True), (fits, False)]


@dataclass
class Plan:
    via: int | None
    done: bool = False
    minutes: int = 0


class Replay:
    """What was said of one member, event by event, without any ledger; counted naively afterwards."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = ids
        self.state = dict.fromkeys(ids, CLOSED)
        self.said: dict[int, Status | None] = dict.fromkeys(ids)
        self.plans: dict[int, Plan] = {}

    def is_made_up(self, one: int) -> bool:
        plan = self.plans.get(one)
        if plan is None or plan.via is None:
            return plan is not None and plan.done
        came = self.said[plan.via] in ATTENDED_STATUSES
        return came and self.state[one] is CLOSED and self.state[plan.via] is CLOSED

    def say(self, one: int, status: Status | None) -> None:
        if self.is_made_up(one) or status in ATTENDED_STATUSES:
            self.plans.pop(one, None)
        self.said[one] = status

    def cancel(self, one: int) -> None:
        self.state[one] = SessionState.CANCELLED
        self.plans = {key: plan for key, plan in self.plans.items() if one not in (key, plan.via)}

    def rows(self, credit: dict[int, int]) -> dict[int, tuple[Status, bool, int]]:
        """What each row should say, whether it counts, and its minutes."""
        used = {plan.via for one, plan in self.plans.items() if self.is_made_up(one)}
        found = {}
        for one in self.ids:
            held = self.state[one] is CLOSED
            if self.is_made_up(one):
                plan = self.plans[one]
                studied = credit[plan.via] if plan.via else plan.minutes
                found[one] = (Status.MADE_UP, held, min(credit[one], studied))
            elif (status := self.said[one]) is not None:
                found[one] = (status, held and one not in used, credit[one])
        return found


class Both:
    """The application and the replay side by side; an event moves both, or neither."""

    def __init__(self) -> None:
        self.world = World()
        self.replay = Replay(self.world.ids)
        self.approved: set[int] = set()

    def do(self, name: str, at: int, *more: Any) -> None:
        one = self.world.ids[at]
        try:
            getattr(self, f"do_{name}")(one, *more)
        except AppError:
            db.session.rollback()
            event(f"{name} refused")
        else:
            event(f"{name} done")

    def do_say(self, one: int, status: Status) -> None:
        self.world.say(one, status)
        self.replay.say(one, status)

    def do_take_back(self, one: int) -> None:
        take_back(one, self.world.member_id, "误登", self.world.scope, NOW)
        self.replay.say(one, None)

    def do_step(self, one: int, step: Step) -> None:
        self.world.step(one, step)
        if step is Step.CANCEL:
            self.replay.cancel(one)
        else:
            self.replay.state[one] = OPEN if step is Step.REOPEN else CLOSED

    def do_plan(self, one: int, via: int | None) -> None:
        way = self.world.ids[via] if via is not None else None
        self.world.plan(one, way)
        self.replay.plans[one] = Plan(way)

    def do_finish(self, one: int, minutes: int) -> None:
        self.world.finish(one, minutes)
        self.replay.plans[one] = Plan(None, True, minutes)

    def do_drop(self, one: int) -> None:
        self.world.drop(one)
        self.replay.plans.pop(one, None)

    def do_leave(self, one: int) -> None:
        with writing():
            ask_leave(one, self.world.member_id, ExcuseReason.OFFICIAL, None, NOW)
            decide_leave(one, self.world.member_id, True, self.world.scope, NOW, **RULES)
        # What was approved once stays so, whatever staff have said in the ledger since.
        if one not in self.approved:
            self.approved.add(one)
            self.replay.say(one, Status.EXCUSED)

    def do_delivered(self, one: int, minutes: int) -> None:
        set_delivered(one, minutes, self.world.scope, NOW, tz=TZ)

    def compare(self) -> None:
        session = db.session()
        session.expire_all()
        sessions = session.scalars(select(TrainingSession)).all()
        credit = {row.id: credit_of(row, TZ).total for row in sessions}
        stored = {
            row.session_id: (row.status, row.is_held, row.minutes)
            for row in session.scalars(select(Attendance))
        }
        assert stored == self.replay.rows(credit)
        done = select(MakeUp.session_id).where(MakeUp.state == MakeUpState.DONE)
        assert set(session.scalars(done)) == {one for one in self.replay.plans if self.replay.is_made_up(one)}
        assert count(MakeUp) == len(self.replay.plans)
        via = select(func.count()).where(Attendance.made_up_for_id.is_not(None), Attendance.is_held)
        assert session.scalar(via) == 0


expected = st.integers(0, 1)
any_of_them = st.integers(0, 3)
said = st.sampled_from([Status.PRESENT, Status.PRESENT, Status.LATE, Status.ABSENT, Status.EXCUSED])
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), any_of_them, said),
        st.tuples(st.just("say"), st.integers(2, 3), st.just(Status.PRESENT)),
        st.tuples(st.just("plan"), expected, st.one_of(st.none(), st.integers(2, 3), st.integers(2, 3))),
        st.tuples(st.just("plan"), expected, st.integers(2, 3)),
        st.tuples(st.just("finish"), expected, st.sampled_from([30, 200])),
        st.tuples(st.just("drop"), expected),
        st.tuples(st.just("leave"), expected),
        st.tuples(st.just("take_back"), any_of_them),
        st.tuples(
            st.just("step"), any_of_them, st.sampled_from([Step.REOPEN, Step.CLOSE, Step.CLOSE, Step.CANCEL])
        ),
        st.tuples(st.just("delivered"), any_of_them, st.sampled_from([30, 60])),
    ),
    min_size=4,
    max_size=16,
)


@settings(
    max_examples=300 if NIGHTLY else 12,
    deadline=None,
    # Shrinking a failure would take minutes; the events of one are few.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=EVENTS)
def test_in_whatever_order_things_happen_each_study_counts_once(app: Flask, events: Any) -> None:
    from tests import databases

    databases.empty(app)
    with app.app_context():
        both = Both()
        for name, at, *more in events:
            both.do(name, at, *more)
            both.compare()
        assert list(differences(db.session())) == []
