"""Ticks several people of a roster at once; whoever is recorded already stays as recorded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.queries.recordable import recordable
from app.attendance.services.correct import staff_sighting
from app.attendance.services.record import record_attendance
from app.core.access import Scope
from app.core.db import writing
from app.core.errors import NotFound
from app.core.vocabulary import ExcuseReason, Status
from app.trainings.queries.sessions import scoped_session

# A page of the roster, with room to spare: all are written in one transaction.
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Ticked:
    """How many were recorded now, and how many had been recorded before and stay as they were."""

    recorded: int
    kept: int


def tick_all(
    session_id: int,
    member_ids: Collection[int],
    status: Status,
    scope: Scope,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
    excuse: ExcuseReason | None = None,
) -> Ticked:
    """Record `status` for those who have no row yet, all or nothing. Raises NotFound, CheckInRefused."""
    # In one order: two users who tick the same page must not wait for each other in a ring.
    wanted = sorted(set(member_ids))[:MOST_AT_ONCE]
    with writing() as session:
        row = scoped_session(session, session_id, scope, now)
        if set(wanted) - recordable(session, row, wanted, scope, now):
            raise NotFound()
        query = select(Attendance.member_id).where(
            Attendance.session_id == session_id, Attendance.member_id.in_(wanted)
        )
        known = set(session.scalars(query))
        recorded = 0
        for member_id in wanted:
            if member_id in known:
                continue
            sighting = staff_sighting(session_id, member_id, status, excuse, scope.user_id, now)
            if record_attendance(sighting, now, tz=tz, elderly_age=elderly_age).created:
                recorded += 1
                session.add(
                    AttendanceChange(
                        session_id=session_id,
                        member_id=member_id,
                        status_after=status,
                        reason="",
                        changed_by_id=scope.user_id,
                        changed_at=now,
                    )
                )
        return Ticked(recorded, len(wanted) - recorded)
