"""What a person decides about something odd, and taking that decision back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, AttendanceChange, ReviewItem
from app.attendance.queries.adjustments import waiting_at
from app.attendance.queries.reviews import Concerned, ReviewRow, concerned, review_in_scope
from app.attendance.queries.session import recorder_names
from app.attendance.rules import RefusalCode, refusal
from app.attendance.services.adjust import Why, withdraw_all
from app.attendance.services.adjust_tick import adjust_tick
from app.attendance.services.admission import require_takes, stands_still
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.late_leave import leave_late
from app.attendance.services.put_back import say_again
from app.attendance.services.record import Said, Sighting, record_attendance
from app.attendance.services.review import LEAVING, stay_of
from app.attendance.services.said_before import rows_sealed, sealed_rows
from app.attendance.services.settle_make_ups import Hand, hold_make_ups, settle_rows
from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import db, lock_shared_or_alone, writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import lazy, moment_text
from app.core.labels import REVIEW_STATE_LABELS
from app.core.vocabulary import (
    ATTENDED_STATUSES,
    ExcuseReason,
    Method,
    ReviewKind,
    ReviewState,
    SessionState,
    Status,
)
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session

# A round takes a few dozen people along; more than a request should take are decided in several.
MOST_AT_ONCE = 500
# Others want to write too: a hall may be checking in.
CHUNK = 50
# Nobody in particular is concerned: there is only "fine".
_ABOUT_NOBODY = (ReviewKind.OVER_HEAD_COUNT,)


@dataclass(frozen=True, slots=True)
class Decision:
    """`members`: who was not there; needed unless the item is about one member."""

    state: ReviewState
    members: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class _Rules:
    """What recording needs to know of the office."""

    tz: ZoneInfo
    elderly_age: int

    def values(self) -> dict[str, Any]:
        return {"tz": self.tz, "elderly_age": self.elderly_age}


def decide(
    item_id: int, decision: Decision, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> bool:
    """All is well, or some were not there; False when the same had been decided before.

    "Fine" leaves every row as it is, and records a tick that waited. "Not there" sets those concerned
    to absent, and takes the row of whoever was not expected back. Raises NotFound, InvalidInput,
    CheckInRefused, and WrongState when somebody else was quicker and decided otherwise.
    """
    if decision.state is ReviewState.OPEN:
        raise InvalidInput.field("decision", "unknown", lazy("请选择“没问题”或“不在场”。"))
    with writing() as session:
        item, row = _locked(session, item_id, scope, now)
        if item.state is not ReviewState.OPEN:
            if _says_the_same(session, row, decision):
                return False
            raise _decided_before(session, row)
        rules = _Rules(tz, elderly_age)
        before: dict[int, Said] = {}
        if decision.state is ReviewState.FINE:
            changed = _record_tick(session, row, scope, now, rules, before)
        else:
            changed = _not_there(session, row, decision.members, scope, now, rules, before)
        item.evidence = {**row.evidence, "rows_before": sealed_rows(before)} if before else row.evidence
        _settle(session, item, row, decision.state, scope, now, changed)
        return True


def all_ticks_fine(
    session_id: int, device: str, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> tuple[int, int, int]:
    """Record the late ticks that wait from one phone, at most MOST_AT_ONCE.

    (how many, how many go on waiting for a reason, how many were not reached). Some at a time: what is
    recorded stays recorded should the rest be cut off. Raises NotFound for a session outside the scope.
    """
    session = db.session()
    scoped_session(session, session_id, scope, now)
    query = (
        select(ReviewItem.id)
        .where(
            ReviewItem.session_id == session_id,
            ReviewItem.kind == ReviewKind.LATE_TICK,
            ReviewItem.device == device,
            ReviewItem.state == ReviewState.OPEN,
        )
        .order_by(ReviewItem.member_id, ReviewItem.id)
    )
    waiting = session.scalars(query).all()
    rules, done, left = _Rules(tz, elderly_age), 0, 0
    for start in range(0, min(len(waiting), MOST_AT_ONCE), CHUNK):
        some = waiting[start : min(start + CHUNK, MOST_AT_ONCE)]
        recorded, refused = _ticks_fine(some, scope, now, rules)
        done, left = done + recorded, left + refused
    return done, left, max(len(waiting) - MOST_AT_ONCE, 0)


def _ticks_fine(item_ids: Sequence[int], scope: Scope, now: datetime, rules: _Rules) -> tuple[int, int]:
    done = left = 0
    with writing():
        for item_id in item_ids:
            try:
                done += decide(item_id, Decision(ReviewState.FINE), scope, now, **rules.values())
            except (CheckInRefused, WrongState):
                left += 1
    return done, left


def reopen(item_id: int, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int) -> bool:
    """Take a decision back, with what it did to rows that nobody has changed since; False when it was open.

    Raises NotFound, CheckInRefused.
    """
    with writing() as session:
        item, row = _locked(session, item_id, scope, now)
        if item.state is ReviewState.OPEN:
            return False
        undone = _undo(session, row, scope, now, _Rules(tz, elderly_age))
        item.evidence = {name: value for name, value in item.evidence.items() if name != "rows_before"}
        item.state, item.decided_by_id, item.decided_at = ReviewState.OPEN, None, None
        _note(session, "review.reopen", row, scope, now, members=undone)
        return True


def _locked(session: Session, item_id: int, scope: Scope, now: datetime) -> tuple[ReviewItem, ReviewRow]:
    found = review_in_scope(session, item_id, scope, now)
    if found is None:
        raise NotFound()
    lock_shared_or_alone(session, found.session_id, alone=False)
    # Two people may decide at once: the second waits here, and then reads what the first decided.
    item = session.get(ReviewItem, item_id, with_for_update=True, populate_existing=True)
    row = review_in_scope(session, item_id, scope, now)
    if item is None or row is None:
        raise NotFound()
    return item, row


def _people(session: Session, row: ReviewRow) -> list[Concerned]:
    return concerned(session, [row]).get(row.id, [])


def _says_the_same(session: Session, row: ReviewRow, decision: Decision) -> bool:
    """Whether deciding again would change nothing: a repeat, or two people of one mind."""
    still_there = {person.member_id for person in _people(session, row) if person.is_there}
    # Of a locked session the rows stay as they are, and what was decided waits beside them.
    waiting = waiting_at(session, row.session_id, still_there)
    still_there -= {id for id, told in waiting.items() if told.status_after not in ATTENDED_STATUSES}
    return row.state is decision.state and not still_there & set(decision.members)


def _decided_before(session: Session, row: ReviewRow) -> WrongState:
    names = recorder_names(session, {row.decided_by_id} if row.decided_by_id else set())
    return WrongState(
        lazy(
            "%(name)s已在 %(time)s 处理:%(what)s。需要改时请先重新打开。",
            name=names.get(row.decided_by_id or 0, ""),
            time=moment_text(row.decided_at),
            what=REVIEW_STATE_LABELS[row.state],
        )
    )


def _record_tick(
    session: Session, row: ReviewRow, scope: Scope, now: datetime, rules: _Rules, before: dict[int, Said]
) -> int:
    """A tick that came too late goes into the ledger as it was noted; other kinds leave it alone.

    before: takes the leave or absence that gave way. Of a locked session an adjustment waits instead.
    """
    if row.kind is not ReviewKind.LATE_TICK or row.member_id is None:
        return 0
    method, status = row.method or Method.STAFF_ENTRY, row.status or Status.PRESENT
    if refusal(SessionState.CLOSED, method, status) is not None:
        # A card read at the door cannot be told apart from an entry once the door is shut.
        method = Method.STAFF_ENTRY
    # A category, kept beside the counts: the table has no column for it.
    excuse = row.evidence.get("excuse_reason")
    sighting = Sighting(
        row.session_id,
        row.member_id,
        method,
        row.occurred_at or now,
        status,
        ExcuseReason(excuse) if excuse in set(ExcuseReason) else None,
        row.noted_by_id,
        row.device,
        # What the rule said when the tick was kept: the door's, by a clock put right.
        stay=stay_of(row.evidence),
    )
    of_session = session.get_one(TrainingSession, row.session_id, populate_existing=True)
    if stands_still(session, of_session):
        why, leaves = Why(_reason(row), scope.user_id, now), bool(row.evidence.get(LEAVING))
        return int(adjust_tick(session, of_session, sighting, why, leaves=leaves, **rules.values()))
    if row.evidence.get(LEAVING):
        before[row.member_id], after = leave_late(session, sighting, rules.tz)
        settle_rows(session, row.session_id, [row.member_id], Hand(row.noted_by_id, now, rules.tz))
        statuses = (before[row.member_id].status, after)
        _remember(session, row, row.member_id, statuses, row.noted_by_id, now)
        return 1
    outcome = record_attendance(sighting, now, **rules.values())
    if outcome.replaced is not None:
        before[row.member_id] = outcome.replaced
        _claim(session, row)
    elif outcome.created:
        _remember(session, row, row.member_id, (None, outcome.status), row.noted_by_id, now)
    return int(outcome.created)


def _claim(session: Session, row: ReviewRow) -> None:
    """What recording has just put into the history is the decision's, and is found again by its reason."""
    query = select(AttendanceChange).where(
        AttendanceChange.session_id == row.session_id, AttendanceChange.member_id == row.member_id
    )
    session.scalars(query.order_by(AttendanceChange.id.desc()).limit(1)).one().reason = _reason(row)


