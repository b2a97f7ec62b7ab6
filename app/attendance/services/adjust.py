"""Notes what a row of a locked period should say; unlocking says it, and until then no figure moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Adjustment, Attendance
from app.attendance.queries.adjustments import waiting_adjustment
from app.attendance.rules import RefusalCode
from app.attendance.services.admission import held_row, held_session
from app.attendance.services.record import Sighting, judged
from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.i18n import Text, lazy
from app.core.vocabulary import COUNTED_STATUSES, ExcuseReason, Method, Status
from app.members.queries.as_of import standing_of
from app.trainings.models import TrainingSession
from app.trainings.rules import Stay
from app.trainings.services.facts import credit_of

NEEDS_REASON: Text = lazy("写明原因后,可以登记为“锁定后调整”:数字不变,报表下单独列出。")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row is to say, and what it is credited. method, occurred_at: how and when it was noticed, should
    there be no row yet."""

    status: Status
    excuse_reason: ExcuseReason | None = None
    came_at: datetime | None = None
    left_at: datetime | None = None
    minutes: int = 0
    method: Method = Method.STAFF_ENTRY
    occurred_at: datetime | None = None

    @classmethod
    def of(cls, sighting: Sighting, row: TrainingSession, tz: ZoneInfo) -> Wanted:
        seen = judged(sighting, row)
        excuse = sighting.excuse_reason if seen.status is Status.EXCUSED else None
        minutes = credit_of(row, tz, Stay(seen.came_at, seen.left_at)).total
        method, at = sighting.method, sighting.occurred_at
        return cls(seen.status, excuse, seen.came_at, seen.left_at, minutes, method, at)


@dataclass(frozen=True, slots=True)
class Why:
    """Who adjusts, when, and why. Without a reason nothing of a locked period is adjusted."""

    reason: str
    by_id: int | None
    now: datetime


def adjust(
    session: Session,
    row: TrainingSession,
    member_id: int,
    wanted: Wanted | None,
    why: Why,
    *,
    elderly_age: int | None = None,
) -> Adjustment | None:
    """Note what the member's row is to say (None: nothing); the one that waits, None if none has to.

    The caller holds the session. What waited before gives way; wanting what the row says anyway leaves
    nothing waiting; wanting the same again changes nothing. elderly_age: for a member without a row.
    Raises CheckInRefused (locked without a reason, unknown_member).
    """
    if not why.reason.strip():
        raise CheckInRefused(RefusalCode.LOCKED, NEEDS_REASON)
    # Two who adjust the same person at once: the second waits, and reads what the first has noted.
    session.refresh(row, with_for_update={"key_share": True})
    found = held_row(session, row.id, member_id)
    waiting = waiting_adjustment(session, row.id, member_id)
    if waiting is not None:
        if _says(wanted) == _says(adjusted_to(waiting)):
            return waiting
        withdraw_one(waiting, why.by_id, why.now)
        session.flush()
    if _says(wanted) == _says(found):
        return None
    where = _standing(session, row, member_id, found or waiting, elderly_age)
    made = _made(row, member_id, wanted, found, where, why)
    session.add(made)
    session.flush()
    before, after = made.status_before, made.status_after
    record_act(
        session,
        "attendance.adjust",
        f"session:{row.id}/member:{member_id}",
        why.by_id,
        why.now,
        before=before.value if before else None,
        after=after.value if after else None,
    )
    return made


def withdraw(session_id: int, member_id: int, scope: Scope, now: datetime) -> bool:
    """What waits for the member's row is not to be said after all; False when nothing waits.

    Raises NotFound.
    """
    with writing() as session:
        row = held_session(session, session_id, scope, now, of=[member_id])
        session.refresh(row, with_for_update={"key_share": True})
        waiting = waiting_adjustment(session, session_id, member_id)
        if waiting is None:
            return False
        withdraw_one(waiting, scope.user_id, now)
        subject = f"session:{session_id}/member:{member_id}"
        record_act(session, "attendance.withdraw", subject, scope.user_id, now, adjustment=waiting.id)
        return True


def withdraw_all(session: Session, session_id: int, why: Why) -> tuple[int, list[datetime]]:
    """Withdraw what waits at the session for this reason: how many; and when others of it were applied."""
    mine = (Adjustment.session_id == session_id, Adjustment.reason == why.reason)
    query = select(Adjustment).where(*mine, Adjustment.withdrawn_at.is_(None)).with_for_update()
    found = session.scalars(query.order_by(Adjustment.member_id)).all()
    waiting = [each for each in found if each.applied_at is None]
    for each in waiting:
        withdraw_one(each, why.by_id, why.now)
    return len(waiting), [each.applied_at for each in found if each.applied_at is not None]


def withdraw_one(waiting: Adjustment, by_id: int | None, now: datetime) -> None:
    """Within the caller's transaction."""
    waiting.withdrawn_at, waiting.withdrawn_by_id = now, by_id


def says_already(found: Attendance | None, told: Adjustment) -> bool:
    """Whether the row says anyway what was noted."""
    return _says(found) == _says(adjusted_to(told))


def _says(said: Wanted | Attendance | None) -> tuple[object, ...] | None:
    return None if said is None else (said.status, said.excuse_reason, said.came_at, said.left_at)


def adjusted_to(told: Adjustment) -> Wanted | None:
    """What was noted; None: the row is to be taken back."""
    if told.status_after is None:
        return None
    return Wanted(
        told.status_after,
        told.excuse_reason,
        told.came_at,
        told.left_at,
        told.minutes_after,
        told.method or Method.STAFF_ENTRY,
        told.occurred_at,
    )


def _made(
    row: TrainingSession,
    member_id: int,
    wanted: Wanted | None,
    found: Attendance | None,
    where: tuple[int, int],
    why: Why,
) -> Adjustment:
    made = Adjustment(
        session_id=row.id,
        member_id=member_id,
        status_before=found.status if found else None,
        minutes_before=counted_minutes(found),
        minutes_after=0,
        office_date=row.office_date,
        org_id=where[0],
        groups=where[1],
        reason=why.reason.strip(),
        made_by_id=why.by_id,
        made_at=why.now,
    )
    if wanted is not None:
        made.status_after, made.excuse_reason = wanted.status, wanted.excuse_reason
        made.came_at, made.left_at = wanted.came_at, wanted.left_at
        made.method, made.occurred_at = wanted.method, wanted.occurred_at
        made.minutes_after = wanted.minutes if wanted.status in COUNTED_STATUSES else 0
    return made


def counted_minutes(found: Attendance | None) -> int:
    """What a row counts in minutes."""
    return found.minutes if found is not None and found.status in COUNTED_STATUSES else 0


def _standing(
    session: Session,
    row: TrainingSession,
    member_id: int,
    known: Attendance | Adjustment | None,
    elderly_age: int | None,
) -> tuple[int, int]:
    """Branch and groups on the session's day."""
    if known is not None:
        return known.org_id, known.groups
    standing = None
    if elderly_age is not None:
        standing = standing_of(session, member_id, row.office_date, elderly_age)
    if standing is None:
        raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
    return standing.org_id, standing.groups
