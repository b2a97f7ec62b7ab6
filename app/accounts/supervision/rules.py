"""Decides which days an assignment may have, and what a new one leaves of those there are; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

from app.core.vocabulary import FOREVER
from app.members.rules import AHEAD, SINCE_EVER, first_overlap

# Units that one instructor or team may hold at a time. Whoever has more is given the unit above them:
# the scope of a request names every unit.
MOST_UNITS = 300


class DayFault(StrEnum):
    """What is wrong with the days of a row."""

    OUT_OF_RANGE = "out_of_range"
    BEFORE_FROM = "before_from"


def day_fault(starts_on: date, ends_on: date | None, today: date) -> DayFault | None:
    """Whether half-open days make sense: entered at most three months ahead, ending after they begin."""
    if not SINCE_EVER <= starts_on <= today + AHEAD:
        return DayFault.OUT_OF_RANGE
    return DayFault.BEFORE_FROM if ends_on is not None and ends_on <= starts_on else None


def latest_start(today: date) -> date:
    """The last day from which an assignment can be entered now."""
    return today + AHEAD


def is_held(spans: Iterable[tuple[date, date]], starts_on: date, ends_on: date | None) -> bool:
    """Whether one of half-open `spans` has all the days of [starts_on, ends_on)."""
    return any(start <= starts_on and (ends_on or FOREVER) <= end for start, end in spans)


def shared_days(
    spans: Iterable[tuple[date, date]], starts_on: date, ends_on: date | None, replaced: date | None = None
) -> tuple[date, date] | None:
    """The earliest of `spans` with a day of [starts_on, ends_on); `replaced` is the start of a row that
    the new days take the place of."""
    others = [span for span in spans if span[0] != replaced]
    # One that starts on the same day meets it too: `first_overlap` takes such a row to be replaced.
    same = next((span for span in others if span[0] == starts_on), None)
    return same or first_overlap(others, starts_on, ends_on or FOREVER)


def last_day(ends_on: date) -> date | None:
    """The last of half-open days; None while they are open."""
    return None if ends_on == FOREVER else ends_on - timedelta(days=1)
