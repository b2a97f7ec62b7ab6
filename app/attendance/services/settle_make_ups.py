"""Keeps make-ups true to both sessions: settled anew whenever a row that decides one has changed.

Whoever changes rows of a session says so here, in the same transaction. The rows of `make_ups` are held
before rows of attendance are, so that two who change both sessions of one make-up wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange, MakeUp
from app.attendance.reasons import MAKE_UP
from app.attendance.rules_absence import Side, Verdict, made_up_minutes, verdict
from app.core.db import is_postgresql
from app.core.office import elderly_age
from app.core.vocabulary import MakeUpState, Method, SessionState, Status
from app.members.queries.as_of import Standing, standing_of
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.queries.locks import locked_on
from app.trainings.services.facts import BEFORE_REWRITING, WHEN_REWRITTEN, credit_of

# Two values a key, well below what one statement of SQLite may carry.
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Hand:
    """Who changed what a make-up hangs on, when, and the office's zone; by_id None: nobody in person."""

    by_id: int | None
    now: datetime
    tz: ZoneInfo


@dataclass(frozen=True, slots=True)
class _Linked:
    """A make-up with both sessions and the member's rows in them."""

    make_up: MakeUp
    original: TrainingSession
    row: Attendance | None
    via: TrainingSession | None
    via_row: Attendance | None

    def says(self) -> Verdict:
        original = Side(self.original.state, self.row.status if self.row else None)
        via = Side(self.via.state, self.via_row.status if self.via_row else None) if self.via else None
        return verdict(self.make_up.state, original, via)


def hold_make_ups(session: Session, session_id: int, member_ids: Collection[int] | None = None) -> None:
    """Nobody else settles make-ups of this session's rows until the transaction ends; None: of all rows."""
    if is_postgresql(session):
        _make_ups(session, _about(session_id, member_ids))


def settle_rows(session: Session, session_id: int, member_ids: Collection[int], hand: Hand) -> None:
    """Some members' rows of a session have changed, been made or been taken back."""
    ids = list(member_ids)
    for start in range(0, len(ids), _CHUNK):
        _settle(session, _about(session_id, ids[start : start + _CHUNK]), hand)


def settle_make_up(session: Session, session_id: int, member_id: int, hand: Hand) -> MakeUp | None:
    """Settle one make-up by the facts as they are; None: it is over."""
    key = (MakeUp.session_id == session_id) & (MakeUp.member_id == member_id)
    _settle(session, key, hand)
    return session.get(MakeUp, (session_id, member_id))


def undo_make_up(session: Session, make_up: MakeUp, hand: Hand) -> None:
    """The missed session's row says again what it said before, and the other session counts for itself."""
    for linked in _linked(session, [make_up]):
        _uncount(session, linked, hand)


def _about(session_id: int, member_ids: Collection[int] | None) -> ColumnElement[bool]:
    either = or_(MakeUp.session_id == session_id, MakeUp.via_session_id == session_id)
    return either if member_ids is None else either & MakeUp.member_id.in_(member_ids)


def _make_ups(session: Session, which: ColumnElement[bool]) -> list[MakeUp]:
    # In one order: two who hold several must not wait for each other in a ring.
    query = select(MakeUp).where(which).order_by(MakeUp.member_id, MakeUp.session_id).with_for_update()
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def _settle(session: Session, which: ColumnElement[bool], hand: Hand) -> None:
    session.flush()
    locked = _LockedDays(session)
    for linked in _linked(session, _make_ups(session, which)):
        says = linked.says()
        if _stands_still(linked, says, locked):
            continue
        if says is Verdict.DONE:
            _count(session, linked, hand, locked)
            continue
        if linked.make_up.state is MakeUpState.DONE:
            _uncount(session, linked, hand)
        if says is Verdict.OVER:
            session.delete(linked.make_up)
    session.flush()


