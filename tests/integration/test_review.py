"""Odd things are put before a person, who decides; until then everything counts as it was recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from app.attendance.errors import CheckInRefused
from app.attendance.jobs import look_over_sessions
from app.attendance.models import Attendance, AttendanceChange, ReviewItem
from app.attendance.queries.session import session_counts
from app.attendance.services import decide_review
from app.attendance.services.decide_review import Decision, all_ticks_fine, decide, reopen
from app.attendance.services.look_over import look_over
from app.attendance.services.record import Said, Sighting, record_attendance
from app.attendance.services.review import Finding, raise_item
from app.attendance.services.stay import set_stay
from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.vocabulary import (
    ExcuseReason,
    Method,
    OrgKind,
    ReviewKind,
    ReviewState,
    Role,
    SessionState,
    Status,
)
from app.reports.queries import person_times, place_in_scope
from app.reports.rules import By, Period
from app.trainings.models import ExpectedAttendee, TrainingSession, Venue
from app.trainings.rules import Stay, Step
from app.trainings.services.lifecycle import take_step
from tests.factories import NOW, attend, count, make_member, make_org, make_session, make_staff
from tests.query_counter import count_queries

TZ = ZoneInfo("Asia/Shanghai")
END = NOW + timedelta(minutes=120)


class World:
    """A branch with its secretary, one open session, and members who are expected there."""

    def __init__(self, expected: int = 6, **session: Any) -> None:
        self.root = make_org("Q", kind=OrgKind.COMMITTEE)
        self.org, self.elsewhere = make_org("QA", self.root), make_org("QB", self.root)
        self.user = make_staff("书记", Role.SECRETARY, self.org)
        self.other_user = make_staff("干事", Role.ORGANISER, self.org)
        self.scope = Scope((self.org.id,), self.user.id)
        self.members = [make_member(f"党员{n}", self.org) for n in range(expected)]
        self.session = make_session(self.org, state=SessionState.OPEN, **session)
        with writing() as tx:
            tx.add_all(
                ExpectedAttendee(session_id=self.session.id, member_id=m.id, org_id=self.org.id, groups=0)
                for m in self.members
            )

    def check_in(
        self, member: Any, device: str | None = None, after: timedelta = timedelta(0), **more: Any
    ) -> None:
        when = more.pop("base", NOW) + after
        sighting = Sighting(
            more.pop("session_id", self.session.id),
            member.id,
            more.pop("method", Method.MEMBER_SCAN),
            when,
            device=device or f"own-{member.id}",
            **more,
        )
        assert record_attendance(sighting, when, tz=TZ, elderly_age=60).created

    def decide(self, item: ReviewItem, state: ReviewState, *members: Any, **more: Any) -> bool:
        scope, now = more.get("scope", self.scope), more.get("now", END)
        wanted = Decision(state, [member.id for member in members])
        return decide(item.id, wanted, scope, now, tz=TZ, elderly_age=60)

    def statuses(self) -> dict[str, Status | None]:
        rows = db.session.scalars(
            select(Attendance).where(Attendance.session_id == self.session.id),
            execution_options={"populate_existing": True},
        )
        found = {row.member_id: row.status for row in rows}
        return {member.name: found.get(member.id) for member in self.members}


def items(kind: ReviewKind | None = None) -> list[ReviewItem]:
    query = select(ReviewItem).order_by(ReviewItem.id).execution_options(populate_existing=True)
    return [item for item in db.session.scalars(query) if kind in (None, item.kind)]


@pytest.fixture
def world(ctx: Flask) -> World:
    return World()


def share_a_phone(world: World, n: int = 3) -> ReviewItem:
    for member in world.members[:n]:
        world.check_in(member, "phone")
    look_over(world.session.id, NOW)
    (item,) = items()
    return item


def test_a_phone_for_three_is_found_once_however_often_one_looks(world: World) -> None:
    item = share_a_phone(world)
    assert (item.kind, item.subject, item.evidence["members"]) == (ReviewKind.SHARED_DEVICE, "phone", 3)
    assert look_over(world.session.id, NOW) == 0
    assert count(ReviewItem) == 1


def test_what_staff_and_tablets_at_the_door_record_is_never_a_shared_phone(world: World) -> None:
    for member in world.members[:3]:
        world.check_in(member, "tablet", method=Method.SHORT_CODE, recorded_by_id=world.user.id)
    for member in world.members[3:]:
        world.check_in(member, "scanner", method=Method.STAFF_SCAN)
    assert look_over(world.session.id, NOW) == 0
    assert items() == []


def test_many_within_a_minute_after_the_end_are_found_and_a_trickle_is_not(ctx: Flask) -> None:
    world = World(expected=12)
    for n, member in enumerate(world.members[:5]):
        world.check_in(member, base=END, after=timedelta(seconds=10 * n))
    for n, member in enumerate(world.members[5:9]):
        world.check_in(member, base=END, after=timedelta(minutes=5 + 2 * n))
    look_over(world.session.id, END + timedelta(minutes=20))
    (item,) = items()
    assert (item.kind, item.evidence["members"], item.evidence["before"]) == (
        ReviewKind.BURST_AFTER_END,
        5,
        0,
    )


def test_more_than_were_counted_are_found_when_the_session_is_over(ctx: Flask) -> None:
    world = World(head_count=5, guest_count=2)
    for member in world.members[:4]:
        world.check_in(member)
    assert look_over(world.session.id, NOW) == 0, "people may still come after the count"
    take_step(world.session.id, Step.CLOSE, world.scope, END, tz=TZ)
    (item,) = items()
    assert item.evidence == {"attended": 4, "room": 3}
    with writing() as tx:
        tx.get_one(TrainingSession, world.session.id).head_count = 6
    look_over(world.session.id, END)
    assert items() == [], "the count was put right, and nobody had decided anything"


def two_sessions(world: World) -> Any:
    with writing() as tx:
        halls = [Venue(name="甲"), Venue(name="乙")]
        tx.add_all(halls)
        tx.flush()
        tx.get_one(TrainingSession, world.session.id).venue_id = halls[0].id
    return make_session(
        world.elsewhere,
        state=SessionState.OPEN,
        starts_at=NOW + timedelta(minutes=30),
        venue_id=halls[1].id,
    )


def test_members_at_two_venues_at_once_are_an_item_each(world: World) -> None:
    other = two_sessions(world)
    for member in world.members[:2]:
        world.check_in(member)
        world.check_in(member, session_id=other.id, after=timedelta(minutes=30))
    world.check_in(world.members[2])
    with count_queries() as seen:
        look_over(world.session.id, NOW)
    look_over(other.id, NOW)
    found = items(ReviewKind.TWO_PLACES)
    assert [item.member_id for item in found] == [member.id for member in world.members[:2]]
    assert {item.session_id for item in found} == {other.id}, "where the later of the two was recorded"
    assert {item.evidence["minutes"] for item in found} == {90}
    # Only rows of these days are read, not what the members have had in their lives.
    query = next(text for text in seen.statements if "there.member_id = here.member_id" in text)
    assert "there.office_date BETWEEN" in query


def test_closing_looks_at_once_and_the_scheduler_until_a_day_later(world: World) -> None:
    for member in world.members[:3]:
        world.check_in(member, "phone")
    take_step(world.session.id, Step.CLOSE, world.scope, END, tz=TZ)
    assert len(items()) == 1
    for member in world.members[3:]:
        attend(
            db.session.get_one(TrainingSession, world.session.id),
            member,
            device="second",
            method=Method.MEMBER_SCAN,
        )
    assert look_over_sessions(END + timedelta(days=2)) == 0
    assert look_over_sessions(END + timedelta(hours=2)) == 1


def test_looking_costs_the_same_number_of_queries_however_many_came(world: World) -> None:
    share_a_phone(world)
    with count_queries() as few:
        look_over(world.session.id, NOW)
    for member in [make_member(f"又{n}", world.org) for n in range(20)]:
        world.check_in(member)
    with count_queries() as many:
        look_over(world.session.id, NOW)
    assert few.count == many.count <= 7


def test_flagged_people_count_until_somebody_decides(world: World) -> None:
    share_a_phone(world)
    take_step(world.session.id, Step.CLOSE, world.scope, END, tz=TZ)
    place = place_in_scope(db.session(), world.scope, None, NOW.date())
    year = Period.of_year(2019)

    def counted() -> int:
        return person_times(db.session(), year, place, By.KIND).total.person_times

    assert counted() == 3
    assert session_counts(db.session(), [world.session.id])[world.session.id].attended == 3
    world.decide(items()[0], ReviewState.NOT_THERE, world.members[2])
    assert counted() == 2


def test_fine_leaves_every_row_and_is_remembered(world: World) -> None:
    item = share_a_phone(world)
    assert world.decide(item, ReviewState.FINE)
    (item,) = items()
    assert (item.state, item.decided_by_id, item.decided_at) == (ReviewState.FINE, world.user.id, END)
    assert count(AttendanceChange) == 0
    assert look_over(world.session.id, NOW) == 0


def test_what_was_called_fine_comes_up_again_with_two_more(world: World) -> None:
    world.decide(share_a_phone(world), ReviewState.FINE)
    world.check_in(world.members[3], "phone")
    assert look_over(world.session.id, NOW) == 0
    assert items()[0].state is ReviewState.FINE
    world.check_in(world.members[4], "phone")
    assert look_over(world.session.id, NOW) == 1
    (item,) = items()
    assert (item.state, item.decided_by_id, item.evidence["members"]) == (ReviewState.OPEN, None, 5)


def test_not_there_is_absent_for_those_expected_and_no_row_for_others(world: World) -> None:
    guest = make_member("列席", world.elsewhere)
    world.check_in(guest, "phone")
    item = share_a_phone(world)
    assert item.evidence["members"] == 4
    world.decide(item, ReviewState.NOT_THERE, world.members[1], guest)
    assert list(world.statuses().values())[:3] == [Status.PRESENT, Status.ABSENT, Status.PRESENT]
    assert db.session.get(Attendance, (world.session.id, guest.id)) is None
    history = {change.status_after for change in db.session.scalars(select(AttendanceChange))}
    assert history == {Status.ABSENT, None}


def test_nobody_is_taken_for_absent_without_being_chosen(world: World) -> None:
    item = share_a_phone(world)
    with pytest.raises(InvalidInput):
        world.decide(item, ReviewState.NOT_THERE)
    with pytest.raises(InvalidInput):
        world.decide(item, ReviewState.NOT_THERE, world.members[5])
    assert items()[0].state is ReviewState.OPEN
    assert set(world.statuses().values()) == {Status.PRESENT, None}


def test_the_second_of_two_people_hears_what_the_first_decided(world: World) -> None:
    item = share_a_phone(world)
    world.decide(item, ReviewState.FINE)
    other = Scope((world.org.id,), world.other_user.id)
    assert not world.decide(item, ReviewState.FINE, scope=other), "of one mind: nothing to do"
    with pytest.raises(WrongState) as heard:
        world.decide(item, ReviewState.NOT_THERE, world.members[0], scope=other)
    assert "书记" in heard.value.words
    assert "没问题" in heard.value.words
    assert items()[0].decided_by_id == world.user.id


def test_the_same_not_there_again_changes_nothing_and_another_is_refused(world: World) -> None:
    item = share_a_phone(world)
    world.decide(item, ReviewState.NOT_THERE, world.members[0])
    assert not world.decide(item, ReviewState.NOT_THERE, world.members[0])
    with pytest.raises(WrongState):
        world.decide(item, ReviewState.NOT_THERE, world.members[1])
    assert count(AttendanceChange) == 1


def test_taking_a_decision_back_puts_the_rows_back(world: World) -> None:
    guest = make_member("列席", world.elsewhere)
    world.check_in(guest, "phone")
    item = share_a_phone(world)
    world.decide(item, ReviewState.NOT_THERE, world.members[0], guest)
    later = END + timedelta(minutes=5)
    assert reopen(item.id, world.scope, later, tz=TZ, elderly_age=60)
    assert world.statuses()["党员0"] is Status.PRESENT
    row = db.session.get_one(Attendance, (world.session.id, guest.id))
    assert (row.status, row.method, row.device, row.recorded_by_id, row.is_extra) == (
        Status.PRESENT,
        Method.MEMBER_SCAN,
        "phone",
        None,
        True,
    )
    assert items()[0].state is ReviewState.OPEN
    assert not reopen(item.id, world.scope, later, tz=TZ, elderly_age=60)
    look_over(world.session.id, later)
    assert count(ReviewItem) == 1, "what somebody has decided once is not dropped"


def test_taking_a_decision_back_puts_times_and_minutes_back(world: World) -> None:
    came, left = NOW + timedelta(minutes=30), NOW + timedelta(minutes=60)
    item = share_a_phone(world)
    key = (world.session.id, world.members[0].id)
    with writing() as tx:
        tx.get_one(TrainingSession, world.session.id).late_after_minutes = 10
    set_stay(*key, Stay(came, left), world.scope, END, tz=TZ)
    before = Said.by(db.session.get_one(Attendance, key))
    world.decide(item, ReviewState.NOT_THERE, world.members[0])
    assert world.statuses()["党员0"] is Status.ABSENT
    reopen(item.id, world.scope, END, tz=TZ, elderly_age=60)
    row = db.session.get_one(Attendance, key, populate_existing=True)
    assert (Said.by(row), row.came_at, row.left_at, row.minutes) == (before, came, left, 30)
    assert "rows_before" not in items()[0].evidence


def test_a_leave_that_gave_way_to_a_late_tick_is_put_back_with_its_reason(world: World) -> None:
    world.check_in(
        world.members[0], method=Method.STAFF_ENTRY, status=Status.EXCUSED, excuse_reason=ExcuseReason.SICK
    )
    item = late_tick(world, world.members[0], "t1", status=Status.PRESENT)
    world.decide(item, ReviewState.FINE)
    assert world.statuses()["党员0"] is Status.PRESENT
    assert "sick" not in str(items()[0].evidence), "why somebody was on leave is not for every list to hold"
    reopen(item.id, world.scope, END, tz=TZ, elderly_age=60)
    row = db.session.get_one(Attendance, (world.session.id, world.members[0].id), populate_existing=True)
    assert (row.status, row.excuse_reason) == (Status.EXCUSED, ExcuseReason.SICK)
    history = db.session.scalars(select(AttendanceChange).order_by(AttendanceChange.id)).all()
    assert [(each.status_before, each.status_after) for each in history] == [
        (Status.EXCUSED, Status.PRESENT),
        (Status.PRESENT, Status.EXCUSED),
    ]


def test_a_row_that_somebody_has_changed_since_is_left_as_it_is(world: World) -> None:
    item = share_a_phone(world)
    world.decide(item, ReviewState.NOT_THERE, world.members[0])
    with writing() as tx:
        tx.get_one(Attendance, (world.session.id, world.members[0].id)).status = Status.EXCUSED
    reopen(item.id, world.scope, END, tz=TZ, elderly_age=60)
    assert world.statuses()["党员0"] is Status.EXCUSED


def late_tick(world: World, member: Any, subject: str, **more: Any) -> ReviewItem:
    tick = Finding(
        ReviewKind.LATE_TICK,
        subject,
        {},
        member_id=member.id,
        status=more.pop("status", Status.LATE),
        method=more.pop("method", Method.STAFF_ENTRY),
        occurred_at=NOW + timedelta(minutes=30),
        device="round",
        noted_by_id=world.other_user.id,
    )
    with writing() as tx:
        raise_item(tx, world.session.id, tick, END)
    return next(item for item in items() if item.subject == subject)


def test_a_late_tick_found_fine_is_recorded_as_it_was_noted(world: World) -> None:
    item = late_tick(world, world.members[0], "t1")
    take_step(world.session.id, Step.CLOSE, world.scope, END, tz=TZ)
    assert count(Attendance) == 0
    world.decide(item, ReviewState.FINE)
    row = db.session.get_one(Attendance, (world.session.id, world.members[0].id))
    assert (row.status, row.method, row.occurred_at) == (
        Status.LATE,
        Method.STAFF_ENTRY,
        NOW + timedelta(minutes=30),
    )
    assert (row.recorded_by_id, row.device, row.minutes) == (world.other_user.id, "round", 90)
    reopen(item.id, world.scope, END, tz=TZ, elderly_age=60)
    assert count(Attendance) == 0


def test_a_card_read_on_the_round_is_recorded_though_the_door_is_shut(world: World) -> None:
    item = late_tick(world, world.members[0], "t1", method=Method.STAFF_SCAN)
    take_step(world.session.id, Step.CLOSE, world.scope, END, tz=TZ)
    world.decide(item, ReviewState.FINE)
    assert world.statuses()["党员0"] is Status.LATE


def test_a_late_leave_keeps_its_reason(world: World) -> None:
    item = late_tick(world, world.members[0], "t1", status=Status.EXCUSED)
    with writing() as tx:
        tx.get_one(ReviewItem, item.id).evidence = {"why": "closed", "excuse_reason": "sick"}
    world.decide(item, ReviewState.FINE)
    row = db.session.get_one(Attendance, (world.session.id, world.members[0].id))
    assert (row.status, row.excuse_reason) == (Status.EXCUSED, ExcuseReason.SICK)


def test_those_noted_by_a_wrong_clock_can_be_called_not_there(world: World) -> None:
    for member in world.members[:2]:
        world.check_in(member, "round", method=Method.STAFF_ENTRY, recorded_by_id=world.other_user.id)
    clock = Finding(ReviewKind.WRONG_CLOCK, "round", {"count": 2, "offset_seconds": 7200}, device="round")
    with writing() as tx:
        raise_item(tx, world.session.id, clock, NOW)
    assert look_over(world.session.id, NOW) == 0
    (item,) = items()
    world.decide(item, ReviewState.NOT_THERE, world.members[0])
    assert list(world.statuses().values())[:2] == [Status.ABSENT, Status.PRESENT]


def test_a_late_tick_that_is_discarded_records_nothing(world: World) -> None:
    item = late_tick(world, world.members[0], "t1")
    world.decide(item, ReviewState.NOT_THERE)
    assert count(Attendance) == 0
    assert items()[0].state is ReviewState.NOT_THERE


def test_the_ticks_of_one_phone_are_found_fine_together_and_a_repeat_adds_none(world: World) -> None:
    for n, member in enumerate(world.members[:4]):
        late_tick(world, member, f"t{n}")
    decided = all_ticks_fine(world.session.id, "round", world.scope, END, tz=TZ, elderly_age=60)
    assert decided == (4, 0, 0)
    assert count(Attendance) == 4
    assert all_ticks_fine(world.session.id, "round", world.scope, END, tz=TZ, elderly_age=60) == (0, 0, 0)


def test_of_very_many_ticks_some_are_recorded_at_a_time_and_the_rest_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide_review, "MOST_AT_ONCE", 5)
    monkeypatch.setattr(decide_review, "CHUNK", 2)
    for n, member in enumerate(world.members):
        late_tick(world, member, f"t{n}")
    for told in ((5, 0, 1), (1, 0, 0)):
        assert all_ticks_fine(world.session.id, "round", world.scope, END, tz=TZ, elderly_age=60) == told
    assert count(Attendance) == 6


def test_a_tick_that_cannot_be_recorded_goes_on_waiting(world: World) -> None:
    item = late_tick(world, world.members[0], "t1")
    with writing() as tx:
        tx.get_one(TrainingSession, world.session.id).state = SessionState.CANCELLED
    with pytest.raises(CheckInRefused):
        world.decide(item, ReviewState.FINE)
    assert items()[0].state is ReviewState.OPEN


def test_a_member_at_two_places_is_taken_from_the_one_session_alone(world: World) -> None:
    other = two_sessions(world)
    world.check_in(world.members[0], session_id=other.id)
    world.check_in(world.members[0], after=timedelta(minutes=40))
    look_over(world.session.id, NOW)
    (item,) = items()
    assert item.session_id == world.session.id
    world.decide(item, ReviewState.NOT_THERE)
    assert world.statuses()["党员0"] is Status.ABSENT
    assert db.session.get_one(Attendance, (other.id, world.members[0].id)).status is Status.PRESENT


def test_too_many_heads_have_nobody_to_call_absent(ctx: Flask) -> None:
    world = World(head_count=1)
    for member in world.members[:3]:
        world.check_in(member)
    look_over(world.session.id, END)
    with pytest.raises(InvalidInput):
        world.decide(items()[0], ReviewState.NOT_THERE, world.members[0])
    assert world.decide(items()[0], ReviewState.FINE)


def test_another_branch_neither_sees_nor_decides(world: World) -> None:
    item = share_a_phone(world)
    outside = Scope((world.elsewhere.id,), world.user.id)
    with pytest.raises(NotFound):
        world.decide(item, ReviewState.FINE, scope=outside)
    with pytest.raises(NotFound):
        reopen(item.id, outside, END, tz=TZ, elderly_age=60)


def test_the_audit_log_keeps_who_decided_what_in_counts(world: World) -> None:
    item = share_a_phone(world)
    world.decide(item, ReviewState.NOT_THERE, world.members[0])
    reopen(item.id, world.scope, END, tz=TZ, elderly_age=60)
    acts = [
        e
        for e in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        if e.action.startswith("review.")
    ]
    assert [act.action for act in acts] == ["review.decide", "review.reopen"]
    assert acts[0].detail == {"kind": "shared_device", "decision": "not_there", "members": 1}
