"""Whatever happens to the ledger, in whatever order: figures and summaries are what a naive recount finds.

The recount reads plain rows and adds them up in Python, by the words of the definitions; it shares no SQL
with the product.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.attendance.models import (
    Attendance,
    AttendanceChange,
    DayFigures,
    MemberYear,
    MemberYearKind,
    ReviewItem,
    StaleDay,
    YearFigures,
)
from app.attendance.queries.rollups import differences
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.record import Sighting, record_attendance
from app.core.access import Scope
from app.core.db import Base, db, writing
from app.core.errors import AppError
from app.core.vocabulary import (
    ExcuseReason,
    Group,
    Method,
    OrgKind,
    OrgSector,
    Role,
    SessionState,
    Status,
)
from app.members.commands import GroupSpan
from app.members.models import Member, Membership
from app.members.services import groups, transfers
from app.members.services.merging import Merge, merge_members
from app.reports.queries import coverage, person_times, place_in_scope, study_hours, uncovered, year_hours
from app.reports.rules import EVERYTHING, By, CoverageBy, Period, Snapshot
from app.trainings.models import TrainingClass, TrainingSession
from app.trainings.rules import Step
from app.trainings.services.lifecycle import publish_session, take_step
from app.trainings.services.on_the_day import set_delivered
from tests.factories import make_member, make_org, make_session, make_staff

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
TZ = ZoneInfo("Asia/Shanghai")
RULES: dict[str, Any] = {"tz": TZ, "elderly_age": 60}
NOW = datetime(2019, 12, 1, 2, tzinfo=UTC)
TODAY = NOW.date()
MEMBERS = 4
COUNTED = {"present", "late", "left_early", "made_up"}
# (start, kind, mode, class or none, minutes): two on one day, and some of another year.
SESSIONS = [
    (datetime(2018, 11, 5, 1, tzinfo=UTC), "theme_day", "in_person", None, 90),
    (datetime(2018, 12, 31, 2, tzinfo=UTC), "central_training", "in_person", 0, 300),
    (datetime(2019, 1, 31, 1, tzinfo=UTC), "central_training", "in_person", 0, 180),
    (datetime(2019, 3, 5, 0, tzinfo=UTC), "central_training", "online", None, 240),
    (datetime(2019, 3, 5, 3, tzinfo=UTC), "theme_day", "home_visit", None, 330),
    (datetime(2019, 6, 20, 6, tzinfo=UTC), "theme_day", "in_person", 1, 60),
]
PERIODS = [
    Period.of_year(2019),
    Period.of_year(2018),
    Period(date(2018, 12, 1), date(2019, 3, 5)),
    Period(date(2019, 1, 31), date(2019, 3, 4)),
    Period(date(2019, 3, 6), date(2019, 11, 30)),
]

which = st.integers(0, len(SESSIONS) - 1)
who = st.integers(0, MEMBERS - 1)


def act(name: str, *more: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *more)


ACTS = [
    act("record", which, who, st.sampled_from([Method.MEMBER_SCAN, Method.STAFF_ENTRY])),
    act("record", which, who, st.just(Method.STAFF_ENTRY)),
    act("correct", which, who, st.sampled_from(list(Status))),
    act("take_back", which, who),
    act("step", which, st.sampled_from([Step.PUBLISH, Step.OPEN, Step.CLOSE, Step.CLOSE, Step.REOPEN])),
    act("cancel", which),
    act("deliver", which, st.one_of(st.none(), st.integers(0, 60))),
    act("transfer", who, st.sampled_from(["A", "B"]), st.integers(0, 330)),
    act("put", who, st.sampled_from([Group.MOBILE, Group.EXEMPT, Group.LOST_CONTACT]), st.integers(0, 330)),
    act("merge", who, who),
]
STORY = st.lists(st.one_of(*ACTS), min_size=4, max_size=18)


class World:
    """A small district whose sessions are open, and what can happen there."""

    def __init__(self, orgs: dict[str, Any], user_id: int) -> None:
        self.orgs, self.scope = orgs, Scope((orgs["R"].id,), user_id)
        births = [date(1950, 1, 1), date(1959, 3, 5), date(1985, 5, 5), None]
        self.members = [
            make_member(f"人{n}", orgs["AB"[n % 2]], birth_date=births[n]).id for n in range(MEMBERS)
        ]
        with writing() as session:
            made = [
                TrainingClass(title=f"班{n}", kind_key=kind, host_org_id=orgs["R"].id, created_at=NOW)
                for n, kind in enumerate(("central_training", "theme_day"))
            ]
            session.add_all(made)
            session.flush()
            classes = [row.id for row in made]
        self.sessions = [
            make_session(
                orgs["R"], kind=kind, mode=mode, starts_at=starts, minutes=minutes, state=SessionState.OPEN,
                class_id=None if number is None else classes[number],
            ).id
            for starts, kind, mode, number, minutes in SESSIONS
        ]  # fmt: skip

    def do(self, name: str, *more: Any) -> None:
        """One event; what is refused must leave the ledger as it was."""
        before = ledger()
        try:
            getattr(self, f"do_{name}")(*more)
        except AppError:
            db.session.rollback()
            assert ledger() == before, "a refused change changed something"
            event(f"{name} refused")
        else:
            event(f"{name} done")

    def do_record(self, at: int, who: int, method: Method) -> None:
        session_id, member_id = self.sessions[at], self.members[who]
        record_attendance(Sighting(session_id, member_id, method, NOW), NOW, **RULES)

    def do_correct(self, at: int, who: int, status: Status) -> None:
        excuse = ExcuseReason.SICK if status is Status.EXCUSED else None
        said = staff_sighting(self.sessions[at], self.members[who], status, excuse, self.scope.user_id, NOW)
        set_status(said, "核对", self.scope, NOW, **RULES)

    def do_take_back(self, at: int, who: int) -> None:
        take_back(self.sessions[at], self.members[who], "记错", self.scope, NOW)

    def do_step(self, at: int, step: Step) -> None:
        if step is Step.PUBLISH:
            publish_session(self.sessions[at], self.scope, NOW, **RULES)
        else:
            take_step(self.sessions[at], step, self.scope, NOW, tz=TZ)

    def do_cancel(self, at: int) -> None:
        take_step(self.sessions[at], Step.CANCEL, self.scope, NOW, tz=TZ)

    def do_deliver(self, at: int, minutes: int | None) -> None:
        set_delivered(self.sessions[at], minutes, self.scope, NOW, tz=TZ)

    def do_transfer(self, who: int, code: str, day: int) -> None:
        on = date(2019, 1, 1) + timedelta(days=day)
        transfers.transfer_member(self.members[who], code, on, self.scope, NOW)

    def do_put(self, who: int, group: Group, day: int) -> None:
        span = GroupSpan(self.members[who], group, date(2019, 1, 1) + timedelta(days=day), None)
        groups.set_group(span, self.scope, NOW)

    def do_merge(self, kept: int, other: int) -> None:
        merge_members(Merge(self.members[kept], self.members[other]), self.scope, NOW)
        self.members[other] = self.members[kept]

    # What is asked.

    def check(self) -> None:
        db.session.rollback()
        assert db.session.scalars(select(StaleDay)).all() == []
        assert list(differences(db.session())) == []
        rows = list(counted())
        place = place_in_scope(db.session(), self.scope, "R", TODAY)
        for period in PERIODS:
            inside = [row for row in rows if period.first <= row.office_date <= period.last]
            check_person_times(period, place, inside)
            check_coverage(period, place, inside)
        for year in (2018, 2019):
            check_hours(year, place, [row for row in rows if row.office_date.year == year])


def counted() -> Iterator[Any]:
    """Rows of sessions that were held, of somebody who came or made up; a session's own state decides."""
    states = dict(db.session.execute(select(TrainingSession.id, TrainingSession.state)).all())
    for row in db.session.execute(select(Attendance.__table__)):
        held = states[row.session_id] == SessionState.CLOSED and row.made_up_for_id is None
        if held and str(row.status) in COUNTED:
            yield row


