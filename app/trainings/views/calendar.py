"""The month as a grid of days, and as a list on phones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.trainings.queries.listing import ListedSession, month_days, month_of, sessions_between
from app.trainings.views import bp

# More sessions of one day are counted and lead to the list of that day.
MOST_A_DAY = 5


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One cell of the month. `more` counts sessions that do not fit in it."""

    day: date
    is_other_month: bool
    is_today: bool
    sessions: tuple[ListedSession, ...]
    more: int


@bp.get("/sessions/calendar")
@permission("sessions.read")
def calendar() -> str:
    """Sessions of one month ("2026-03" in the address; this month without it)."""
    now, this_day = utc_now(), today()
    first, until = month_days(request.args.get("month", "")) or month_of(this_day)
    grid_first = first - timedelta(days=first.weekday())
    grid_until = until + timedelta(days=-until.weekday() % 7)
    found = sessions_between(db.session(), grid_first, grid_until, current_scope(), now)
    return render_template(
        "trainings/calendar.html",
        first=first,
        previous=f"{first - timedelta(days=1):%Y-%m}",
        following=f"{until:%Y-%m}",
        this_month=f"{this_day:%Y-%m}",
        days=_days(grid_first, grid_until, first.month, this_day, found),
        total=sum(first <= row.office_date < until for row in found),
    )


def _days(
    first: date, until: date, month: int, this_day: date, found: list[ListedSession]
) -> list[CalendarDay]:
    by_day: dict[date, list[ListedSession]] = defaultdict(list)
    for row in found:
        by_day[row.office_date].append(row)
    return [
        CalendarDay(
            day=day,
            is_other_month=day.month != month,
            is_today=day == this_day,
            sessions=tuple(by_day[day][:MOST_A_DAY]),
            more=max(0, len(by_day[day]) - MOST_A_DAY),
        )
        for day in (first + timedelta(days=n) for n in range((until - first).days))
    ]
