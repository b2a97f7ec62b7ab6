"""Decides what a page seen at a glance shows: its period, its months, and which of them lack a duty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import accumulate

from app.reports.rules import PERIODS_A_YEAR, Period, snapshot_day


def glance_period(latest: Period, today: date) -> Period:
    """This month; or the latest period with something to show, while this year has nothing yet."""
    return Period.of_month(today.year, today.month) if latest.first.year == today.year else latest


def months_begun(year: int, today: date) -> range:
    """Numbers of the year's months up to the present one: 1 to 12 of a year that is over."""
    return range(1, snapshot_day(Period.of_year(year), today).month + 1)


def running_total(first_months: Mapping[int, int]) -> list[int]:
    """Of members by the month that first reached them (0: none did): how many by the end of each month."""
    return list(accumulate(first_months.get(month, 0) for month in range(1, 13)))


def duty_span(frequency: str, month: int) -> range:
    """Numbers of the months of the period (month, quarter, year) that a month lies in."""
    length = 12 // PERIODS_A_YEAR[frequency]
    first = (month - 1) // length * length + 1
    return range(first, first + length)


def lacks_duty(months: Sequence[int], span: range, year: int, opened_on: date | None) -> bool:
    """Whether a branch that existed from the first day of a span of months held nothing in it.

    months: sessions held in each of the twelve months. As in `duty_score`, a branch that opened within
    the span owes nothing for it.
    """
    if opened_on is not None and opened_on > date(year, span.start, 1):
        return False
    return not any(months[month - 1] for month in span)
