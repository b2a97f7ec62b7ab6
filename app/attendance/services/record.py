"""Records that a member attended: the one way into the ledger, however it was noticed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, AttendanceChange
from app.attendance.rules import Arrival, RefusalCode, arrival, supersedes
from app.attendance.services.admission import require_takes
from app.attendance.services.settle_make_ups import Hand, hold_make_ups, settle_rows
from app.core.db import is_postgresql, lock_shared_or_alone, writing
from app.core.errors import NotFound
from app.core.vocabulary import ExcuseReason, Method, SessionState, Status
from app.members.queries.as_of import Standing, standing_of
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.rules import Stay
from app.trainings.services.facts import credit_of


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a member was (or was excused from being) at a session, as somebody noticed it.

    occurred_at: when it happened, by the noticer's clock; received_at is ours. `device` is opaque.
    rule_at: when it happened for the rule on being late, where the noticer's clock is known to be wrong.
    stay: when they came and left, where that is decided already and no rule is to be asked again.
    standing: branch and groups on the session's day, as once noted, should the roster not know them there.
    """

    session_id: int
    member_id: int
    method: Method
    occurred_at: datetime
    status: Status = Status.PRESENT
    excuse_reason: ExcuseReason | None = None
    recorded_by_id: int | None = None
    device: str | None = None
    nonce: str | None = None
    rule_at: datetime | None = None
    stay: Stay | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says and how it came to say it: all that one noticing can change."""

    status: Status
    excuse_reason: ExcuseReason | None
    method: Method
    recorded_by_id: int | None
    device: str | None
    nonce: str | None
    occurred_at: datetime
    received_at: datetime
    came_at: datetime | None
    left_at: datetime | None

    @classmethod
    def by(cls, row: Attendance) -> Said:
        return cls(**{name: getattr(row, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`created`: this call made the row; otherwise it was there already, and stays as it was.

    came_at, left_at: as in the row. says: what the row says now; replaced: the leave or absence that gave
    way, so that a mistake can be undone whole; only staff's own ways of recording ask for these two.
    """

    created: bool
    status: Status
    recorded_at: datetime
    minutes: int
    is_extra: bool
    came_at: datetime | None = None
    left_at: datetime | None = None
    says: Said | None = None
    replaced: Said | None = None


def record_attendance(sighting: Sighting, now: datetime, *, tz: ZoneInfo, elderly_age: int) -> Outcome:
    """Write one attendance row, once. A repeat returns the row that is there and changes nothing;
    only a leave or an absence noted before gives way to somebody who came.

    Raises CheckInRefused (not_open, closed, cancelled, locked, unknown_member) and NotFound for a session
    that does not exist. The row is durable when this returns.
    """
    with writing() as session:
        lock_shared_or_alone(session, sighting.session_id, alone=False)
        # Anew: a caller may have read it before the lock was held.
        row = session.get(TrainingSession, sighting.session_id, populate_existing=True)
        if row is None:
            raise NotFound()
        require_takes(session, row, sighting.method, sighting.status)
        if row.state is SessionState.CLOSED:
            # Before the row is made: whoever settles them may be about to make it.
            hold_make_ups(session, row.id, [sighting.member_id])
        made = insert_once(session, _values(session, sighting, row, now, tz, elderly_age))
        if not made:
            hold_make_ups(session, row.id, [sighting.member_id])
        found = session.get_one(
            Attendance, (row.id, sighting.member_id), with_for_update=True, populate_existing=True
        )
        before = None
        if not made and supersedes(found.status, sighting.status):
            made, before = True, Said.by(found)
            _replace(session, found, sighting, row, now, tz)
        says = Said.by(found)
        if made and (row.state is SessionState.CLOSED or before is not None):
            hand = Hand(sighting.recorded_by_id, now, tz)
            settle_rows(session, row.id, [sighting.member_id], hand)
        return Outcome(
            made,
            says.status,
            says.received_at,
            found.minutes,
            found.is_extra,
            says.came_at,
            says.left_at,
            says,
            before,
        )


def say(found: Attendance, sighting: Sighting, row: TrainingSession, tz: ZoneInfo) -> None:
    """Make a row say what was noticed: the status by the session's rule, with the times and minutes of it."""
    seen = judged(sighting, row)
    credit = credit_of(row, tz, Stay(seen.came_at, seen.left_at))
    found.status, found.came_at, found.left_at = seen.status, seen.came_at, seen.left_at
    found.excuse_reason = sighting.excuse_reason if seen.status is Status.EXCUSED else None
    found.minutes, found.morning_minutes = credit.total, credit.morning


def judged(sighting: Sighting, row: TrainingSession) -> Arrival:
    """What a row says of a sighting: the status by the session's rule, with the times that go with it."""
    if sighting.stay is not None:
        return Arrival(sighting.status, sighting.stay.came_at, sighting.stay.left_at)
    span = (row.starts_at, row.ends_at)
    happened_at = sighting.rule_at or sighting.occurred_at
    return arrival(sighting.status, sighting.method, happened_at, span, row.late_after_minutes)


def _replace(
    session: Session,
    found: Attendance,
    sighting: Sighting,
    row: TrainingSession,
    now: datetime,
    tz: ZoneInfo,
) -> None:
    """Somebody on leave, or noted as absent, came after all."""
    before = found.status
    say(found, sighting, row, tz)
    session.add(
        AttendanceChange(
            session_id=found.session_id,
            member_id=found.member_id,
            status_before=before,
            status_after=found.status,
            reason=sighting.method.value,
            changed_by_id=sighting.recorded_by_id,
            changed_at=now,
        )
    )
    found.method = sighting.method
    found.recorded_by_id, found.device, found.nonce = sighting.recorded_by_id, sighting.device, sighting.nonce
    found.occurred_at, found.received_at = sighting.occurred_at, now


def insert_once(session: Session, values: dict[str, object]) -> bool:
    """Insert an attendance row unless the member has one; True when this call made it."""
    # The unique key decides, not a prior SELECT: two phones may post at once.
    insert = postgresql_insert if is_postgresql(session) else sqlite_insert
    statement = insert(Attendance).values(values).on_conflict_do_nothing().returning(Attendance.member_id)
    return session.execute(statement).first() is not None


def _values(
    session: Session, sighting: Sighting, row: TrainingSession, now: datetime, tz: ZoneInfo, elderly_age: int
) -> dict[str, object]:
    expected = session.get(ExpectedAttendee, (row.id, sighting.member_id)) is not None
    # As of the session's day, not of the day it was published: a transfer between them counts.
    standing = standing_of(session, sighting.member_id, row.office_date, elderly_age) or sighting.standing
    if standing is None:
        raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
    seen = judged(sighting, row)
    credit = credit_of(row, tz, Stay(seen.came_at, seen.left_at))
    return {
        "session_id": row.id,
        "member_id": sighting.member_id,
        "status": seen.status,
        "excuse_reason": sighting.excuse_reason if seen.status is Status.EXCUSED else None,
        "is_extra": not expected,
        "method": sighting.method,
        "recorded_by_id": sighting.recorded_by_id,
        "device": sighting.device,
        "nonce": sighting.nonce,
        "occurred_at": sighting.occurred_at,
        "received_at": now,
        "came_at": seen.came_at,
        "left_at": seen.left_at,
        "is_held": row.state is SessionState.CLOSED,
        "office_date": row.office_date,
        "kind_key": row.kind_key,
        "mode_key": row.mode_key,
        "class_id": row.class_id,
        "minutes": credit.total,
        "morning_minutes": credit.morning,
        "org_id": standing.org_id,
        "groups": standing.groups,
    }
