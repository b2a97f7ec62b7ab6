"""Late by rule, signing out, times set by staff, and minutes of a session that broke off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, AttendanceChange
from app.attendance.queries.session import RosterPart, roster, session_counts
from app.attendance.services.correct import set_status, staff_sighting
from app.attendance.services.record import Sighting, record_attendance
from app.attendance.services.sign_out import sign_out
from app.attendance.services.stay import set_stay, sign_out_by_staff
from app.core.access import Scope
from app.core.db import db
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.vocabulary import Method, Status
from app.reports import queries
from app.reports.queries import place_in_scope
from app.reports.rules import Period, Snapshot
from app.trainings.models import TrainingSession
from app.trainings.rules import Stay, Step
from app.trainings.services.drafts import update_session
from app.trainings.services.lifecycle import take_step
from app.trainings.services.on_the_day import HeadCount, set_delivered, set_head_count
from tests.factories import count
from tests.integration.test_recording import NOW, RULES, TZ, World
from tests.query_counter import count_queries

END = NOW + timedelta(hours=2)


@pytest.fixture
def world(ctx: Flask) -> World:
    return World()


def at(minutes: float) -> datetime:
    """So many minutes after the start of the session, which takes two hours."""
    return NOW + timedelta(minutes=minutes)


def come(session_id: int, member: Any, when: datetime, method: Method = Method.MEMBER_SCAN) -> Any:
    return record_attendance(Sighting(session_id, member.id, method, when), when, **RULES)


def row_of(session_id: int, member: Any) -> Attendance:
    return db.session.get_one(Attendance, (session_id, member.id), populate_existing=True)


def said(session_id: int, member: Any) -> tuple[Any, ...]:
    row = row_of(session_id, member)
    return row.status, row.came_at, row.left_at, row.minutes


@pytest.mark.parametrize("method", [Method.MEMBER_SCAN, Method.SHORT_CODE, Method.STAFF_SCAN])
def test_whoever_comes_after_the_minutes_of_grace_is_late_and_not_a_second_before(
    world: World, method: Method
) -> None:
    session_id = world.open_session(late_after_minutes=10)
    come(session_id, world.people[0], at(10), method)
    come(session_id, world.people[1], at(10) + timedelta(seconds=1), method)
    assert said(session_id, world.people[0]) == (Status.PRESENT, None, None, 120)
    late_since = at(10) + timedelta(seconds=1)
    assert said(session_id, world.people[1]) == (Status.LATE, late_since, None, 109)


def test_staff_who_enter_somebody_as_present_and_sessions_without_the_rule_make_nobody_late(
    world: World,
) -> None:
    session_id = world.open_session(late_after_minutes=10)
    come(session_id, world.people[0], at(60), Method.STAFF_ENTRY)
    other = world.open_session()
    come(other, world.people[0], at(60))
    for one in (session_id, other):
        assert said(one, world.people[0]) == (Status.PRESENT, None, None, 120)


def test_signing_out_early_shortens_the_minutes_and_again_later_moves_the_time_on(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True)
    member = world.people[0]
    come(session_id, member, NOW)
    left = sign_out(session_id, member.id, at(60), tz=TZ)
    assert (left.status, left.minutes) == (Status.LEFT_EARLY, 60)
    sign_out(session_id, member.id, at(90), tz=TZ)
    assert said(session_id, member) == (Status.LEFT_EARLY, None, at(90), 90)
    sign_out(session_id, member.id, at(115), tz=TZ)
    assert said(session_id, member) == (Status.PRESENT, None, at(115), 120), "leaving at the end is staying"
    assert [(change.status_before, change.status_after) for change in db.session.query(AttendanceChange)] == [
        (Status.PRESENT, Status.LEFT_EARLY),
        (Status.LEFT_EARLY, Status.PRESENT),
    ]


def test_who_came_late_and_left_early_stays_late_and_minutes_say_both(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True, late_after_minutes=0)
    come(session_id, world.people[0], at(30))
    sign_out(session_id, world.people[0].id, at(90), tz=TZ)
    assert said(session_id, world.people[0]) == (Status.LATE, at(30), at(90), 60)


def test_nobody_signs_out_before_checking_in_after_the_close_or_where_it_is_not_asked(world: World) -> None:
    session_id, member = world.open_session(asks_sign_out=True), world.people[0]
    with pytest.raises(WrongState):
        sign_out(session_id, member.id, at(60), tz=TZ)
    come(session_id, member, NOW)
    take_step(session_id, Step.CLOSE, world.scope, at(60), tz=TZ)
    with pytest.raises(CheckInRefused) as refused:
        sign_out(session_id, member.id, at(60), tz=TZ)
    assert refused.value.code == "closed"
    other = world.open_session()
    come(other, member, NOW)
    with pytest.raises(WrongState):
        sign_out(other, member.id, at(60), tz=TZ)
    assert [said(one, member)[2] for one in (session_id, other)] == [None, None]


def test_staff_sign_somebody_out_within_their_scope_only(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True)
    come(session_id, world.people[0], NOW)
    with pytest.raises(NotFound):
        sign_out_by_staff(session_id, world.people[0].id, Scope((world.b.id,), None), at(60), tz=TZ)
    sign_out_by_staff(session_id, world.people[0].id, world.scope, at(60), tz=TZ)
    assert said(session_id, world.people[0])[2:] == (at(60), 60)


def test_who_did_not_sign_out_is_found_and_loses_nothing(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True)
    for member in world.people[:2]:
        come(session_id, member, NOW)
    sign_out(session_id, world.people[0].id, END, tz=TZ)
    rows, total = roster(db.session(), session_id, part=RosterPart.NOT_SIGNED_OUT)
    assert ([row.member_id for row in rows], total) == ([world.people[1].id], 1)
    assert session_counts(db.session(), [session_id])[session_id].not_signed_out == 1
    assert said(session_id, world.people[1]) == (Status.PRESENT, None, None, 120)


@pytest.mark.parametrize(
    ("came", "left", "status", "minutes"),
    [
        (30, None, Status.LATE, 90),
        (None, 60, Status.LEFT_EARLY, 60),
        (30, 60, Status.LATE, 30),
        (10, None, Status.PRESENT, 120),  # within the minutes of grace
        (None, 115, Status.PRESENT, 120),  # within those of leaving
        (None, None, Status.PRESENT, 120),
    ],
)
def test_times_that_staff_set_decide_status_and_minutes(
    world: World, came: int | None, left: int | None, status: Status, minutes: int
) -> None:
    session_id, member = world.open_session(late_after_minutes=10), world.people[0]
    come(session_id, member, NOW)
    stay = Stay(at(came) if came else None, at(left) if left else None)
    for _ in range(2):
        done = set_stay(session_id, member.id, stay, world.scope, END, tz=TZ)
    assert (done.status, done.minutes) == (status, minutes)
    changed = came == 30 or left is not None
    assert count(AttendanceChange) == int(changed), "saying the same twice leaves one entry"


def test_late_without_a_time_stays_late_and_counts_whole(world: World) -> None:
    session_id, member = world.open_session(), world.people[0]
    set_status(
        staff_sighting(session_id, member.id, Status.LATE, None, None, at(30)),
        "",
        world.scope,
        at(30),
        **RULES,
    )
    assert said(session_id, member) == (Status.LATE, at(30), None, 90)
    set_stay(session_id, member.id, Stay(), world.scope, END, tz=TZ)
    assert said(session_id, member) == (Status.LATE, None, None, 120)


def test_a_correction_to_present_clears_the_times(world: World) -> None:
    session_id, member = world.open_session(), world.people[0]
    come(session_id, member, NOW)
    set_stay(session_id, member.id, Stay(at(30), at(60)), world.scope, END, tz=TZ)
    set_status(
        staff_sighting(session_id, member.id, Status.PRESENT, None, None, END), "", world.scope, END, **RULES
    )
    assert said(session_id, member) == (Status.PRESENT, None, None, 120)


def test_times_outside_the_session_or_of_somebody_away_are_refused(world: World) -> None:
    session_id, member = world.open_session(), world.people[0]
    with pytest.raises(WrongState):
        set_stay(session_id, member.id, Stay(at(30)), world.scope, END, tz=TZ)
    come(session_id, member, NOW)
    for stay, fields in (
        (Stay(at(-1), at(121)), ["came_at", "left_at"]),
        (Stay(at(60), at(60)), ["left_at"]),
    ):
        with pytest.raises(InvalidInput) as wrong:
            set_stay(session_id, member.id, stay, world.scope, END, tz=TZ)
        assert [error.field for error in wrong.value.errors] == fields
    with pytest.raises(NotFound):
        set_stay(session_id, member.id, Stay(at(30)), Scope((world.b.id,), None), END, tz=TZ)
    assert said(session_id, member) == (Status.PRESENT, None, None, 120)


def test_a_session_that_broke_off_credits_everybody_in_proportion_and_reports_follow(world: World) -> None:
    session_id = world.open_session(late_after_minutes=10)
    for member, minutes in zip(world.people[:2], (0, 60), strict=True):
        come(session_id, member, at(minutes))
    take_step(session_id, Step.CLOSE, world.scope, END, tz=TZ)

    def minutes() -> list[int]:
        return [row_of(session_id, member).minutes for member in world.people[:2]]

    def reported() -> tuple[list[int], int]:
        """Minutes behind the study hours of both, and those of the session in the ledger."""
        place = place_in_scope(db.session(), world.scope, None, NOW.date())
        snapshot, period = Snapshot(date(2026, 12, 31), 60), Period.of_year(2026)
        found = queries.study_hours(db.session(), 2026, snapshot, place)
        by_member = {row.member: round(row.hours * 60) for row in found.items}
        held = queries.ledger(db.session(), period, place).items
        return [by_member[member.id] for member in world.people[:2]], held[0].minutes

    assert minutes() == [120, 60]
    done = set_delivered(session_id, 90, world.scope, END, tz=TZ)
    assert (done.effective_minutes, done.credited_minutes) == (90, 90)
    assert minutes() == [90, 30]
    assert reported() == ([90, 30], 90)
    set_delivered(session_id, 120, world.scope, END, tz=TZ)
    assert db.session.get_one(TrainingSession, session_id).effective_minutes is None
    assert minutes() == [120, 60]
    assert reported() == ([120, 60], 120)


def test_who_leaves_when_a_session_breaks_off_has_not_left_early(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True, late_after_minutes=10)
    stayed, went, stays_on = world.people[:3]
    for member in (stayed, went, stays_on):
        come(session_id, member, NOW)
    sign_out(session_id, went.id, at(30), tz=TZ)
    sign_out(session_id, stayed.id, at(58), tz=TZ)
    assert said(session_id, stayed) == (Status.LEFT_EARLY, None, at(58), 58)
    set_delivered(session_id, 60, world.scope, at(61), tz=TZ)
    assert said(session_id, stayed) == (Status.PRESENT, None, at(58), 60)
    assert said(session_id, went) == (Status.LEFT_EARLY, None, at(30), 30)
    assert sign_out(session_id, stays_on.id, at(62), tz=TZ).status is Status.PRESENT
    set_delivered(session_id, None, world.scope, END, tz=TZ)
    assert said(session_id, stayed) == (Status.LEFT_EARLY, None, at(58), 58)


def test_who_was_late_is_judged_again_when_the_start_or_the_rule_changes(world: World) -> None:
    session_id = world.open_session(late_after_minutes=10)
    door, corrected, entered = world.people[:3]
    for member, method in (
        (door, Method.MEMBER_SCAN),
        (corrected, Method.MEMBER_SCAN),
        (entered, Method.PAPER),
    ):
        come(session_id, member, at(20), method)
    sighting = staff_sighting(session_id, corrected.id, Status.PRESENT, None, None, END)
    set_status(sighting, "", world.scope, END, **RULES)
    assert said(session_id, door) == (Status.LATE, at(20), None, 100)
    before = count(AttendanceChange)

    def change(**drafted: Any) -> tuple[Any, ...]:
        update_session(session_id, world.draft(**drafted), world.scope, END, **RULES)
        return said(session_id, door)

    assert change(late_after_minutes=10, starts_at=at(30)) == (Status.PRESENT, None, None, 90)
    assert change(late_after_minutes=10) == (Status.LATE, at(20), None, 100)
    assert change(late_after_minutes=30) == (Status.PRESENT, None, None, 120)
    assert change(late_after_minutes=30, title="改名") == (Status.PRESENT, None, None, 120)
    assert count(AttendanceChange) == before + 3
    for member in (corrected, entered):
        assert change(late_after_minutes=5) == (Status.LATE, at(20), None, 100)
        assert said(session_id, member)[0] is Status.PRESENT, "what somebody has said is left alone"


def test_closing_writes_no_minutes_that_do_not_change(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True)
    for member in world.people:
        come(session_id, member, NOW)
        sign_out(session_id, member.id, at(60), tz=TZ)
    with count_queries() as seen:
        take_step(session_id, Step.CLOSE, world.scope, END, tz=TZ)
    assert sum("UPDATE attendance" in text for text in seen.statements) == 1
    assert {said(session_id, member)[3] for member in world.people} == {60}


def test_times_that_stand_already_can_be_saved_again_beside_a_new_one(world: World) -> None:
    session_id, member = world.open_session(asks_sign_out=True, late_after_minutes=10), world.people[0]
    come(session_id, member, NOW)
    left = END + timedelta(minutes=3, seconds=17)
    sign_out(session_id, member.id, left, tz=TZ)
    # A form shows no seconds.
    shown = left.replace(second=0)
    set_stay(session_id, member.id, Stay(at(30), shown), world.scope, left, tz=TZ)
    assert said(session_id, member) == (Status.LATE, at(30), left, 90)
    with pytest.raises(InvalidInput):
        set_stay(session_id, member.id, Stay(at(30), END + timedelta(minutes=1)), world.scope, left, tz=TZ)


def test_minutes_delivered_keep_their_proportion_when_the_session_is_changed(world: World) -> None:
    session_id = world.open_session()
    come(session_id, world.people[0], NOW)
    set_delivered(session_id, 60, world.scope, END, tz=TZ)
    draft = world.draft(credited_minutes=90)
    update_session(session_id, draft, world.scope, END, **RULES)
    assert row_of(session_id, world.people[0]).minutes == 45
    come(session_id, world.people[1], NOW)
    assert row_of(session_id, world.people[1]).minutes == 45, "who comes afterwards is credited the same"


def test_minutes_delivered_lie_within_the_session_that_has_begun(world: World) -> None:
    session_id = world.open_session()
    for minutes in (-1, 121):
        with pytest.raises(InvalidInput):
            set_delivered(session_id, minutes, world.scope, END, tz=TZ)
    take_step(session_id, Step.CANCEL, world.scope, END, tz=TZ)
    with pytest.raises(WrongState):
        set_delivered(session_id, 60, world.scope, END, tz=TZ)
    assert db.session.get_one(TrainingSession, session_id).effective_minutes is None


def test_a_head_count_stands_beside_the_figures_and_in_none_of_them(world: World) -> None:
    session_id = world.open_session()
    come(session_id, world.people[0], NOW)
    before = session_counts(db.session(), [session_id])
    set_head_count(session_id, HeadCount(120, 5), world.scope, END)
    assert session_counts(db.session(), [session_id]) == before
    row = db.session.get_one(TrainingSession, session_id, populate_existing=True)
    assert (row.head_count, row.guest_count, row.declared_person_times) == (120, 5, None)
    set_head_count(session_id, HeadCount(None, None), world.scope, END)
    row = db.session.get_one(TrainingSession, session_id, populate_existing=True)
    assert (row.head_count, row.guest_count) == (None, None)


@pytest.mark.parametrize(
    ("counted", "field"),
    [
        (HeadCount(5, 6), "guest_count"),
        (HeadCount(None, 1), "head_count"),
        (HeadCount(-1, None), "head_count"),
        (HeadCount(5, -1), "guest_count"),
        (HeadCount(100_001, 0), "head_count"),
    ],
)
def test_a_head_count_that_cannot_be_is_refused_at_its_field(
    world: World, counted: HeadCount, field: str
) -> None:
    session_id = world.open_session()
    with pytest.raises(InvalidInput) as wrong:
        set_head_count(session_id, counted, world.scope, END)
    assert [error.field for error in wrong.value.errors] == [field]
