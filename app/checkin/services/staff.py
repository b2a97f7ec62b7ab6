"""Records what staff see: a tick, a visit; one at a time or a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from app.attendance.errors import CheckInRefused
from app.attendance.queries.recordable import recordable
from app.attendance.rules import RefusalCode
from app.attendance.services.record import Outcome, Sighting, record_attendance
from app.checkin.models import BatchReceipt
from app.core.access import Scope
from app.core.db import db, is_postgresql, writing
from app.core.errors import AppError, NotFound
from app.core.vocabulary import Method, Status
from app.members.queries.scoped import merged_into
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session

STAFF_METHODS = (Method.STAFF_ENTRY, Method.PAPER, Method.IMPORT, Method.API, Method.STAFF_SCAN)


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One tick of an offline round; `id` was made on the device, once."""

    id: str
    session_id: int
    member_id: int
    status: Status
    method: Method
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """recorded, already_recorded, or a refusal code."""

    id: str
    result: str
    status: Status | None = None
    recorded_at: datetime | None = None


def record_staff(
    sighting: Sighting, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Outcome:
    """A member named by staff. Raises CheckInRefused (out_of_scope, unknown_member, not_open …)."""
    row = require_session(sighting.session_id, scope, now)
    if not recordable(db.session(), row, [sighting.member_id], scope, now):
        # A round that was taken along before two records became one still names the other.
        kept_id = merged_into(db.session(), sighting.member_id)
        if kept_id is None or not recordable(db.session(), row, [kept_id], scope, now):
            raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
        sighting = replace(sighting, member_id=kept_id)
    return record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)


def record_batch(
    device: str, items: Sequence[BatchItem], scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> list[BatchAnswer]:
    """The ticks of an offline round, each answered for itself; sending them again answers the same."""
    return [_batch_item(device[:64], item, scope, now, tz, elderly_age) for item in items]


def _batch_item(
    device: str, item: BatchItem, scope: Scope, now: datetime, tz: ZoneInfo, elderly_age: int
) -> BatchAnswer:
    """One tick in one transaction. A refusal is not kept: the session may open before the next try."""
    with writing() as session:
        known = session.get(BatchReceipt, (device, item.id))
        if known is not None:
            return BatchAnswer(item.id, known.result, known.status, known.recorded_at)
        try:
            outcome = record_staff(_sighting(device, item, scope), scope, now, tz=tz, elderly_age=elderly_age)
        except AppError as refused:
            return BatchAnswer(item.id, refused.code)
        result = "recorded" if outcome.created else "already_recorded"
        answer = BatchAnswer(item.id, result, outcome.status, outcome.recorded_at)
        insert = postgresql_insert if is_postgresql(session) else sqlite_insert
        receipt = {"device": device, "item_id": item.id, "result": result}
        session.execute(
            insert(BatchReceipt)
            .values(**receipt, status=outcome.status, recorded_at=outcome.recorded_at)
            .on_conflict_do_nothing()
        )
        return answer


def _sighting(device: str, item: BatchItem, scope: Scope) -> Sighting:
    return Sighting(
        item.session_id,
        item.member_id,
        item.method,
        item.occurred_at,
        item.status,
        recorded_by_id=scope.user_id,
        device=device,
        nonce=item.id,
    )


def require_session(session_id: int, scope: Scope, now: datetime) -> TrainingSession:
    """The session. Raises CheckInRefused(out_of_scope) for one out of reach, there or not."""
    try:
        return scoped_session(db.session(), session_id, scope, now)
    except NotFound as missing:
        raise CheckInRefused(RefusalCode.OUT_OF_SCOPE) from missing
