"""What every planner of the demo year shares, and how it chooses whom to invite by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from zoneinfo import ZoneInfo

from app.demo.district import District
from app.demo.habits import Habit, Habits
from app.demo.people import Person
from app.demo.plan import Bookings, Diary
from app.demo.roll import Roll
from app.demo.tree import MEMBERS_AT_FULL_SIZE


@dataclass(slots=True)
class Desk:
    """What every planner needs beside its own numbers."""

    rng: Random
    district: District
    roll: Roll
    habits: Habits
    tz: ZoneInfo
    bookings: Bookings
    diaries: dict[int, Diary] = field(default_factory=dict)
    # Members of each branch on the last day.
    people_in: dict[int, list[Person]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for person in self.district.people:
            self.people_in[person.org_id].append(person)

    def diary(self, host_id: int) -> Diary:
        if host_id not in self.diaries:
            self.diaries[host_id] = Diary(self.rng, self.district.year)
        return self.diaries[host_id]

    @property
    def scale(self) -> float:
        return len(self.district.people) / MEMBERS_AT_FULL_SIZE


class Delegates:
    """Chooses named members of some branches: post holders first, each in turn, then others who come."""

    def __init__(self, desk: Desk, org_ids: Sequence[int]) -> None:
        inside = set(org_ids)
        by_habit: dict[Habit, list[int]] = defaultdict(list)
        for person in desk.district.people:
            # Who moved within the year might not yet have been here.
            if person.org_id in inside and not desk.habits.is_unreached[person.id - 1]:
                by_habit[desk.habits.of_member[person.id - 1]].append(person.id)
        self.roll = desk.roll
        self.queue = []
        for habit in (Habit.POST, Habit.ORDINARY, Habit.ELDERLY):
            desk.rng.shuffle(by_habit[habit])
            self.queue += by_habit[habit]
        self.posts = len(by_habit[Habit.POST])
        self.turn = 0

    def take(self, count: int, day: date) -> tuple[int, ...]:
        """Up to `count` members of the district on the day; the posts' turn goes on where it stopped."""
        start = self.turn % max(1, self.posts)
        order = self.queue[start : self.posts] + self.queue[:start] + self.queue[self.posts :]
        chosen = [m for m in order if self.roll.branch_of(m, day) is not None][:count]
        self.turn += len(chosen)
        return tuple(sorted(chosen))
