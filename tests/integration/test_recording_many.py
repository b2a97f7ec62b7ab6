"""Many people at once: the same rows as one by one, all or nothing, and taken back as a whole."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, AttendanceChange
from app.attendance.queries.bulk import count_unchanged
from app.attendance.services.bulk import (
    MOST_AT_ONCE,
    Act,
    Noted,
    Rest,
    Ticked,
    take_back_all,
    tick_all,
    tick_rest,
)
from app.attendance.services.correct import set_status, staff_sighting
from app.attendance.services.record import Sighting, record_attendance
from app.attendance.services.sign_out import sign_out
from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.vocabulary import ExcuseReason, Group, Method, Status
from app.members.models import Member, Membership
from app.trainings.rules import Step
from app.trainings.services.lifecycle import publish_session, take_step
from tests.factories import LONG_AGO, count, make_member, put_in_group
from tests.integration.test_recording import NOW, RULES, TZ, World
from tests.query_counter import count_queries

PRESENT, ABSENT = Noted(Status.PRESENT), Noted(Status.ABSENT)
END = NOW + timedelta(hours=2)
# What differs between two people or two ways of recording, and nothing else may.
OF_ITS_OWN = {"member_id", "nonce"}


@pytest.fixture
def world(ctx: Flask) -> World:
    return World()


def key(letter: str) -> str:
    return letter * 22


def crowd(org: Any, n: int) -> list[int]:
    """Members of a branch, made in one go."""
    with writing() as session:
        people = [
            Member(name=f"群{i}", pinyin=f"qun{i:04}", pinyin_initials="q", created_at=NOW, updated_at=NOW)
            for i in range(n)
        ]
        session.add_all(people)
        session.flush()
        session.add_all(Membership(member_id=each.id, org_id=org.id, starts_on=LONG_AGO) for each in people)
        return [each.id for each in people]


def tick(world: World, act: Act, people: dict[int, Noted], now: Any = NOW) -> Ticked:
    return tick_all(act, people, world.scope, now, **RULES)


def statuses(session_id: int) -> dict[int, Status]:
    rows = db.session.query(Attendance.member_id, Attendance.status).filter_by(session_id=session_id)
    return {row.member_id: row.status for row in rows}


@pytest.mark.parametrize("noted", [Noted(Status.LATE), Noted(Status.EXCUSED, ExcuseReason.SICK), PRESENT])
def test_a_row_of_many_is_the_row_of_one(world: World, noted: Noted) -> None:
    one, other = (make_member(f"老{n}", world.a, birth_date=date(1950, 1, 1)) for n in range(2))
    for member in (one, other):
        put_in_group(member, Group.RURAL)
    session_id, now = world.open_session(late_after_minutes=10), NOW + timedelta(minutes=30)
    seen = Sighting(session_id, one.id, Method.STAFF_ENTRY, now, noted.status, noted.excuse)
    record_attendance(seen, now, **RULES)
    tick(world, Act(session_id, key("a")), {other.id: noted}, now)
    rows = [db.session.get_one(Attendance, (session_id, member.id)) for member in (one, other)]
    columns = {column.key for column in Attendance.__table__.columns} - OF_ITS_OWN
    single, many = ({name: getattr(row, name) for name in columns} for row in rows)
    assert many == single
    assert rows[1].groups == Group.ELDERLY.bit + Group.RURAL.bit


def test_people_who_were_not_expected_are_extra_among_many_too(world: World) -> None:
    session_id = world.open_session()
    tick(world, Act(session_id, key("a")), dict.fromkeys([world.people[0].id, world.guest.id], PRESENT))
    rows = {row.member_id: row.is_extra for row in db.session.query(Attendance)}
    assert rows == {world.people[0].id: False, world.guest.id: True}


def test_five_people_and_five_hundred_cost_the_same_statements(world: World) -> None:
    ids = crowd(world.a, 500)
    used = []
    for people in (ids[:5], ids):
        session_id = world.open_session()
        with count_queries() as queries:
            done = tick(world, Act(session_id, key("a")), dict.fromkeys(people, PRESENT))
        assert done == Ticked(len(people))
        used.append(queries.count)
    assert used[0] == used[1]
    assert used[0] <= 16
    assert count(Attendance) == count(AttendanceChange) == 505


def test_the_same_action_sent_again_records_nothing_and_answers_the_same(world: World) -> None:
    session_id, act = world.open_session(), Act(world.open_session(), key("a"))
    people = {world.people[0].id: PRESENT, world.people[1].id: ABSENT}
    record_attendance(Sighting(act.session_id, world.people[1].id, Method.MEMBER_SCAN, NOW), NOW, **RULES)
    answers = [tick(world, act, people) for _ in range(2)]
    assert answers == [Ticked(1, (world.people[1].id,))] * 2
    assert statuses(act.session_id) == dict.fromkeys(people, Status.PRESENT), "who was recorded stays so"
    assert statuses(session_id) == {}
    assert db.session.query(AuditEntry).filter_by(action="attendance.bulk").count() == 1


def test_one_stranger_among_many_records_nobody(world: World) -> None:
    session_id = world.open_session()
    people = dict.fromkeys([world.people[0].id, world.guest.id], PRESENT)
    with pytest.raises(NotFound):
        tick_all(Act(session_id, key("a")), people, Scope((world.a.id,), None), NOW, **RULES)
    with pytest.raises(NotFound):
        tick_all(Act(session_id, key("a")), people, Scope((world.b.id,), None), NOW, **RULES)
    assert (count(Attendance), count(AttendanceChange)) == (0, 0)


def test_many_follow_the_session_like_one(world: World) -> None:
    session_id = world.open_session()
    take_step(session_id, Step.CLOSE, world.scope, END, tz=TZ)
    tick(world, Act(session_id, key("a"), Method.PAPER), {world.people[0].id: PRESENT}, END)
    row = db.session.get_one(Attendance, (session_id, world.people[0].id))
    assert (row.is_held, row.method, row.occurred_at, row.received_at) == (True, Method.PAPER, NOW, END)
    take_step(session_id, Step.REOPEN, world.scope, END, tz=TZ)
    take_step(session_id, Step.CANCEL, world.scope, END, tz=TZ)
    with pytest.raises(CheckInRefused) as refused:
        tick(world, Act(session_id, key("b")), {world.people[1].id: PRESENT}, END)
    assert refused.value.code == "cancelled"


def test_before_opening_one_present_among_leaves_records_nobody(world: World) -> None:
    from app.trainings.services.drafts import create_session

    session_id = create_session(world.draft(), world.scope, NOW, **RULES).id
    publish_session(session_id, world.scope, NOW, **RULES)
    people = {world.people[0].id: Noted(Status.EXCUSED), world.people[1].id: PRESENT}
    with pytest.raises(CheckInRefused):
        tick(world, Act(session_id, key("a")), people)
    assert count(Attendance) == 0
    assert tick(world, Act(session_id, key("a")), {world.people[0].id: Noted(Status.EXCUSED)}).recorded == 1


def test_who_belonged_to_no_branch_that_day_is_named_and_keeps_nobody_else_waiting(world: World) -> None:
    gone = make_member("走了", world.a)
    session_id = world.open_session()
    with writing() as session:
        session.query(Membership).filter_by(member_id=gone.id).update({"ends_on": date(2026, 1, 1)})
    done = tick(world, Act(session_id, key("a")), dict.fromkeys([gone.id, world.people[0].id], PRESENT))
    assert done == Ticked(1, (), (gone.id,))


def test_undo_takes_back_the_rows_of_its_action_that_nobody_has_changed(world: World) -> None:
    session_id = world.open_session()
    mine, other = Act(session_id, key("a")), Act(session_id, key("b"))
    record_attendance(Sighting(session_id, world.people[0].id, Method.MEMBER_SCAN, NOW), NOW, **RULES)
    tick(world, mine, dict.fromkeys([person.id for person in world.people], PRESENT))
    tick(world, other, {world.guest.id: PRESENT})
    changed = staff_sighting(session_id, world.people[2].id, Status.ABSENT, None, None, END)
    set_status(changed, "", world.scope, END, **RULES)
    assert count_unchanged(db.session(), session_id, key("a")) == 1
    assert [take_back_all(mine, world.scope, END) for _ in range(2)] == [1, 0]
    assert statuses(session_id) == {
        world.people[0].id: Status.PRESENT,
        world.people[2].id: Status.ABSENT,
        world.guest.id: Status.PRESENT,
    }
    history = db.session.query(AttendanceChange).filter_by(member_id=world.people[1].id)
    assert [(each.status_before, each.status_after) for each in history.order_by(AttendanceChange.id)] == [
        (None, Status.PRESENT),
        (Status.PRESENT, None),
    ]
    with pytest.raises(NotFound):
        take_back_all(other, Scope((world.b.id,), None), END)


def test_undo_leaves_who_has_signed_out_since_and_takes_leaving_early_back(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True)
    act, (first, second, *_rest) = Act(session_id, key("a")), world.people
    tick(world, act, {first.id: PRESENT, second.id: Noted(Status.LEFT_EARLY)}, NOW + timedelta(minutes=30))
    sign_out(session_id, first.id, NOW + timedelta(minutes=118), tz=TZ)
    assert take_back_all(act, world.scope, END) == 1
    assert statuses(session_id) == {first.id: Status.PRESENT}


def test_everybody_left_is_recorded_but_for_those_named(world: World) -> None:
    session_id, ids = world.open_session(), [person.id for person in world.people]
    record_attendance(Sighting(session_id, ids[0], Method.MEMBER_SCAN, NOW), NOW, **RULES)
    rest = Rest(ABSENT, excepted=frozenset({ids[1]}), shown=1)
    done = tick_rest(Act(session_id, key("a")), rest, world.scope, NOW, **RULES)
    assert done == Ticked(1)
    assert statuses(session_id) == {ids[0]: Status.PRESENT, ids[2]: Status.ABSENT}
    again = tick_rest(Act(session_id, key("a")), rest, world.scope, NOW, **RULES)
    assert again == Ticked(1), "sent again it is the same action"


def test_everybody_left_is_not_more_than_the_user_was_shown(world: World) -> None:
    session_id = world.open_session()
    with pytest.raises(WrongState):
        tick_rest(Act(session_id, key("a")), Rest(PRESENT, shown=2), world.scope, NOW, **RULES)
    with pytest.raises(NotFound):
        tick_rest(Act(session_id, key("a")), Rest(PRESENT), Scope((world.b.id,), None), NOW, **RULES)
    assert count(Attendance) == 0


def test_more_than_a_district_at_once_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput):
        tick(world, Act(world.open_session(), key("a")), dict.fromkeys(range(1, MOST_AT_ONCE + 2), PRESENT))


def test_two_sheets_with_the_same_people_at_once_record_everyone_once(app: Flask) -> None:
    with app.app_context():
        world = World()
        ids = crowd(world.a, 300)
        session_id, scope = world.open_session(), world.scope
    done: list[Ticked] = []

    def enter(letter: str, people: list[int]) -> None:
        with app.app_context():
            noted = {member_id: PRESENT if n % 2 else ABSENT for n, member_id in enumerate(people)}
            done.append(tick_all(Act(session_id, key(letter)), noted, scope, NOW, **RULES))

    sheets = [("a", ids[:200]), ("b", ids[:99:-1]), ("c", ids)]
    threads = [threading.Thread(target=enter, args=sheet) for sheet in sheets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert len(done) == 3
        assert sum(each.recorded for each in done) == count(Attendance) == count(AttendanceChange) == 300
