"""Records the ticks of a phone that was offline: each once, none lost, each answered the same again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance
from app.attendance.rules import RefusalCode, arrival, supersedes
from app.attendance.services.admission import stands_still
from app.attendance.services.record import Sighting, record_attendance
from app.attendance.services.review import Finding, raise_item, times_of
from app.checkin.models import BatchReceipt
from app.checkin.queries.rounds import has_open_tick
from app.checkin.rules_clock import Heard, is_implausible, moment_for_rules
from app.checkin.services.staff import resolved
from app.core.access import Scope
from app.core.clock import office_date
from app.core.db import is_postgresql, lock_shared_or_alone, writing
from app.core.errors import AppError
from app.core.vocabulary import ExcuseReason, Method, ReviewKind, SessionState, Status
from app.members.queries.scoped import merged_into
from app.trainings.models import TrainingSession

RECORDED, ALREADY_RECORDED, NEEDS_REVIEW = "recorded", "already_recorded", "needs_review"
# A tick that comes when the session is over waits for a person; it is neither recorded nor lost.
TOO_LATE = frozenset({RefusalCode.CLOSED, RefusalCode.LOCKED})
DEVICE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One tick of an offline round; `id` was made on the device, once."""

    id: str
    session_id: int
    member_id: int
    status: Status
    method: Method
    occurred_at: datetime
    excuse_reason: ExcuseReason | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Ticks of one device, and who noted them.

    sent_at: the device's clock as it sent them. keeps: the refusals after which a tick waits for a person
    instead of being refused. is_revoked: the device may no longer record by itself. of_round: one tick a
    member of that round waits at a time.
    """

    device: str
    items: Sequence[BatchItem]
    noted_by_id: int | None
    sent_at: datetime | None = None
    keeps: frozenset[RefusalCode] = TOO_LATE
    is_revoked: bool = False
    of_round: int | None = None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """recorded, already_recorded, needs_review, or a refusal code."""

    id: str
    result: str
    status: Status | None = None
    recorded_at: datetime | None = None


def record_batch(
    batch: Batch, scope: Scope | None, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> list[BatchAnswer]:
    """Each tick in a transaction of its own, answered for itself; sending them again answers the same.

    scope: where whoever noted them may record now; None: nowhere any more. A wrong clock of the device is
    put before a person once a session, and the ticks are recorded all the same.
    """
    batch = replace(batch, device=batch.device[:DEVICE_LENGTH])
    answers, stored = [], []
    for item in batch.items:
        answer, is_new = _answer(batch, item, scope, now, tz, elderly_age)
        answers.append(answer)
        if is_new and answer.result in (RECORDED, NEEDS_REVIEW):
            stored.append(item)
    _flag_clock(batch, stored, now, tz)
    return answers


def _answer(
    batch: Batch, item: BatchItem, scope: Scope | None, now: datetime, tz: ZoneInfo, elderly_age: int
) -> tuple[BatchAnswer, bool]:
    """The answer, and whether it is this call's. A refusal is not remembered: the session may open before
    the next try."""
    key = (batch.device, item.id)
    with writing() as session:
        known = session.get(BatchReceipt, key)
        if known is not None:
            return _said(item.id, known.result, known.status, known.recorded_at), False
        try:
            result, status, at = _record_or_keep(session, batch, item, scope, now, tz, elderly_age)
        except AppError as refused:
            return BatchAnswer(item.id, refused.code), False
        insert = postgresql_insert if is_postgresql(session) else sqlite_insert
        is_new = session.execute(
            insert(BatchReceipt)
            .values(device=batch.device, item_id=item.id, result=result, status=status, recorded_at=at)
            .on_conflict_do_nothing()
            .returning(BatchReceipt.item_id)
        ).first()
        if is_new is None:
            # Sent twice at once: whichever was first has said what both hear.
            first = session.get_one(BatchReceipt, key)
            return _said(item.id, first.result, first.status, first.recorded_at), False
        return _said(item.id, result, status, at), True


def _said(item_id: str, result: str, status: Status, at: datetime) -> BatchAnswer:
    if result == NEEDS_REVIEW:
        return BatchAnswer(item_id, result)
    return BatchAnswer(item_id, result, status, at)


def _record_or_keep(
    session: Session,
    batch: Batch,
    item: BatchItem,
    scope: Scope | None,
    now: datetime,
    tz: ZoneInfo,
    elderly_age: int,
) -> tuple[str, Status, datetime]:
    """(result, status, since when). Raises CheckInRefused for what is neither recorded nor kept."""
    sighting = _sighting(batch, item)
    try:
        if scope is None:
            raise CheckInRefused(RefusalCode.OUT_OF_SCOPE)
        sighting = resolved(sighting, scope, now)
        row = _row(session, item.session_id)
        if batch.is_revoked:
            raise CheckInRefused(RefusalCode.REVOKED)
        if row.state is SessionState.CLOSED:
            raise CheckInRefused(RefusalCode.LOCKED if stands_still(session, row) else RefusalCode.CLOSED)
        sighting = replace(sighting, rule_at=_rule_at(batch, item.occurred_at, row, now, tz))
        outcome = record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)
    except CheckInRefused as refused:
        if refused.refusal not in batch.keeps:
            raise
        return _keep(session, batch, sighting, refused.refusal, now, tz)
    return RECORDED if outcome.created else ALREADY_RECORDED, outcome.status, outcome.recorded_at


def _sighting(batch: Batch, item: BatchItem) -> Sighting:
    return Sighting(
        item.session_id,
        item.member_id,
        item.method,
        item.occurred_at,
        item.status,
        item.excuse_reason,
        recorded_by_id=batch.noted_by_id,
        device=batch.device,
        nonce=item.id,
    )


def _row(session: Session, session_id: int) -> TrainingSession:
    """The session as it stands, and stays until the transaction ends."""
    lock_shared_or_alone(session, session_id, alone=False)
    return session.get_one(TrainingSession, session_id, populate_existing=True)


def _keep(
    session: Session, batch: Batch, sighting: Sighting, why: RefusalCode, now: datetime, tz: ZoneInfo
) -> tuple[str, Status, datetime]:
    """Put the tick before a person, whole, late by the session's rule; not where it would change nothing."""
    row = _row(session, sighting.session_id)
    if row.state is SessionState.CANCELLED:
        raise CheckInRefused(RefusalCode.CANCELLED)
    member_id = merged_into(session, sighting.member_id) or sighting.member_id
    found = session.get(Attendance, (sighting.session_id, member_id), populate_existing=True)
    if found is not None and not supersedes(found.status, sighting.status):
        return ALREADY_RECORDED, found.status, found.received_at
    if batch.of_round is not None and has_open_tick(session, row.id, batch.of_round, member_id):
        return NEEDS_REVIEW, sighting.status, now
    rule_at = _rule_at(batch, sighting.occurred_at, row, now, tz)
    span = (row.starts_at, row.ends_at)
    seen = arrival(sighting.status, sighting.method, rule_at, span, row.late_after_minutes)
    evidence = {
        **times_of(seen),
        "why": why.value,
        "received_at": now.isoformat(timespec="seconds"),
        "offset_seconds": _offset_seconds(batch, now),
        # A category, like the status beside it; the table has no column for it.
        "excuse_reason": sighting.excuse_reason,
    }
    tick = Finding(
        ReviewKind.LATE_TICK,
        f"{batch.device}:{sighting.nonce}",
        evidence,
        member_id,
        seen.status,
        sighting.method,
        sighting.occurred_at,
        batch.device,
        batch.noted_by_id,
    )
    raise_item(session, sighting.session_id, tick, now)
    return NEEDS_REVIEW, sighting.status, now


