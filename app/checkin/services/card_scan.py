"""Records a member's card that was read at the door: coming, and leaving where a session asks for it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance
from app.attendance.queries.recordable import recordable
from app.attendance.rules import Arrival, RefusalCode, arrival, status_on_leaving
from app.attendance.services.admission import held_row
from app.attendance.services.record import Outcome, Said, Sighting, record_attendance
from app.attendance.services.review import LEAVING, Finding, raise_item, times_of
from app.attendance.services.sign_out import sign_out
from app.checkin.queries.lookup import TokenHolder, holder_of_card_number
from app.checkin.services.cards import CardStopped, holder_by_card
from app.checkin.services.staff import require_session
from app.checkin.services.undo import Undo, undo_text
from app.core.access import Scope
from app.core.db import lock_shared_or_alone, writing
from app.core.vocabulary import ATTENDED_STATUSES, Method, ReviewKind, SessionState, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import left_early
from app.trainings.services.facts import timing_of

# A page that lost its network sends what it kept; older than this, the list is the better place.
LONGEST_WAIT = timedelta(hours=12)
# One leaving, however often its reading is sent: how long each sending is under way differs.
SAME_LEAVING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CardRead:
    """What was read at a session's door: a card's QR text, or the number printed on the card.

    read_at: when, by our clock; None: now. nonce: made by the reader, once for each reading.
    """

    session_id: int
    text: str
    nonce: str | None = None
    read_at: datetime | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class CardResult:
    """Whose card it was and what came of it.

    created: this call made or changed the row; repeated: the same reading did so before. undo: what
    undoes it. for_review: the session was closed before the reading arrived; somebody decides.
    """

    member_id: int
    name: str
    status: Status
    at: datetime
    created: bool
    repeated: bool = False
    undo: str | None = None
    for_review: bool = False


def record_card(
    read: CardRead, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int, by_number: bool = True
) -> CardResult:
    """A member's card read at the door of a session. A reading sent again answers as the first did.

    by_number: the printed number will do, for members whom the scope may record: numbers follow one
    another, so they are for staff alone. Raises CheckInRefused.
    """
    with writing() as session:
        row = require_session(read.session_id, scope, now)
        member = _holder(session, row, read.text, scope if by_number else None, now)
        at = min(read.read_at or now, now)
        sighting = Sighting(
            row.id,
            member.member_id,
            Method.STAFF_SCAN,
            at,
            recorded_by_id=scope.user_id,
            device=read.device,
            nonce=read.nonce,
        )
        try:
            outcome = record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)
        except CheckInRefused:
            # It has read the session anew, under the lock: only now it is known whether it was over.
            if not _was_before_closing(row, at):
                raise
            return _too_late(session, read, member, row, at, scope, now)
        return _told(read, member, outcome, now)


def sign_out_card(read: CardRead, scope: Scope, now: datetime, *, tz: ZoneInfo) -> CardResult:
    """The holder of the card leaves. A reading sent again, or an older one, changes nothing.

    Raises CheckInRefused, and WrongState as `sign_out` does.
    """
    with writing() as session:
        # Before the row: closing takes the two in this order.
        lock_shared_or_alone(session, read.session_id, alone=False)
        row = require_session(read.session_id, scope, now)
        member = _holder(session, row, read.text, scope, now)
        key = (row.id, member.member_id)
        found = held_row(session, *key)
        at = min(read.read_at or now, now)
        if found is not None and found.left_at is not None and at <= found.left_at + SAME_LEAVING:
            return CardResult(
                member.member_id, member.name, found.status, found.left_at, False, repeated=True
            )
        if row.asks_sign_out and _was_before_closing(row, at):
            return _kept(session, read, member, ("leave", _leaving(row, found, at)), at, scope, now)
        before = Said.by(found) if found is not None else None
        left = sign_out(*key, at, tz=tz, by_id=scope.user_id)
        made = Said.by(session.get_one(Attendance, key))
        undo = undo_text(Undo(*key, made, before, now))
        return CardResult(member.member_id, member.name, left.status, left.left_at, True, undo=undo)


def _told(read: CardRead, member: TokenHolder, outcome: Outcome, now: datetime) -> CardResult:
    says, undo = outcome.says, None
    is_same = says is not None and read.nonce is not None and says.nonce == read.nonce
    if outcome.created and says is not None:
        undo = undo_text(Undo(read.session_id, member.member_id, says, outcome.replaced, now))
    return CardResult(
        member.member_id,
        member.name,
        outcome.status,
        outcome.recorded_at,
        outcome.created,
        repeated=is_same and not outcome.created,
        undo=undo,
    )


def _holder(
    session: Session, row: TrainingSession, text: str, scope: Scope | None, now: datetime
) -> TokenHolder:
    text = unicodedata.normalize("NFKC", text).strip()
    if scope is not None and text.isdecimal() and len(text) <= 9:
        found = holder_of_card_number(session, int(text))
        if found is None or not recordable(session, row, [found.member_id], scope, now):
            raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
        if found.revoked:
            raise CardStopped(found.name)
        return found
    return holder_by_card(text)


def _was_before_closing(row: TrainingSession, at: datetime) -> bool:
    return row.state is SessionState.CLOSED and row.closed_at is not None and at < row.closed_at


def _too_late(
    session: Session,
    read: CardRead,
    member: TokenHolder,
    row: TrainingSession,
    at: datetime,
    scope: Scope,
    now: datetime,
) -> CardResult:
    """The card was there in time and its reading came too late: kept whole, for a person to record."""
    found = session.get(Attendance, (row.id, member.member_id))
    if found is not None and found.status in ATTENDED_STATUSES:
        return CardResult(member.member_id, member.name, found.status, found.received_at, False)
    span = (row.starts_at, row.ends_at)
    seen = arrival(Status.PRESENT, Method.STAFF_SCAN, at, span, row.late_after_minutes)
    return _kept(session, read, member, ("scan", seen), at, scope, now)


def _leaving(row: TrainingSession, found: Attendance | None, at: datetime) -> Arrival:
    """Whoever is not recorded as having come may leave all the same: their coming may be waiting too."""
    before, came_at = (found.status, found.came_at) if found is not None else (Status.PRESENT, None)
    early = left_early(at, timing_of(row).over)
    return Arrival(status_on_leaving(before, came_late=came_at is not None, early=early), came_at, at)


def _kept(
    session: Session,
    read: CardRead,
    member: TokenHolder,
    what: tuple[str, Arrival],
    at: datetime,
    scope: Scope,
    now: datetime,
) -> CardResult:
    kind, seen = what
    evidence = {"occurred_at": at.isoformat(), "received_at": now.isoformat(), **times_of(seen)}
    finding = Finding(
        ReviewKind.LATE_TICK,
        subject=f"{kind}/{read.nonce or member.member_id}",
        evidence={**evidence, LEAVING: kind == "leave"},
        member_id=member.member_id,
        status=seen.status,
        # As what staff saw: a scan ends with the session, what they enter does not.
        method=Method.STAFF_ENTRY,
        occurred_at=at,
        device=read.device,
        noted_by_id=scope.user_id,
    )
    raise_item(session, read.session_id, finding, now)
    return CardResult(member.member_id, member.name, seen.status, at, False, for_review=True)
