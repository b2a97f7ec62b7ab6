"""Notes when a member leaves, where a session asks for it; not signing out costs nobody anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.reasons import SIGN_OUT
from app.attendance.rules import status_on_leaving
from app.attendance.services.admission import held_row, require_takes
from app.core.db import lock_shared_or_alone, writing
from app.core.errors import NotFound, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import ATTENDED_STATUSES, Method, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Stay, left_early
from app.trainings.services.facts import credit_of, timing_of


@dataclass(frozen=True, slots=True)
class SignedOut:
    """When the member left, as what the row now counts, and for how many minutes."""

    left_at: datetime
    status: Status
    minutes: int


def sign_out(
    session_id: int, member_id: int, now: datetime, *, tz: ZoneInfo, by_id: int | None = None
) -> SignedOut:
    """The member leaves now. Signing out again moves the time on: whoever came back left later. It never
    moves it back: a card that was read earlier may be sent later.

    by_id: the staff user who notes it; None: the member. Raises NotFound, CheckInRefused (not_open,
    closed, cancelled, locked), and WrongState where the session asks for no sign-out or the member has not
    checked in.
    """
    with writing() as session:
        lock_shared_or_alone(session, session_id, alone=False)
        row = session.get(TrainingSession, session_id, populate_existing=True)
        if row is None:
            raise NotFound()
        require_takes(session, row, Method.MEMBER_SCAN, Status.PRESENT)
        if not row.asks_sign_out:
            raise WrongState(lazy("这一场不需要签退。"))
        found = held_row(session, session_id, member_id)
        if found is None or found.status not in ATTENDED_STATUSES:
            raise WrongState(lazy("还没有签到,请先签到。"))
        _leave(session, found, row, now, tz, by_id)
        return SignedOut(found.left_at or now, found.status, found.minutes)


def _leave(
    session: Session,
    found: Attendance,
    row: TrainingSession,
    now: datetime,
    tz: ZoneInfo,
    by_id: int | None,
) -> None:
    if found.left_at is not None and now <= found.left_at:
        return
    before = found.status
    found.left_at = now
    found.status = status_on_leaving(
        before, came_late=found.came_at is not None, early=left_early(now, timing_of(row).over)
    )
    credit = credit_of(row, tz, Stay(found.came_at, now))
    found.minutes, found.morning_minutes = credit.total, credit.morning
    if found.status is not before:
        session.add(
            AttendanceChange(
                session_id=found.session_id,
                member_id=found.member_id,
                status_before=before,
                status_after=found.status,
                reason=SIGN_OUT,
                changed_by_id=by_id,
                changed_at=now,
            )
        )
