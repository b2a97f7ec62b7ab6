"""A naive replay of what happens to people: for each a calendar of days, filled in by the words of the rules.

Shares no code with the application: its own age, its own six months, no spans, no SQL.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta

# Changes happen on these days; between two of them nothing does.
FIRST = date(2018, 5, 1)
STEP = 31
DAYS = [FIRST + timedelta(days=STEP * n) for n in range(16)]
END = len(DAYS)
TODAY = DAYS[12]
SECTOR_GROUPS = {"A": set(), "B": {"rural"}, "C": {"new_org"}, "C1": {"retired"}}


@dataclass
class HandRow:
    """A row that somebody wrote: until before day number `end`."""

    end: int
    is_in: bool
    by: str
    is_approved: bool = False


@dataclass
class Person:
    """Where somebody was on each day of DAYS, their rows by group and first day, and a request that waits."""

    branch: list[str | None]
    birth: date | None
    rows: dict[str, dict[int, HandRow]] = field(default_factory=dict)
    asked: tuple[str, str] | None = None

    def group(self, name: str) -> dict[int, HandRow]:
        return self.rows.setdefault(name, {})

    def run_at(self, day: int) -> tuple[int, int]:
        """The first day of the stay that holds `day`, and the first day after it."""
        first = last = day
        while first and self.branch[first - 1] == self.branch[day]:
            first -= 1
        while last < END and self.branch[last] == self.branch[day]:
            last += 1
        return first, last

    def fill(self, first: int, last: int, code: str | None) -> None:
        self.branch[first:last] = [code] * (last - first)

    # What can happen; each is called only when the application did not refuse.

    def transfer(self, code: str, day: int) -> None:
        gone = [later for later in range(day, END) if self.branch[later] is None]
        returns = self.branch[day] is None
        self.fill(day, END if returns or not gone else gone[0], code)
        for first, row in self.group("mobile").items():
            if first < day < row.end:
                row.end = day

    def leave(self, day: int) -> None:
        self.fill(day, END, None)
        for rows in self.rows.values():
            for first in [first for first in rows if first >= day]:
                del rows[first]
            for row in rows.values():
                row.end = min(row.end, day)

    def correct_start(self, day: int, right: int) -> None:
        first, last = self.run_at(day)
        assert first == day
        code, before = self.branch[day], self.branch[day - 1] if day else None
        self.fill(day, right, before)
        self.fill(right, last, code)
        if before is None:
            return
        rows = self.group("mobile")
        for start in sorted(rows):
            if rows[start].end == day and start < right:
                later = [other for other in rows if other > start]
                rows[start].end = min([right, *later])

    def correct_branch(self, day: int, code: str) -> None:
        self.fill(*self.run_at(day), code)

    def undo_transfer(self, day: int) -> None:
        first, last = self.run_at(day)
        assert first == day > 0
        self.fill(first, last, self.branch[day - 1])

    def undo_leaving(self, day: int) -> None:
        assert self.branch[day] is None
        assert self.branch[day - 1] is not None
        self.fill(*self.run_at(day), self.branch[day - 1])

    def put(self, group: str, day: int, end: int, is_in: bool, by: str) -> None:
        rows = self.group(group)
        old = rows.get(day)
        if old is None or end > old.end:
            rows[day] = HandRow(end, is_in, by)
        elif group == "exempt" and end == old.end and not old.is_approved:
            old.is_approved = by != old.by
        else:
            old.end, old.is_in = end, is_in

    def end_group(self, group: str, day: int) -> None:
        rows = self.group(group)
        for first in list(rows):
            if rows[first].end > day and first >= day:
                del rows[first]
            elif rows[first].end > day:
                rows[first].end = day

    def approve(self, day: int, by: str) -> None:
        row = self.group("exempt")[day]
        assert row.is_approved or row.by != by, "nobody approves what they recorded"
        row.is_approved = True

    # What is asked.

    def groups_on(self, on: date) -> set[str]:
        code, day = self.branch[number_of(on)], number_of(on)
        assert code is not None
        said = dict.fromkeys(SECTOR_GROUPS[code], True)
        said["elderly"] = self.birth is not None and age(self.birth, on) >= 60
        for group, rows in self.rows.items():
            for first, row in rows.items():
                if not first <= day < row.end:
                    continue
                if group == "exempt" and not row.is_approved:
                    continue
                if group == "mobile" and on < six_months_after(DAYS[first]):
                    continue
                said[group] = row.is_in
        return {group for group, holds in said.items() if holds}


def number_of(on: date) -> int:
    """The latest of DAYS that is not after a date."""
    return max(n for n, day in enumerate(DAYS) if day <= on)


def age(birth: date, on: date) -> int:
    """Full years, counted birthday by birthday; who was born on 29 February has one on 1 March else."""
    years = 0
    while birthday(birth, birth.year + years + 1) <= on:
        years += 1
    return years


def birthday(birth: date, year: int) -> date:
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return date(year, birth.month, birth.day)


def six_months_after(day: date) -> date:
    """The first day `on` whose own day six months before is `day` or later."""
    on = day
    while True:
        year, month = (on.year, on.month - 6) if on.month > 6 else (on.year - 1, on.month + 6)
        before = date(year, month, min(on.day, calendar.monthrange(year, month)[1]))
        if before >= day:
            return on
        on += timedelta(days=1)
