"""Decides what a session may do next and how its minutes count; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.core.vocabulary import SessionState

# Check-in opens this long before the start and closes this long after the end, unless set by hand.
OPENS_BEFORE = timedelta(minutes=30)
CLOSES_AFTER = timedelta(minutes=30)
LONGEST = timedelta(hours=24)
# Signing out this shortly before the end is no early leaving.
LEAVING_GRACE = timedelta(minutes=5)
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


@dataclass(frozen=True, slots=True)
class Stay:
    """When somebody came and left, where that is known; None: from the start, until the end."""

    came_at: datetime | None = None
    left_at: datetime | None = None


THROUGHOUT = Stay()


@lru_cache(maxsize=1024)
def split_credit(
    starts_at: datetime,
    ends_at: datetime,
    credited: int,
    tz: ZoneInfo,
    *,
    effective: int | None = None,
    stay: Stay = THROUGHOUT,
) -> CreditedMinutes:
    """Minutes that somebody's stay is credited, shared between the two halves of the office's day.

    starts_at, ends_at: half-open, aware. credited: for the whole session as planned; effective: the minutes
    after which it broke off (None: it did not). What counts is the stay until then, in proportion to the
    planned time, down to the whole minute; leaving within LEAVING_GRACE of the end is staying until the
    end. The half-day cap of study hours needs both parts. Raises ValueError if the session's span is empty.
    """
    length = ends_at - starts_at
    if length <= timedelta(0):
        raise ValueError("a session ends after it starts")
    since, until = _present(starts_at, over_at(starts_at, ends_at, effective), stay)
    share = max(until - since, timedelta(0)) / length
    # A hair's breadth of floating point must not cost anybody a minute.
    total = int(credited * share + 1e-6)
    if total == 0:
        return CreditedMinutes(0, 0)
    half = datetime.combine(starts_at.astimezone(tz).date(), HALF_DAY, tz)
    before = min(max(half - since, timedelta(0)), until - since)
    return CreditedMinutes(total, round(total * (before / (until - since))))


def _present(starts_at: datetime, ends_at: datetime, stay: Stay) -> tuple[datetime, datetime]:
    since = max(starts_at, stay.came_at) if stay.came_at else starts_at
    left = stay.left_at
    until = left if left is not None and left_early(left, ends_at) else ends_at
    return since, until


def over_at(starts_at: datetime, ends_at: datetime, effective: int | None) -> datetime:
    """When the session was over: at its end, or when it broke off after `effective` minutes."""
    return ends_at if effective is None else min(starts_at + timedelta(minutes=effective), ends_at)


def left_early(left_at: datetime, over: datetime) -> bool:
    """Whether that was leaving before a session was over; a hall empties through one door."""
    return left_at < over - LEAVING_GRACE


@dataclass(frozen=True, slots=True)
class Timing:
    """What of a session decides who was late and who left early."""

    starts_at: datetime
    ends_at: datetime
    late_after_minutes: int | None
    effective_minutes: int | None

    @property
    def over(self) -> datetime:
        return over_at(self.starts_at, self.ends_at, self.effective_minutes)


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
