"""What a session of the demo year is before it is written: plain data, and finding days for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.core.vocabulary import CountMark, Group, LecturerRole, SessionState
from app.trainings.rules import CLOSES_AFTER, OPENS_BEFORE


@dataclass(frozen=True, slots=True)
class Expected:
    """A member on an expected list, with branch and groups (bits) of the session's day."""

    member_id: int
    org_id: int
    groups: int


@dataclass(frozen=True, slots=True)
class Declared:
    """A head count reported without names."""

    person_times: int
    mark: CountMark


@dataclass(frozen=True, slots=True)
class Plan:
    """One session: what, when, for whom, and how its attendance will turn out.

    starts_at, ends_at: aware; `day` is the office's day of the start. `venue`, `lecturers` and
    `course` count from one. `attended`: the exact number who come, else it is left to chance.
    """

    title: str
    kind: str
    mode: str
    host_id: int
    day: date
    starts_at: datetime
    ends_at: datetime
    credited_minutes: int
    orgs: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    members: tuple[int, ...] = ()
    venue: int | None = None
    lecturers: tuple[tuple[int, LecturerRole], ...] = ()
    course: int | None = None
    declared: Declared | None = None
    # False: nobody was recorded by name.
    is_recorded: bool = True
    attended: int | None = None
    state: SessionState = SessionState.CLOSED

    @property
    def opens_at(self) -> datetime:
        return self.starts_at - OPENS_BEFORE

    @property
    def closes_at(self) -> datetime:
        return self.ends_at + CLOSES_AFTER


@dataclass(frozen=True, slots=True)
class Course:
    """A training class."""

    title: str
    kind: str
    host_id: int


@dataclass(frozen=True, slots=True)
class Slot:
    """When a session is: aware instants and the office's day."""

    day: date
    starts_at: datetime
    ends_at: datetime


def slot(day: date, starts: time, minutes: int, tz: ZoneInfo) -> Slot:
    """From a time of the office's day on, for so many minutes."""
    starts_at = datetime.combine(day, starts, tz)
    return Slot(day, starts_at, starts_at + timedelta(minutes=minutes))


def is_holiday(day: date) -> bool:
    """New Year, the weeks around Spring Festival, 1 May and the first week of October."""
    month_day = (day.month, day.day)
    return month_day in ((1, 1), (5, 1)) or (1, 28) <= month_day <= (2, 10) or (10, 1) <= month_day <= (10, 7)


class Diary:
    """The days of one host in one year; gives each day away once."""

    def __init__(self, rng: Random, year: int) -> None:
        self.rng = rng
        self.year = year
        self.taken: set[date] = set()

    def take(self, day: date) -> None:
        self.taken.add(day)

    def in_month(self, month: int, about: int | None = None) -> date:
        """A free day of the month, no holiday and no Sunday: near day `about`, else any."""
        first = date(self.year, month, 1)
        days = [first + timedelta(days=i) for i in range(31)]
        free = [d for d in days if d.month == month and d not in self.taken and not is_holiday(d)]
        fit = [d for d in free if d.isoweekday() != 7] or free or days[:28]
        day = self.rng.choice(fit) if about is None else min(fit, key=lambda d: abs(d.day - about))
        self.take(day)
        return day

    def any_day(self) -> date:
        """A free day of any month; February has few."""
        return self.in_month(self.rng.choices(range(1, 13), (6, 4, 9, 9, 9, 9, 8, 8, 10, 9, 10, 9))[0])


class Bookings:
    """Who speaks and which venue is used on which day, so that no lecturer or venue is booked twice."""

    def __init__(self, rng: Random, lecturers: int) -> None:
        self.rng = rng
        self.lecturers = lecturers
        self._busy: set[tuple[str, int, date]] = set()

    def venue(self, wanted: int, day: date) -> int | None:
        """The venue if it is free on the day, which it then no longer is."""
        if ("venue", wanted, day) in self._busy:
            return None
        self._busy.add(("venue", wanted, day))
        return wanted

    def speakers(self, day: date, count: int) -> tuple[tuple[int, LecturerRole], ...]:
        """Lecturers who are free on the day, as many as there are up to `count`."""
        free = [i for i in range(1, self.lecturers + 1) if ("lecturer", i, day) not in self._busy]
        chosen = self.rng.sample(free, min(count, len(free)))
        self._busy.update(("lecturer", i, day) for i in chosen)
        return tuple((i, LecturerRole.LECTURER) for i in chosen)

    def engage(self, lecturers: range, day: date) -> None:
        """Take these lecturers for the day."""
        self._busy.update(("lecturer", i, day) for i in lecturers)
