"""SELECT of what rows of a session said before, for the people on one page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from app.attendance.models import AttendanceChange
from app.core.vocabulary import Status
from app.members.queries.staff_names import STAFF


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a row; None: not recorded."""

    status_before: Status | None
    status_after: Status | None
    reason: str
    by: str | None
    at: datetime
    by_id: int | None = None


def history_of(session: Session, session_id: int, member_ids: Collection[int]) -> dict[int, list[Change]]:
    """The changes of rows that said something else before, the first one first; by member."""
    if not member_ids:
        return {}
    query = (
        select(
            AttendanceChange.member_id,
            AttendanceChange.status_before,
            AttendanceChange.status_after,
            AttendanceChange.reason,
            STAFF.c.display_name.label("by"),
            AttendanceChange.changed_at.label("at"),
            AttendanceChange.changed_by_id.label("by_id"),
        )
        .outerjoin(STAFF, STAFF.c.id == AttendanceChange.changed_by_id)
        .where(AttendanceChange.session_id == session_id, AttendanceChange.member_id.in_(member_ids))
        .order_by(AttendanceChange.id)
    )
    found: dict[int, list[Change]] = defaultdict(list)
    for member_id, *told in session.execute(query):
        found[member_id].append(Change(*told))
    # Being recorded is no correction.
    return {member_id: told for member_id, told in found.items() if any(c.status_before for c in told)}


def was_changed(session_id: int) -> ScalarSelect[int]:
    """SELECT of how many changes the rows of a session have seen."""
    mine = AttendanceChange.session_id == session_id
    return select(func.count()).select_from(AttendanceChange).where(mine).scalar_subquery()
