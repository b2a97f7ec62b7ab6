"""Recording and correcting attendance through the services, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, AttendanceChange
from app.attendance.queries.session import roster, session_counts
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.record import Sighting, record_attendance
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import NotFound, WrongState
from app.core.vocabulary import Group, Method, SessionState, Status
from app.trainings.commands import AudienceDraft, LecturerDraft, SessionDraft
from app.trainings.jobs import open_and_close_sessions
from app.trainings.models import TrainingSession
from app.trainings.rules import Step
from app.trainings.services import lifecycle
from app.trainings.services.drafts import create_session, update_session
from app.trainings.services.lifecycle import publish_session, take_step
from tests.factories import count, make_member, make_org, put_in_group

TZ = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RULES: dict[str, Any] = {"tz": TZ, "elderly_age": 60}


class World:
    """A district with two branches, three members in the first and one in the second."""

    @writing()
    def __init__(self) -> None:
        self.root = make_org("Q")
        self.a = make_org("QA", self.root)
        self.b = make_org("QB", self.root)
        self.people = [make_member(f"张{i}", self.a) for i in range(3)]
        self.guest = make_member("李四", self.b)
        self.scope = Scope((self.root.id,), None)

    def draft(self, **changes: Any) -> SessionDraft:
        values: dict[str, Any] = {
            "title": "主题党日",
            "kind": "theme_day",
            "mode": "in_person",
            "starts_at": NOW,
            "ends_at": NOW + timedelta(hours=2),
            "host_org_code": "QA",
            "audience": AudienceDraft(org_codes=("QA",)),
        }
        return SessionDraft(**{**values, **changes})

    def open_session(self, **changes: Any) -> int:
        saved = create_session(self.draft(**changes), self.scope, NOW, **RULES)
        publish_session(saved.id, self.scope, NOW, **RULES)
        take_step(saved.id, Step.OPEN, self.scope, NOW, tz=TZ)
        return saved.id


@pytest.fixture
def world(ctx: Flask) -> World:
    return World()


def scan(session_id: int, member: Any, method: Method = Method.MEMBER_SCAN) -> Any:
    return record_attendance(Sighting(session_id, member.id, method, NOW), NOW, **RULES)


def test_a_second_scan_adds_no_second_attendance(world: World) -> None:
    session_id = world.open_session()
    first, second = scan(session_id, world.people[0]), scan(session_id, world.people[0])
    assert (first.created, second.created) == (True, False)
    assert second.status is Status.PRESENT
    assert count(Attendance) == 1


def test_a_member_who_was_not_expected_is_extra(world: World) -> None:
    session_id = world.open_session()
    assert scan(session_id, world.people[0]).is_extra is False
    assert scan(session_id, world.guest).is_extra is True
    counts = session_counts(db.session(), [session_id])[session_id]
    assert (counts.expected, counts.attended, counts.extra, counts.unrecorded) == (3, 2, 1, 2)
    rows, total = roster(db.session(), session_id)
    assert total == 4
    assert [row.is_extra for row in rows] == [False, False, False, True]


def test_nothing_is_recorded_before_opening_after_closing_or_when_cancelled(world: World) -> None:
    saved = create_session(world.draft(), world.scope, NOW, **RULES)
    for prepare, code in (
        (lambda: None, "not_open"),
        (lambda: publish_session(saved.id, world.scope, NOW, **RULES), "not_open"),
        (lambda: take_step(saved.id, Step.OPEN, world.scope, NOW, tz=TZ), None),
        (lambda: take_step(saved.id, Step.CLOSE, world.scope, NOW, tz=TZ), "closed"),
    ):
        prepare()
        if code is None:
            continue
        with pytest.raises(CheckInRefused) as refused:
            scan(saved.id, world.people[0])
        assert refused.value.code == code
    assert count(Attendance) == 0
    other = create_session(world.draft(), world.scope, NOW, **RULES)
    take_step(other.id, Step.CANCEL, world.scope, NOW, tz=TZ)
    with pytest.raises(CheckInRefused) as refused:
        scan(other.id, world.people[0])
    assert refused.value.code == "cancelled"


def test_staff_enter_a_paper_list_after_closing_and_it_counts(world: World) -> None:
    session_id = world.open_session()
    take_step(session_id, Step.CLOSE, world.scope, NOW, tz=TZ)
    assert scan(session_id, world.people[0], Method.PAPER).created
    assert db.session.get_one(Attendance, (session_id, world.people[0].id)).is_held


def test_closing_makes_rows_count_and_reopening_takes_that_back(world: World) -> None:
    session_id = world.open_session()
    scan(session_id, world.people[0])

    def held() -> bool:
        key = (session_id, world.people[0].id)
        return db.session.get_one(Attendance, key, populate_existing=True).is_held

    assert held() is False
    take_step(session_id, Step.CLOSE, world.scope, NOW, tz=TZ)
    assert held() is True
    take_step(session_id, Step.REOPEN, world.scope, NOW, tz=TZ)
    assert held() is False


def test_a_row_keeps_branch_and_groups_of_the_sessions_day(world: World) -> None:
    old = make_member("王五", world.a, birth_date=date(1966, 3, 2))
    younger = make_member("赵六", world.a, birth_date=date(1966, 3, 3))
    put_in_group(old, Group.EXEMPT)
    session_id = world.open_session()
    scan(session_id, old)
    scan(session_id, younger)
    row = db.session.get_one(Attendance, (session_id, old.id))
    assert Group.from_bits(row.groups) == (Group.ELDERLY,), "an exemption counts only once approved"
    assert db.session.get_one(Attendance, (session_id, younger.id)).groups == 0
    assert (row.org_id, row.minutes, row.morning_minutes) == (world.a.id, 120, 120)


def test_audience_narrows_branches_by_groups_and_adds_named_members(world: World) -> None:
    make_member("王五", world.a, birth_date=date(1950, 1, 1))
    audience = AudienceDraft(org_codes=("Q",), groups=(Group.ELDERLY,), member_ids=(world.guest.id,))
    session_id = world.open_session(audience=audience)
    assert session_counts(db.session(), [session_id])[session_id].expected == 2


def test_a_wrong_step_is_refused(world: World) -> None:
    saved = create_session(world.draft(), world.scope, NOW, **RULES)
    for step in (Step.OPEN, Step.CLOSE, Step.REOPEN):
        with pytest.raises(WrongState):
            take_step(saved.id, step, world.scope, NOW, tz=TZ)
    publish_session(saved.id, world.scope, NOW, **RULES)
    with pytest.raises(WrongState):
        publish_session(saved.id, world.scope, NOW, **RULES)


def test_the_neighbours_session_is_not_found(world: World) -> None:
    session_id = world.open_session()
    neighbour = Scope((world.b.id,), None)
    with pytest.raises(NotFound):
        take_step(session_id, Step.CLOSE, neighbour, NOW, tz=TZ)


def test_clashes_of_venue_lecturer_and_audience_are_told(world: World) -> None:
    world.open_session(venue="党校", lecturers=(LecturerDraft("陈老师"),))
    later = NOW + timedelta(hours=1)
    saved = create_session(
        world.draft(
            venue="党校",
            lecturers=(LecturerDraft("陈老师"),),
            starts_at=later,
            ends_at=later + timedelta(hours=1),
        ),
        world.scope,
        NOW,
        **RULES,
    )
    assert {(c.kind, c.name, c.members) for c in saved.clashes} == {
        ("venue", "党校", 0),
        ("lecturer", "陈老师", 0),
        ("audience", "", 3),
    }
    apart = create_session(
        world.draft(venue="党校", starts_at=NOW + timedelta(hours=2), ends_at=NOW + timedelta(hours=3)),
        world.scope,
        NOW,
        **RULES,
    )
    assert {c.session_id for c in apart.clashes} == {saved.id} - {saved.id}


def test_the_scheduler_opens_and_closes_what_is_due_once(world: World) -> None:
    saved = create_session(world.draft(), world.scope, NOW, **RULES)
    publish_session(saved.id, world.scope, NOW - timedelta(days=1), **RULES)
    state = lambda: db.session.get_one(TrainingSession, saved.id, populate_existing=True).state  # noqa: E731
    assert open_and_close_sessions(NOW - timedelta(minutes=31)) == 0
    assert open_and_close_sessions(NOW - timedelta(minutes=30)) == 1
    assert state() is SessionState.OPEN
    assert open_and_close_sessions(NOW) == 0
    scan(saved.id, world.people[0])
    assert open_and_close_sessions(NOW + timedelta(hours=2, minutes=30)) == 1
    assert state() is SessionState.CLOSED
    assert db.session.get_one(Attendance, (saved.id, world.people[0].id), populate_existing=True).is_held


def test_a_session_that_cannot_be_closed_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = world.open_session(), world.open_session()
    real = lifecycle.rewrite_facts

    def fail_for_the_first(session: Any, row: TrainingSession, tz: ZoneInfo) -> None:
        if row.id == first:
            session.execute(text("SELECT nonsense"))
        real(session, row, tz)

    monkeypatch.setattr(lifecycle, "rewrite_facts", fail_for_the_first)
    over = NOW + timedelta(days=1)
    assert open_and_close_sessions(over) == 1
    states = [db.session.get_one(TrainingSession, id, populate_existing=True).state for id in (first, second)]
    assert states == [SessionState.OPEN, SessionState.CLOSED]
    monkeypatch.undo()
    assert open_and_close_sessions(over) == 1, "the next tick tries again"


def test_a_session_opened_by_hand_after_its_time_is_not_closed_by_the_scheduler(world: World) -> None:
    saved = create_session(world.draft(), world.scope, NOW, **RULES)
    publish_session(saved.id, world.scope, NOW, **RULES)
    late = NOW + timedelta(days=3)
    assert open_and_close_sessions(late) == 0
    take_step(saved.id, Step.OPEN, world.scope, late, tz=TZ)
    assert open_and_close_sessions(late) == 0


def test_a_correction_keeps_its_history_and_taking_back_leaves_not_recorded(world: World) -> None:
    session_id = world.open_session()
    member = world.people[0]
    scan(session_id, member)
    sighting = staff_sighting(session_id, member.id, Status.LATE, None, None, NOW)
    for _ in range(2):
        set_status(sighting, "迟到二十分钟", world.scope, NOW, **RULES)
    assert count(AttendanceChange) == 1
    assert take_back(session_id, member.id, "登记错人", world.scope, NOW)
    assert not take_back(session_id, member.id, "登记错人", world.scope, NOW)
    assert count(Attendance) == 0
    assert count(AttendanceChange) == 2


def test_leave_may_be_entered_before_the_session_and_attendance_may_not(world: World) -> None:
    saved = create_session(world.draft(), world.scope, NOW, **RULES)
    publish_session(saved.id, world.scope, NOW, **RULES)
    member = world.people[0].id
    set_status(
        staff_sighting(saved.id, member, Status.EXCUSED, None, None, NOW), "", world.scope, NOW, **RULES
    )
    with pytest.raises(CheckInRefused):
        set_status(
            staff_sighting(saved.id, member, Status.PRESENT, None, None, NOW), "", world.scope, NOW, **RULES
        )


def test_editing_a_session_rewrites_its_attendance_rows(world: World) -> None:
    session_id = world.open_session()
    scan(session_id, world.people[0])
    update_session(session_id, world.draft(kind="seminar", credited_minutes=45), world.scope, NOW, **RULES)
    row = db.session.get_one(Attendance, (session_id, world.people[0].id), populate_existing=True)
    assert (row.kind_key, row.minutes) == ("seminar", 45)


def test_two_hundred_identical_check_ins_at_once_leave_one_row(app: Flask) -> None:
    with app.app_context():
        world = World()
        session_id, member_id = world.open_session(), world.people[0].id
    outcomes: list[bool] = []

    def post() -> None:
        with app.app_context():
            sighting = Sighting(session_id, member_id, Method.MEMBER_SCAN, NOW)
            outcomes.append(record_attendance(sighting, NOW, **RULES).created)
            db.session.remove()

    waiting = [threading.Thread(target=post) for _ in range(200)]
    for batch in range(0, 200, 20):
        for thread in waiting[batch : batch + 20]:
            thread.start()
        for thread in waiting[batch : batch + 20]:
            thread.join()
    assert sorted(outcomes) == [False] * 199 + [True]
    with app.app_context():
        assert count(Attendance) == 1


def test_somebody_on_leave_who_comes_is_present(world: World) -> None:
    session_id = world.open_session()
    member = world.people[0]
    set_status(
        staff_sighting(session_id, member.id, Status.EXCUSED, None, None, NOW), "", world.scope, NOW, **RULES
    )
    outcome = scan(session_id, member)
    assert (outcome.created, outcome.status) == (True, Status.PRESENT)
    assert scan(session_id, member).created is False
    assert count(AttendanceChange) == 2