def _offset_seconds(batch: Batch, now: datetime) -> int | None:
    offset = Heard(now, batch.sent_at).offset
    return None if offset is None else round(offset.total_seconds())


def _is_implausible(at: datetime, row: TrainingSession, heard: Heard, tz: ZoneInfo) -> bool:
    return is_implausible(at, heard, office_date(at, tz), row.office_date)


def _rule_at(batch: Batch, at: datetime, row: TrainingSession, now: datetime, tz: ZoneInfo) -> datetime:
    heard = Heard(now, batch.sent_at)
    return moment_for_rules(at, heard, _is_implausible(at, row, heard, tz), row.starts_at)


def _flag_clock(batch: Batch, stored: Sequence[BatchItem], now: datetime, tz: ZoneInfo) -> None:
    """Once for this device and each session of which it told something by a wrong clock."""
    if not stored:
        return
    heard, of = Heard(now, batch.sent_at), defaultdict(list)
    with writing() as session:
        query = select(TrainingSession).where(TrainingSession.id.in_({item.session_id for item in stored}))
        rows = {row.id: row for row in session.scalars(query)}
        for item in stored:
            if heard.clock_is_wrong or _is_implausible(item.occurred_at, rows[item.session_id], heard, tz):
                of[item.session_id].append(item.occurred_at)
        for session_id, times in of.items():
            evidence = {
                "offset_seconds": _offset_seconds(batch, now),
                "count": len(times),
                "earliest": min(times).isoformat(timespec="seconds"),
                "latest": max(times).isoformat(timespec="seconds"),
                "received_at": now.isoformat(timespec="seconds"),
            }
            found = Finding(
                ReviewKind.WRONG_CLOCK,
                batch.device,
                evidence,
                device=batch.device,
                noted_by_id=batch.noted_by_id,
            )
            raise_item(session, session_id, found, now)