class _LockedDays(dict[date, bool]):
    """Whether a session's figures are locked, asked once a day: a hall closes with hundreds of make-ups."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __missing__(self, day: date) -> bool:
        self[day] = found = locked_on(self._session, day)
        return found

    def has(self, *sessions: TrainingSession | None) -> bool:
        return any(self[one.office_date] for one in sessions if one is not None)


def _stands_still(linked: _Linked, says: Verdict, locked: _LockedDays) -> bool:
    """Whether it waits until both days are unlocked, as it would come to something else and move figures."""
    known = linked.make_up.state
    if says is Verdict.DONE and known is MakeUpState.DONE:
        # Either row follows what has changed of it, unless it is locked itself.
        return False
    moves = says is Verdict.DONE or known is MakeUpState.DONE
    return moves and locked.has(linked.original, linked.via)


def settle_days(session: Session, first: date, last: date, hand: Hand) -> None:
    """Settle the make-ups that waited while these days were locked."""
    days = select(TrainingSession.id).where(TrainingSession.office_date.between(first, last))
    _settle(session, or_(MakeUp.session_id.in_(days), MakeUp.via_session_id.in_(days)), hand)


def _linked(session: Session, make_ups: Sequence[MakeUp]) -> Iterable[_Linked]:
    """Each with its sessions and rows as they are in the database now, in three queries for some hundred."""
    for start in range(0, len(make_ups), _CHUNK):
        some = make_ups[start : start + _CHUNK]
        ids = {one.session_id for one in some} | {one.via_session_id for one in some if one.via_session_id}
        of_id = select(TrainingSession).where(TrainingSession.id.in_(ids))
        sessions = {row.id: row for row in session.scalars(of_id, execution_options=_ANEW)}
        keys = [(one.session_id, one.member_id) for one in some]
        keys += [(one.via_session_id, one.member_id) for one in some if one.via_session_id]
        of_keys = select(Attendance).where(tuple_(Attendance.session_id, Attendance.member_id).in_(keys))
        found = session.scalars(of_keys.with_for_update(), execution_options=_ANEW)
        rows = {(row.session_id, row.member_id): row for row in found}
        for one in some:
            via = one.via_session_id
            yield _Linked(
                one,
                sessions[one.session_id],
                rows.get((one.session_id, one.member_id)),
                sessions[via] if via else None,
                rows.get((via, one.member_id)) if via else None,
            )


_ANEW = {"populate_existing": True}


def _count(session: Session, linked: _Linked, hand: Hand, locked: _LockedDays | None = None) -> None:
    """The missed session is made up, for as many minutes as were studied; the way there counts nowhere.

    locked: rows of these days stay as they are.
    """
    make_up, row, via_row = linked.make_up, linked.row, linked.via_row
    if make_up.state is MakeUpState.PLANNED:
        make_up.state = MakeUpState.DONE
        make_up.done_on = linked.via.office_date if linked.via else make_up.done_on
        make_up.status_before = row.status if row else None
        make_up.excuse_before = row.excuse_reason if row else None
        row = _say_made_up(session, linked, hand)
    is_free = locked is None or not locked.has(linked.original)
    if linked.via is not None and via_row is not None:
        if is_free:
            make_up.done_on, make_up.minutes = linked.via.office_date, via_row.minutes
        if locked is None or not locked.has(linked.via):
            via_row.made_up_for_id, via_row.is_held = make_up.session_id, False
    if row is not None and is_free:
        credit = credit_of(linked.original, hand.tz)
        row.minutes = made_up_minutes(credit.total, make_up.minutes or 0)
        row.morning_minutes = min(credit.morning, row.minutes)


def count_again(session: Session, make_up: MakeUp, hand: Hand) -> None:
    """It was done before two records became one, and is again if both sessions say so, locked or not."""
    for linked in _linked(session, [make_up]):
        if linked.says() is Verdict.DONE:
            _count(session, linked, hand)


def count_done(session: Session, make_up: MakeUp, done_on: date, minutes: int, hand: Hand) -> None:
    """It was made up by itself, at a visit for instance, on this day and for so long."""
    for linked in _linked(session, [make_up]):
        make_up.done_on, make_up.minutes = done_on, minutes
        _count(session, linked, hand)


def _say_made_up(session: Session, linked: _Linked, hand: Hand) -> Attendance:
    row = linked.row
    _remember(session, linked, row.status if row else None, Status.MADE_UP, hand)
    if row is None:
        row = _new_row(session, linked, hand)
        session.add(row)
    row.status, row.excuse_reason = Status.MADE_UP, None
    return row


def _new_row(session: Session, linked: _Linked, hand: Hand) -> Attendance:
    """A row of somebody who was expected and not recorded: branch and groups of the missed session's day."""
    original, member_id, via_row = linked.original, linked.make_up.member_id, linked.via_row
    standing: Standing | ExpectedAttendee | None
    standing = standing_of(session, member_id, original.office_date, elderly_age())
    if standing is None:
        standing = session.get_one(ExpectedAttendee, (original.id, member_id))
    return Attendance(
        session_id=original.id,
        member_id=member_id,
        method=via_row.method if via_row else Method.STAFF_ENTRY,
        recorded_by_id=via_row.recorded_by_id if via_row else hand.by_id,
        occurred_at=via_row.occurred_at if via_row else hand.now,
        received_at=hand.now,
        is_held=original.state is SessionState.CLOSED,
        office_date=original.office_date,
        kind_key=original.kind_key,
        mode_key=original.mode_key,
        class_id=original.class_id,
        org_id=standing.org_id,
        groups=standing.groups,
    )


def _uncount(session: Session, linked: _Linked, hand: Hand) -> None:
    make_up, row, via_row = linked.make_up, linked.row, linked.via_row
    if row is not None and row.status is Status.MADE_UP:
        _remember(session, linked, Status.MADE_UP, make_up.status_before, hand)
        if make_up.status_before is None:
            session.delete(row)
        else:
            credit = credit_of(linked.original, hand.tz)
            row.status, row.excuse_reason = make_up.status_before, make_up.excuse_before
            row.minutes, row.morning_minutes = credit.total, credit.morning
    if via_row is not None and via_row.made_up_for_id == make_up.session_id:
        via_row.made_up_for_id = None
        via_row.is_held = linked.via is not None and linked.via.state is SessionState.CLOSED
    make_up.state, make_up.done_on, make_up.minutes = MakeUpState.PLANNED, None, None
    make_up.status_before = make_up.excuse_before = None


def _remember(
    session: Session, linked: _Linked, before: Status | None, after: Status | None, hand: Hand
) -> None:
    session.add(
        AttendanceChange(
            session_id=linked.original.id,
            member_id=linked.make_up.member_id,
            status_before=before,
            status_after=after,
            reason=MAKE_UP,
            changed_by_id=hand.by_id,
            changed_at=hand.now,
        )
    )


def _settle_session(session: Session, row: TrainingSession, tz: ZoneInfo) -> None:
    # Whoever writes a session's rows anew has just said when.
    _settle(session, _about(row.id, None), Hand(None, row.updated_at, tz))


BEFORE_REWRITING.append(hold_make_ups)
WHEN_REWRITTEN.append(_settle_session)
