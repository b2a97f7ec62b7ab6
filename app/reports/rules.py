"""Decides what the figures' arithmetic means: periods, rates, hours, duties, the way to reach a member."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.core.vocabulary import Group

Key = tuple[str, int]
# Of a list where a member has several rows: branch, member, session.
LongKey = tuple[str, int, int]
# Days a group's way of being reached is decided in; the first that fits is suggested.
_WAYS: tuple[tuple[Group, str], ...] = (
    (Group.MOBILE, "online"),  # first: who is away cannot be visited, however old
    (Group.ELDERLY, "home_visit"),
    (Group.EXEMPT, "home_visit"),
    (Group.NEW_ORG, "night_school"),
    (Group.RURAL, "group_reading"),
)
OTHERWISE = "in_person"
PERIODS_A_YEAR = {"monthly": 12, "quarterly": 4, "yearly": 1}


class By(StrEnum):
    """What the rows of the person-times report are."""

    KIND = "kind"
    MODE = "mode"
    ORG = "org"
    GROUP = "group"
    MONTH = "month"


class CoverageBy(StrEnum):
    """What the rows of the coverage report are."""

    GROUP = "group"
    ORG = "org"


class RateBy(StrEnum):
    """What the rows of the attendance-rate report are; `class`: a session without a class is a line too."""

    ORG = "org"
    GROUP = "group"
    KIND = "kind"
    MODE = "mode"
    MONTH = "month"
    CLASS = "class"


class Level(StrEnum):
    """Which units are the rows of the summary by branch: every branch, or what hangs directly below."""

    BRANCH = "branch"
    BELOW = "below"


class ExpectedPart(StrEnum):
    """Which of those expected: all, came, made it up, or neither."""

    ALL = "all"
    ATTENDED = "attended"
    MADE_UP = "made_up"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included; raises ValueError when they are the wrong way round."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends before it starts")

    @classmethod
    def of_year(cls, year: int) -> Period:
        return cls(date(year, 1, 1), date(year, 12, 31))

    @classmethod
    def of_month(cls, year: int, month: int) -> Period:
        return cls(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))

    @classmethod
    def of_quarter(cls, day: date) -> Period:
        """The quarter that a day lies in."""
        first_month = (day.month - 1) // 3 * 3 + 1
        return cls(date(day.year, first_month, 1), cls.of_month(day.year, first_month + 2).last)

    @property
    def whole_year(self) -> int | None:
        """The year, when the period is exactly one calendar year."""
        return self.first.year if self == Period.of_year(self.first.year) else None

    @property
    def whole_month(self) -> tuple[int, int] | None:
        """Year and month, when the period is exactly one calendar month."""
        year, month = self.first.year, self.first.month
        return (year, month) if self == Period.of_month(year, month) else None

    def within(self, other: Period) -> Period | None:
        """The days that both have; None when there are none."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Period(first, last) if first <= last else None

    def months(self) -> list[str]:
        """Every month touched, as "2019-04"."""
        start = self.first.year * 12 + self.first.month - 1
        end = self.last.year * 12 + self.last.month - 1
        return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, end + 1)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The day whose members and groups a figure divides by, and the age from which a member is elderly."""

    on: date
    elderly_age: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a long list is asked for; `limit` None means all of it."""

    limit: int | None = 50
    after: Key | LongKey | None = None
    offset: int = 0


EVERYTHING = Slice(limit=None)
FIRST_PAGE = Slice()


def snapshot_day(period: Period, today: date) -> date:
    """The day figures of a period are as of: its last one, or today while it runs."""
    return max(period.first, min(period.last, today))


def share(part: int, whole: int) -> float | None:
    """part / whole to four digits; None without a whole; 1.0 only when nobody is missing."""
    if whole == 0:
        return None
    rounded = round(part / whole, 4)
    return 0.9999 if rounded >= 1 and part < whole else rounded


def hours_of(minutes: int, minutes_per_hour: int) -> float:
    """Study hours to the hundredth: 45 minutes of 60 are 0.75."""
    return round(minutes / minutes_per_hour, 2)


def suggested_mode(groups: Collection[Group]) -> str:
    """Key of the delivery mode that can reach a member of these groups. Source: domain.md, "uncovered"."""
    return next((mode for group, mode in _WAYS if group in groups), OTHERWISE)


@dataclass(frozen=True, slots=True)
class DutyScore:
    """Periods in which a duty was met, of those in which it was due."""

    met: int
    due: int

    @property
    def rate(self) -> float | None:
        return share(self.met, self.due)


def duty_score(
    frequency: str, months: Sequence[int], year: int, opened_on: date | None, on: date
) -> DutyScore:
    """How often a branch met a duty in a year.

    months: sessions held in each of the twelve months. A period (month, quarter, year) is due when the
    branch existed from its first to its last day and it had ended by `on`; one that is still running,
    or in which the branch opened, counts only once it is met, so that nobody is late before the time.
    """
    length = 12 // PERIODS_A_YEAR[frequency]
    met = due = 0
    for first_month in range(1, 13, length):
        held = sum(months[first_month - 1 : first_month - 1 + length]) > 0
        starts = date(year, first_month, 1)
        ends = Period.of_month(year, first_month + length - 1).last
        is_whole = (opened_on is None or opened_on <= starts) and ends <= on
        met += held
        due += held or is_whole
    return DutyScore(met, due)


def year_to_show(held: Mapping[int, int], this_year: int) -> int:
    """The year reports open on, of years by how many sessions were held in them.

    The latest one with at least a tenth of the fullest one's sessions: a year that has only just
    begun says nothing yet. This year when nothing was ever held.
    """
    fullest = max(held.values(), default=0)
    return max((year for year, count in held.items() if count * 10 >= fullest), default=this_year)


def preset_periods(today: date) -> dict[str, Period]:
    """The periods offered by name."""
    last_month_day = today.replace(day=1) - timedelta(days=1)
    return {
        "this_year": Period.of_year(today.year),
        "last_year": Period.of_year(today.year - 1),
        "this_quarter": Period.of_quarter(today),
        "this_month": Period.of_month(today.year, today.month),
        "last_month": Period.of_month(last_month_day.year, last_month_day.month),
    }