def _not_there(
    session: Session,
    row: ReviewRow,
    members: Collection[int],
    scope: Scope,
    now: datetime,
    rules: _Rules,
    before: dict[int, Said],
) -> int:
    if row.kind in _ABOUT_NOBODY:
        raise InvalidInput.field("decision", "not_here", lazy("这一处没有具体的人,请到名单上核对。"))
    if row.kind is ReviewKind.LATE_TICK:
        # It was never recorded: nothing to take back.
        return 0
    people = {person.member_id: person for person in _people(session, row)}
    chosen = set(members) or ({row.member_id} if row.member_id is not None else set())
    if not chosen:
        raise InvalidInput.field("members", "required", lazy("请勾选不在场的人,至少一位。"))
    if chosen - set(people):
        raise InvalidInput.field("members", "unknown", lazy("勾选的人里有的不在这一处,请刷新后再选。"))
    changed = 0
    # In one order: two users who decide must not wait for each other in a ring.
    for member_id in sorted(member for member in chosen if member is not None):
        if not people[member_id].is_there:
            continue
        changed += 1
        key = (row.session_id, member_id)
        hold_make_ups(session, row.session_id, [member_id])
        before[member_id] = Said.by(
            session.get_one(Attendance, key, with_for_update=True, populate_existing=True)
        )
        if people[member_id].is_extra:
            take_back(row.session_id, member_id, _reason(row), scope, now)
        else:
            sighting = staff_sighting(row.session_id, member_id, Status.ABSENT, None, scope.user_id, now)
            set_status(sighting, _reason(row), scope, now, **rules.values())
    return changed


