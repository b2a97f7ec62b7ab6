"""Decides which months' reports are due, how long a try may take, and when trying ends."""

from __future__ import annotations

from datetime import date, timedelta

from app.reports.rules import Period

# Reports of months in which the server was down are still made, so many back.
MOST_MONTHS_BACK = 3
MOST_ATTEMPTS = 3
# A report that is not done by then was lost with its process.
LEASE = timedelta(minutes=10)
# A mail that was not taken is offered again after so long, for so long.
MAIL_AGAIN = timedelta(hours=1)
MAIL_FOR = timedelta(days=3)
KEPT_DAYS = 400


def months_due(since: date, today: date) -> tuple[Period, ...]:
    """The months to report on by `today`, the oldest first: those that ended before it, from that of
    `since` on, the latest MOST_MONTHS_BACK of them."""
    found = []
    month = today.replace(day=1)
    for _ in range(MOST_MONTHS_BACK):
        last = month - timedelta(days=1)
        month = last.replace(day=1)
        if last < since:
            break
        found.append(Period(month, last))
    return tuple(reversed(found))


def next_first(today: date) -> date:
    """The day on which the next report is made."""
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