def check_person_times(period: Period, place: Any, rows: list[Any]) -> None:
    found = person_times(db.session(), period, place, By.KIND)
    by_kind = defaultdict(list)
    for row in rows:
        by_kind[row.kind_key].append(row)
    assert {row.key for row in found.rows if row.person_times} == set(by_kind)
    for line, behind in [(found.total, rows), *((row, by_kind[row.key]) for row in found.rows)]:
        pairs = {(row.class_id, row.member_id) for row in behind if row.class_id is not None}
        numbers = (line.person_times, line.class_person_times, line.members, line.minutes)
        members = {row.member_id for row in behind}
        assert numbers == (len(behind), len(pairs), len(members), sum(row.minutes for row in behind)), period


def check_coverage(period: Period, place: Any, rows: list[Any]) -> None:
    on = min(period.last, TODAY)
    here = set(
        db.session.scalars(
            select(Membership.member_id).where(Membership.starts_on <= on, Membership.ends_on > on)
        )
    )
    came = {row.member_id for row in rows} & here
    snapshot = Snapshot(on, 60)
    total = coverage(db.session(), period, snapshot, place, CoverageBy.GROUP).total
    assert (total.members, total.covered) == (len(here), len(came)), period
    missing = uncovered(db.session(), period, snapshot, place, cut=EVERYTHING)
    assert (missing.count, {item.member for item in missing.items}) == (len(here - came), here - came)