def _settle(
    session: Session,
    item: ReviewItem,
    row: ReviewRow,
    state: ReviewState,
    scope: Scope,
    now: datetime,
    changed: int,
) -> None:
    session.flush()
    left = [person for person in _people(session, row) if person.is_there]
    over = int(row.evidence.get("attended", 0)) - int(row.evidence.get("room", 0))
    settled = over if row.kind is ReviewKind.OVER_HEAD_COUNT else len(left)
    item.evidence = {**item.evidence, "settled": settled}
    item.state, item.decided_by_id, item.decided_at = state, scope.user_id, now
    _note(session, "review.decide", row, scope, now, decision=state.value, members=changed)


def _undo(session: Session, row: ReviewRow, scope: Scope, now: datetime, rules: _Rules) -> int:
    """Put back what the decision changed, and withdraw what it adjusted; returns how many rows."""
    why = Why(_reason(row), scope.user_id, now)
    withdrawn, applied_at = withdraw_all(session, row.session_id, why)
    query = (
        select(AttendanceChange)
        .where(
            AttendanceChange.session_id == row.session_id,
            AttendanceChange.reason == _reason(row),
            AttendanceChange.changed_at.in_([row.decided_at, *applied_at]),
        )
        .order_by(AttendanceChange.member_id, AttendanceChange.id)
    )
    before, changes = rows_sealed(row.evidence.get("rows_before")), session.scalars(query).all()
    of_session = session.get_one(TrainingSession, row.session_id, populate_existing=True)
    if changes and stands_still(session, of_session):
        raise CheckInRefused(RefusalCode.LOCKED)
    return withdrawn + sum(
        _undo_one(session, change, before.get(change.member_id), row, scope, now, rules) for change in changes
    )


def _undo_one(
    session: Session,
    change: AttendanceChange,
    said: Said | None,
    row: ReviewRow,
    scope: Scope,
    now: datetime,
    rules: _Rules,
) -> bool:
    """False where somebody has said something else about the member since."""
    member_id, before, after = change.member_id, change.status_before, change.status_after
    key = (row.session_id, member_id)
    hold_make_ups(session, row.session_id, [member_id])
    found = session.get(Attendance, key, with_for_update=True, populate_existing=True)
    if (found.status if found else None) != after:
        return False
    if before is None:
        return take_back(row.session_id, member_id, _reason(row), scope, now)
    of_session = session.get_one(TrainingSession, row.session_id, populate_existing=True)
    require_takes(session, of_session, Method.STAFF_ENTRY, before)
    if found is None:
        # Not by way of the roster: whoever was there as a guest need not be this user's to record.
        made = Sighting(*key, Method.STAFF_ENTRY, row.starts_at, before, recorded_by_id=scope.user_id)
        if not record_attendance(made, now, **rules.values()).created:
            return False
        found = session.get_one(Attendance, key)
    # Decided before the whole row was kept: the time and manner that it has, without what is not known.
    say_again(
        found,
        said or replace(Said.by(found), status=before, excuse_reason=None, came_at=None, left_at=None),
        of_session,
        rules.tz,
    )
    _remember(session, row, member_id, (after, before), scope.user_id, now)
    settle_rows(session, row.session_id, [member_id], Hand(scope.user_id, now, rules.tz))
    return True


def _reason(row: ReviewRow) -> str:
    """What the history says, and how undoing finds what a decision changed."""
    return f"review:{row.id}"


def _remember(
    session: Session,
    row: ReviewRow,
    member_id: int,
    statuses: tuple[Status | None, Status | None],
    by_id: int | None,
    now: datetime,
) -> None:
    session.add(
        AttendanceChange(
            session_id=row.session_id,
            member_id=member_id,
            status_before=statuses[0],
            status_after=statuses[1],
            reason=_reason(row),
            changed_by_id=by_id,
            changed_at=now,
        )
    )


def _note(session: Session, act: str, row: ReviewRow, scope: Scope, now: datetime, **detail: Any) -> None:
    subject = f"session:{row.session_id}/review:{row.id}"
    record_act(session, act, subject, scope.user_id, now, kind=row.kind.value, **detail)
