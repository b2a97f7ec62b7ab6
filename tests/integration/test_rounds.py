"""Ticks of phones that were offline: each recorded once, none lost, odd ones put before a person."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.attendance.models import Attendance, ReviewItem
from app.attendance.services.decide_review import Decision, decide
from app.checkin.commands import RoundTick, SentTicks
from app.checkin.models import VisitRound, VisitRoundMember
from app.checkin.queries.rounds import rounds_of
from app.checkin.services.batch import Batch, BatchItem, record_batch
from app.checkin.services.rounds import (
    AFTER_STOP,
    GRACE,
    KnownRound,
    known_round,
    record_round,
    stop_round,
    take_round,
)
from app.core.access import Scope
from app.core.crypto import token_hash
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound, TooManyTries, WrongState
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
from app.members.services.merging import Merge, merge_members
from app.trainings.models import ExpectedAttendee, TrainingSession
from tests.factories import NOW, attend, count, make_member, make_org, make_session, make_staff

RULES: dict[str, Any] = {"tz": ZoneInfo("Asia/Shanghai"), "elderly_age": 60}
PHONE = str(uuid.UUID(int=1))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def world(ctx: Flask) -> SimpleNamespace:
    """A branch with three expected at an open visit session, and the staff user who takes them along."""
    root = make_org("Q", kind=OrgKind.COMMITTEE)
    branch, other = make_org("QA", root), make_org("QB", root)
    people = [make_member(f"甲{n}", branch) for n in range(3)]
    user = make_staff("helper", Role.ORGANISER, branch)
    session = make_session(branch, state=SessionState.OPEN, mode="home_visit")
    with writing() as written:
        written.add_all(
            ExpectedAttendee(session_id=session.id, member_id=one.id, org_id=branch.id, groups=0)
            for one in people
        )
    return SimpleNamespace(
        root=root,
        session_id=session.id,
        people=[one.id for one in people],
        stranger=make_member("乙", other).id,
        scope=Scope((branch.id,), user.id),
        user_id=user.id,
    )


def taken(world: SimpleNamespace, *member_ids: int) -> tuple[KnownRound, dict[int, str]]:
    """A round of these members (all three without any), and their refs."""
    made = take_round(world.session_id, member_ids or world.people, world.scope, NOW, elderly_age=60)
    rows = db.session.execute(
        select(VisitRoundMember.member_id, VisitRoundMember.ref).where(VisitRoundMember.round_id == made.id)
    )
    return known_round(made.id, made.token), dict(rows.all())


def tick(ref: str, status: Status = Status.PRESENT, at: datetime = NOW, **more: Any) -> RoundTick:
    return RoundTick(str(uuid.uuid4()), ref, status, more.get("excuse"), at)


def send(
    world: SimpleNamespace, known: KnownRound, *ticks: RoundTick, now: datetime = NOW, **more: Any
) -> list[str]:
    """What the phone hears of each tick."""
    sent = SentTicks(more.get("device", PHONE), more.get("sent_at", now), ticks)
    scope = more.get("scope", world.scope)
    return [each.result for each in record_round(known, sent, scope, now, **RULES)]


def close(world: SimpleNamespace, state: SessionState = SessionState.CLOSED) -> None:
    with writing() as session:
        session.execute(
            update(TrainingSession).where(TrainingSession.id == world.session_id).values(state=state)
        )


def row(world: SimpleNamespace, member_id: int) -> Attendance:
    return db.session.get_one(Attendance, (world.session_id, member_id))


def items(kind: ReviewKind) -> list[ReviewItem]:
    return list(db.session.scalars(select(ReviewItem).where(ReviewItem.kind == kind)))


def test_a_round_holds_random_refs_and_a_hash_of_its_token(world: SimpleNamespace) -> None:
    made = take_round(world.session_id, world.people, world.scope, NOW, elderly_age=60)
    again = take_round(world.session_id, world.people, world.scope, NOW, elderly_age=60)
    assert {one.org_name for one in made.people} == {"组织QA"}
    assert not {one.ref for one in made.people} & {one.ref for one in again.people}
    found = db.session.get_one(VisitRound, made.id)
    assert found.token_hash == token_hash(made.token)
    assert found.expires_at - NOW == timedelta(hours=72)


def test_only_those_whom_staff_may_record_are_taken_and_only_before_the_end(world: SimpleNamespace) -> None:
    with pytest.raises(NotFound):
        take_round(world.session_id, [world.people[0], world.stranger], world.scope, NOW, elderly_age=60)
    with pytest.raises(InvalidInput):
        take_round(world.session_id, [], world.scope, NOW, elderly_age=60)
    close(world)
    with pytest.raises(WrongState):
        take_round(world.session_id, world.people, world.scope, NOW, elderly_age=60)
    assert count(VisitRound) == 0


def test_a_token_opens_its_own_round_only(world: SimpleNamespace) -> None:
    one, two = (take_round(world.session_id, world.people, world.scope, NOW, elderly_age=60) for _ in "ab")
    for round_id, token in ((one.id, two.token), (two.id + 1, two.token), (one.id, "")):
        with pytest.raises(NotFound):
            known_round(round_id, token)


def test_ticks_are_recorded_once_and_sending_them_again_hears_the_same(world: SimpleNamespace) -> None:
    known, refs = taken(world)
    sick = tick(refs[world.people[1]], Status.EXCUSED, excuse=ExcuseReason.SICK)
    ticks = (tick(refs[world.people[0]]), sick)
    assert send(world, known, *ticks) == ["recorded", "recorded"]
    assert send(world, known, *ticks, now=NOW + HOUR) == ["recorded", "recorded"]
    assert count(Attendance) == 2
    made = row(world, world.people[1])
    assert (made.status, made.excuse_reason) == (Status.EXCUSED, ExcuseReason.SICK)
    assert (made.method, made.recorded_by_id, made.received_at) == (Method.STAFF_ENTRY, world.user_id, NOW)
    assert count(ReviewItem) == 0


def test_two_helpers_with_overlapping_lists_make_one_row(world: SimpleNamespace) -> None:
    (one, refs_of_one), (two, refs_of_two) = taken(world, *world.people[:2]), taken(world, *world.people[1:])
    both = world.people[1]
    assert send(world, one, tick(refs_of_one[both])) == ["recorded"]
    other = tick(refs_of_two[both], Status.EXCUSED)
    assert send(world, two, other, device=str(uuid.UUID(int=2))) == ["already_recorded"]
    assert row(world, both).status is Status.PRESENT
    assert count(Attendance) == 1


def test_a_ref_of_another_round_is_nobody(world: SimpleNamespace) -> None:
    one, _ = taken(world)
    _, refs = taken(world)
    assert send(world, one, tick(refs[world.people[0]])) == ["unknown_member"]
    assert count(Attendance) == 0


def test_a_tick_after_the_end_waits_for_a_person_unless_one_is_recorded(
    world: SimpleNamespace,
) -> None:
    known, refs = taken(world)
    attend(db.session.get_one(TrainingSession, world.session_id), SimpleNamespace(id=world.people[1]))
    close(world)
    at = NOW + 20 * MINUTE
    late = tick(refs[world.people[0]], Status.EXCUSED, at, excuse=ExcuseReason.SICK)
    later = NOW + 5 * HOUR
    for _ in range(2):
        assert send(world, known, late, tick(refs[world.people[1]]), now=later) == [
            "needs_review",
            "already_recorded",
        ]
    assert count(Attendance) == 1
    [waiting] = items(ReviewKind.LATE_TICK)
    assert (waiting.member_id, waiting.status, waiting.method) == (
        world.people[0],
        Status.EXCUSED,
        Method.STAFF_ENTRY,
    )
    assert (waiting.occurred_at, waiting.raised_at, waiting.noted_by_id) == (at, later, world.user_id)
    assert waiting.subject == f"{waiting.device}:{late.id}"
    assert (waiting.evidence["why"], waiting.evidence["excuse_reason"]) == ("closed", "sick")


def test_a_cancelled_session_takes_nothing_and_one_not_begun_takes_it_later(world: SimpleNamespace) -> None:
    known, refs = taken(world)
    mine = tick(refs[world.people[0]])
    close(world, SessionState.PUBLISHED)
    assert send(world, known, mine) == ["not_open"]
    close(world, SessionState.OPEN)
    assert send(world, known, mine) == ["recorded"]
    close(world, SessionState.CANCELLED)
    assert send(world, known, tick(refs[world.people[1]])) == ["cancelled"]
    assert (count(Attendance), count(ReviewItem)) == (1, 0)


@pytest.mark.parametrize("case", ["stopped", "long over", "no role", "another branch"])
def test_what_a_phone_may_not_record_any_more_waits_for_a_person(world: SimpleNamespace, case: str) -> None:
    known, refs = taken(world)
    scope, now, why = world.scope, NOW, "revoked"
    if case == "stopped":
        assert stop_round(world.session_id, known.id, world.scope, NOW)
        assert not stop_round(world.session_id, known.id, world.scope, NOW)
        known = replace(known, revoked_at=NOW)
    elif case == "long over":
        now = known.expires_at + GRACE + MINUTE
    else:
        scope = None if case == "no role" else Scope((make_org("QC", world.root).id,), world.user_id)
        why = "out_of_scope"
    assert send(world, known, tick(refs[world.people[0]], at=now), scope=scope, now=now) == ["needs_review"]
    [waiting] = items(ReviewKind.LATE_TICK)
    assert (waiting.member_id, waiting.evidence["why"]) == (world.people[0], why)
    assert count(Attendance) == 0


def test_a_round_that_has_expired_still_brings_home_what_it_noted(world: SimpleNamespace) -> None:
    known, refs = taken(world)
    now = known.expires_at + GRACE - MINUTE
    assert send(world, known, tick(refs[world.people[0]]), now=now) == ["recorded"]


def test_a_wrong_clock_keeps_both_times_and_is_shown_once(world: SimpleNamespace) -> None:
    known, refs = taken(world)
    ahead = NOW + 3 * HOUR
    first = [tick(refs[member], at=ahead) for member in world.people[:2]]
    assert send(world, known, *first, sent_at=ahead) == ["recorded", "recorded"]
    assert send(world, known, tick(refs[world.people[2]], at=ahead), sent_at=ahead) == ["recorded"]
    made = row(world, world.people[0])
    assert (made.occurred_at, made.received_at) == (ahead, NOW)
    [shown] = items(ReviewKind.WRONG_CLOCK)
    assert (shown.evidence["offset_seconds"], shown.evidence["count"]) == (3 * 3600, 2)
    assert shown.member_id is None


def test_a_time_days_before_the_session_shows_a_wrong_clock_too(world: SimpleNamespace) -> None:
    known, refs = taken(world)
    assert send(world, known, tick(refs[world.people[0]], at=NOW - timedelta(days=400))) == ["recorded"]
    assert [found.evidence["offset_seconds"] for found in items(ReviewKind.WRONG_CLOCK)] == [0]


@pytest.mark.parametrize("told", [True, False])
def test_a_wrong_clock_never_makes_anybody_late(world: SimpleNamespace, told: bool) -> None:
    with writing() as session:
        session.get_one(TrainingSession, world.session_id).late_after_minutes = 10
    ahead, now = NOW + 3 * HOUR, NOW + 5 * MINUTE
    person = world.people[0]
    item = BatchItem(str(uuid.uuid4()), world.session_id, person, Status.PRESENT, Method.STAFF_SCAN, ahead)
    batch = Batch("reader", [item], world.user_id, ahead + 5 * MINUTE if told else None)
    assert [each.result for each in record_batch(batch, world.scope, now, **RULES)] == ["recorded"]
    assert (row(world, person).status, row(world, person).occurred_at) == (Status.PRESENT, ahead)


def test_a_corrected_clock_still_shows_who_was_late(world: SimpleNamespace) -> None:
    with writing() as session:
        session.get_one(TrainingSession, world.session_id).late_after_minutes = 10
    behind, now = NOW - 3 * HOUR, NOW + 40 * MINUTE
    person = world.people[0]
    said = behind + 30 * MINUTE
    item = BatchItem(str(uuid.uuid4()), world.session_id, person, Status.PRESENT, Method.STAFF_SCAN, said)
    record_batch(Batch("reader", [item], world.user_id, behind + 40 * MINUTE), world.scope, now, **RULES)
    found = row(world, person)
    assert (found.status, found.came_at, found.occurred_at) == (Status.LATE, NOW + 30 * MINUTE, said)


def test_a_tick_of_somebody_whose_records_became_one_reaches_the_one_kept(world: SimpleNamespace) -> None:
    known, refs = taken(world)
    kept, other = world.people[:2]
    merge_members(Merge(kept, other), Scope((world.root.id,), world.user_id), NOW)
    assert send(world, known, tick(refs[other])) == ["recorded"]
    assert row(world, kept).status is Status.PRESENT
    assert send(world, known, tick(refs[kept])) == ["already_recorded"]


def test_a_phone_in_wrong_hands_cannot_send_for_ever(world: SimpleNamespace) -> None:
    known, _ = taken(world)
    for _ in range(120):
        assert send(world, known) == []
    with pytest.raises(TooManyTries):
        send(world, known)
    assert send(world, known, now=NOW + 11 * MINUTE) == []


@pytest.mark.parametrize("noted", [Status.EXCUSED, Status.ABSENT])
def test_who_was_seen_waits_for_a_person_though_noted_as_away(world: SimpleNamespace, noted: Status) -> None:
    known, refs = taken(world)
    person = world.people[0]
    attend(db.session.get_one(TrainingSession, world.session_id), SimpleNamespace(id=person), status=noted)
    close(world)
    assert send(world, known, tick(refs[person])) == ["needs_review"]
    assert send(world, known, tick(refs[person], Status.EXCUSED)) == ["already_recorded"]
    [waiting] = items(ReviewKind.LATE_TICK)
    decide(waiting.id, Decision(ReviewState.FINE), world.scope, NOW + HOUR, **RULES)
    assert row(world, person).status is Status.PRESENT


def test_the_same_tick_sent_twice_at_once_hears_one_answer(app: Flask) -> None:
    with app.app_context():
        root = make_org("Q", kind=OrgKind.COMMITTEE)
        user = make_staff("helper", Role.ORGANISER, root)
        session_id = make_session(root, state=SessionState.OPEN).id
        member_id, scope, user_id = make_member("甲", root).id, Scope((root.id,), user.id), user.id
    answers: list[str] = []
    start = threading.Barrier(8)

    def post(tick_id: str) -> None:
        with app.app_context():
            item = BatchItem(tick_id, session_id, member_id, Status.PRESENT, Method.STAFF_ENTRY, NOW)
            start.wait(10)
            answers.extend(
                each.result for each in record_batch(Batch("reader", [item], user_id), scope, NOW, **RULES)
            )
            db.session.remove()

    sending = [threading.Thread(target=post, args=(str(uuid.UUID(int=7)),)) for _ in range(8)]
    for thread in sending:
        thread.start()
    for thread in sending:
        thread.join()
    assert answers == ["recorded"] * 8


def test_a_stopped_phone_makes_one_item_a_member_and_is_refused_when_long_stopped(
    world: SimpleNamespace,
) -> None:
    known, refs = taken(world)
    stopped = replace(known, revoked_at=NOW)
    person = world.people[0]
    for n in range(3):
        device = str(uuid.UUID(int=n))
        assert send(world, stopped, tick(refs[person]), device=device) == ["needs_review"]
    assert len(items(ReviewKind.LATE_TICK)) == 1
    now = NOW + AFTER_STOP + MINUTE
    assert send(world, stopped, tick(refs[world.people[1]], at=now), now=now) == ["revoked"]
    assert len(items(ReviewKind.LATE_TICK)) == 1


def test_a_known_tick_says_nothing_of_the_clock_of_another_session(world: SimpleNamespace) -> None:
    neighbour = make_session(make_org("QD", world.root), state=SessionState.OPEN)
    first = BatchItem(
        str(uuid.uuid4()), world.session_id, world.people[0], Status.PRESENT, Method.STAFF_ENTRY, NOW
    )
    for session_id in (world.session_id, neighbour.id, neighbour.id + 1):
        sent = replace(first, session_id=session_id)
        ahead = replace(sent, occurred_at=NOW + 3 * HOUR) if sent != first else sent
        answers = record_batch(Batch("reader", [ahead], world.user_id), world.scope, NOW, **RULES)
        assert [each.result for each in answers] == ["recorded"]
    assert items(ReviewKind.WRONG_CLOCK) == []


def test_devices_that_only_look_like_those_of_a_round_are_not_counted(world: SimpleNamespace) -> None:
    known, refs = taken(world)
    send(world, known, tick(refs[world.people[0]]))
    session = db.session.get_one(TrainingSession, world.session_id)
    for device, person in (("round-north", 1), (f"round-{known.id}-x", 2)):
        attend(session, SimpleNamespace(id=world.people[person]), device=device)
    assert [found.recorded for found in rounds_of(db.session(), world.session_id)] == [1]


def test_a_card_read_late_by_a_wrong_clock_is_late_when_it_is_found_fine(world: SimpleNamespace) -> None:
    with writing() as session:
        session.get_one(TrainingSession, world.session_id).late_after_minutes = 10
    close(world)
    person, behind, now = world.people[0], NOW - 3 * HOUR, NOW + 5 * HOUR
    item = BatchItem(
        str(uuid.uuid4()), world.session_id, person, Status.PRESENT, Method.STAFF_SCAN, behind + 30 * MINUTE
    )
    batch = Batch("reader", [item], world.user_id, behind + 5 * HOUR)
    assert [each.result for each in record_batch(batch, world.scope, now, **RULES)] == ["needs_review"]
    [waiting] = items(ReviewKind.LATE_TICK)
    assert waiting.status is Status.LATE
    decide(waiting.id, Decision(ReviewState.FINE), world.scope, now, **RULES)
    found = row(world, person)
    assert (found.status, found.came_at, found.minutes) == (Status.LATE, NOW + 30 * MINUTE, 90)
