"""The figure low_assurance_person_times: how much of a report rests on codes that hung on a wall."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.reports.queries.drill.behind import Behind, row_conditions
from app.reports.queries.place import Place
from app.reports.rules import Period


def low_assurance_person_times(
    session: Session, period: Period, place: Place, *, by_host: bool = False
) -> int:
    """Of the person-times of a period and place those that came by a method of LOW_ASSURANCE_METHODS.

    The same rows as the figure person_times counts (by the branch of the session's day), or with
    `by_host` those of sessions that the place hosted, as in the ledger. Source: docs/figures.md.
    """
    rows = row_conditions(Behind(place, period, by_host=by_host, low_assurance=True))
    return session.scalar(select(func.count()).select_from(Attendance).where(*rows)) or 0
