"""SELECTs of the rows that one action of staff has recorded."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange


def nonce_of(key: str) -> str:
    """What rows of the action with this key carry, told apart from what clients choose for themselves."""
    return f"bulk:{key}"


def unchanged(session_id: int, nonce: str) -> list[ColumnElement[bool]]:
    """Conditions of the rows of one action that nobody has changed since."""
    changed = exists().where(
        AttendanceChange.session_id == Attendance.session_id,
        AttendanceChange.member_id == Attendance.member_id,
        AttendanceChange.status_before.is_not(None),
        AttendanceChange.changed_at >= Attendance.received_at,
        AttendanceChange.status_after.is_not(None),
    )
    # Who has signed out since was there; of leaving early as the action noted it, it knows the time itself.
    stayed = or_(Attendance.left_at.is_(None), Attendance.left_at == Attendance.occurred_at)
    return [Attendance.session_id == session_id, Attendance.nonce == nonce, stayed, ~changed]


def count_unchanged(session: Session, session_id: int, key: str) -> int:
    """How many rows undoing the action would remove."""
    query = select(func.count()).where(*unchanged(session_id, nonce_of(key)))
    return session.scalar(query) or 0
