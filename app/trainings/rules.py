"""Decides what a session may do next and how its minutes count; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.core.vocabulary import SessionState

# Check-in opens this long before the start and closes this long after the end, unless set by hand.
OPENS_BEFORE = timedelta(minutes=30)
CLOSES_AFTER = timedelta(minutes=30)
LONGEST = timedelta(hours=24)
# Where the office's day halves: the middle of the usual lunch break.
HALF_DAY = time(12, 30)


class Step(StrEnum):
    """What can be asked of a session."""

    PUBLISH = "publish"
    OPEN = "open"
    CLOSE = "close"
    CANCEL = "cancel"
    REOPEN = "reopen"


_STEPS: dict[Step, tuple[frozenset[SessionState], SessionState]] = {
    Step.PUBLISH: (frozenset({SessionState.DRAFT}), SessionState.PUBLISHED),
    Step.OPEN: (frozenset({SessionState.PUBLISHED}), SessionState.OPEN),
    Step.CLOSE: (frozenset({SessionState.OPEN}), SessionState.CLOSED),
    Step.CANCEL: (
        frozenset({SessionState.DRAFT, SessionState.PUBLISHED, SessionState.OPEN}),
        SessionState.CANCELLED,
    ),
    Step.REOPEN: (frozenset({SessionState.CLOSED}), SessionState.OPEN),
}


def next_state(state: SessionState, step: Step) -> SessionState | None:
    """The state after `step`, or None when it is not allowed from `state`."""
    allowed_from, after = _STEPS[step]
    return after if state in allowed_from else None


def possible_steps(state: SessionState) -> frozenset[Step]:
    """What a session in `state` can do; pages offer only these."""
    return frozenset(step for step in Step if next_state(state, step) is not None)


@dataclass(frozen=True, slots=True)
class CreditedMinutes:
    """Minutes that count for one attendance, and the part of them before the half-day."""

    total: int
    morning: int


def split_credit(starts_at: datetime, ends_at: datetime, credited: int, tz: ZoneInfo) -> CreditedMinutes:
    """Share `credited` minutes between the two halves of the office's day, in proportion to time.

    starts_at, ends_at: half-open, aware. The half-day cap of study hours needs both parts.
    Raises ValueError if the span is empty.
    """
    if ends_at <= starts_at:
        raise ValueError("a session ends after it starts")
    local = starts_at.astimezone(tz)
    half = datetime.combine(local.date(), HALF_DAY, tz)
    before = min(max(half - starts_at, timedelta(0)), ends_at - starts_at)
    return CreditedMinutes(credited, round(credited * (before / (ends_at - starts_at))))


def is_due_to_open(state: SessionState, opens_at: datetime, closes_at: datetime, now: datetime) -> bool:
    """Whether the scheduler opens check-in now; a session whose window has passed is left to a person."""
    return state is SessionState.PUBLISHED and opens_at <= now < closes_at


def is_due_to_close(
    state: SessionState, opened_at: datetime | None, closes_at: datetime, now: datetime
) -> bool:
    """Whether the scheduler closes check-in now.

    A session that somebody opened by hand after its window is theirs to close.
    """
    return state is SessionState.OPEN and closes_at <= now and (opened_at is None or opened_at < closes_at)


def next_same_weekday(last: date, today: date) -> date:
    """The first day after today, and after `last`, on the weekday of `last`."""
    if last > today:
        return last + timedelta(days=7)
    return today + timedelta(days=(last.weekday() - today.weekday()) % 7 or 7)
