"""Ticks several people of a roster at once; whoever is recorded already stays as recorded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.attendance.models import Attendance
from app.attendance.services.correct import set_status, staff_sighting
from app.core.access import Scope
from app.core.db import writing
from app.core.vocabulary import Status
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
) -> Ticked:
    """Record `status` for those who have no row yet, all or nothing. Raises NotFound, CheckInRefused."""
    wanted = list(dict.fromkeys(member_ids))[:MOST_AT_ONCE]
    with writing() as session:
        scoped_session(session, session_id, scope, now)
        query = select(Attendance.member_id).where(
            Attendance.session_id == session_id, Attendance.member_id.in_(wanted)
        )
        known = set(session.scalars(query))
        for member_id in wanted:
            if member_id not in known:
                sighting = staff_sighting(session_id, member_id, status, None, scope.user_id, now)
                set_status(sighting, "", scope, now, tz=tz, elderly_age=elderly_age)
        return Ticked(len(wanted) - len(known), len(known))