def check_hours(year: int, place: Any, rows: list[Any]) -> None:
    halves: Counter[tuple[int, date, str]] = Counter()
    central = defaultdict(set)
    for row in rows:
        halves[row.member_id, row.office_date, "am"] += row.morning_minutes
        halves[row.member_id, row.office_date, "pm"] += row.minutes - row.morning_minutes
        if row.kind_key == "central_training":
            central[row.member_id].add(("class", row.class_id) if row.class_id else ("one", row.session_id))
    days: Counter[tuple[int, date]] = Counter()
    for (member, day, _half), minutes in halves.items():
        days[member, day] += min(minutes, 240)
    hours: Counter[int] = Counter()
    for (member, _day), minutes in days.items():
        hours[member] += min(minutes, 480)
    snapshot = Snapshot(min(date(year, 12, 31), TODAY), 60)
    found = study_hours(db.session(), year, snapshot, place, cut=EVERYTHING)
    said = {item.member: (item.hours, item.central_classes) for item in found.items}
    assert said == {member: (round(hours[member] / 60, 2), len(central[member])) for member in said}
    all_hours = round(sum(hours[member] for member in said) / 60, 2)
    assert (found.hours, year_hours(db.session(), year, snapshot, place)) == (all_hours, all_hours)


def ledger() -> list[str]:
    return sorted(map(repr, db.session.execute(select(Attendance.__table__)).all()))


@pytest.fixture
def start(ctx: Flask) -> Callable[[], World]:
    """Makes a district whose people and sessions are new; earlier ones are gone."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    orgs = {"R": root, "A": make_org("A", root), "B": make_org("B", root, sector=OrgSector.VILLAGE)}
    user_id = make_staff("admin", Role.ADMINISTRATOR, root).id
    keep = {"org_units", "org_placements", "staff_users", "role_grants", "session_kinds", "delivery_modes",
            "hour_policies", "duty_rules", "audit_entries"}  # fmt: skip
    summaries = (MemberYear, MemberYearKind, YearFigures, DayFigures, StaleDay)
    first = (AttendanceChange, ReviewItem, Attendance)

    def make() -> World:
        with writing() as session:
            for table in (*(model.__table__ for model in first), *reversed(Base.metadata.sorted_tables)):
                if table.name not in keep and table not in {model.__table__ for model in summaries}:
                    session.execute(delete(table))
        return World(orgs, user_id)

    return make


@settings(
    max_examples=1000 if NIGHTLY else 50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORY)
def test_any_order_of_events_leaves_figures_that_a_naive_recount_confirms(
    start: Callable[[], World], story: list[tuple[Any, ...]]
) -> None:
    world = start()
    for name, *more in story:
        world.do(name, *more)
    world.check()


def test_the_events_of_the_replay_can_all_happen(start: Callable[[], World]) -> None:
    """A story in which nothing is refused: the property above is not true for want of changes."""
    world = start()
    for name, *more in [
        ("record", 1, 0, Method.MEMBER_SCAN), ("record", 2, 0, Method.STAFF_ENTRY),
        ("record", 2, 1, Method.STAFF_ENTRY), ("step", 1, Step.CLOSE), ("step", 2, Step.CLOSE),
        ("correct", 2, 1, Status.MADE_UP), ("correct", 2, 2, Status.EXCUSED), ("take_back", 2, 2),
        ("deliver", 2, 60), ("record", 3, 2, Method.MEMBER_SCAN), ("step", 3, Step.CLOSE),
        ("step", 3, Step.REOPEN), ("cancel", 3), ("transfer", 0, "B", 40), ("put", 1, Group.MOBILE, 3),
        ("merge", 0, 1),
    ]:  # fmt: skip
        getattr(world, f"do_{name}")(*more)
        world.check()
    rows = list(counted())
    assert {row.member_id for row in rows} == {world.members[0]}
    assert db.session.get_one(Member, world.members[0]).merged_into_id is None
