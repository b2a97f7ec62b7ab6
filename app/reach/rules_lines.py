"""Turns a solution into proposed sessions: who sits in which, who hosts it, when, and in what order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from itertools import pairwise

from app.reach.rules import (
    Choice,
    Person,
    Pool,
    Problem,
    Solution,
    Unit,
    Units,
    Way,
    choice_of,
    host_of,
    sessions_for,
)

_EVENING = frozenset({Way.ONLINE, Way.NIGHT_SCHOOL})


@dataclass(frozen=True, slots=True)
class Times:
    """When sessions may be: on days from `first` to `last`, by day or in the evening."""

    first: date
    last: date
    day_at: time
    evening_at: time
    minutes: int

    def days(self) -> list[date]:
        """Monday to Friday of the window; every day of it when it has none of these."""
        length = (self.last - self.first).days + 1
        days = [self.first + timedelta(n) for n in range(length)]
        return [day for day in days if day.weekday() < 5] or days


@dataclass(frozen=True, slots=True)
class Line:
    """One proposed session.

    required, exempt: member ids; the exempt come along where there is room, or have a line of their own,
    which is offered and never needed.
    """

    way: Way
    host_id: int
    required: tuple[int, ...]
    exempt: tuple[int, ...] = ()
    day: date | None = None

    @property
    def is_offer(self) -> bool:
        return not self.required

    @property
    def member_ids(self) -> tuple[int, ...]:
        return self.required + self.exempt


@dataclass(slots=True)
class _Seated:
    pool: Pool
    required: list[Person]
    exempt: list[Person] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.required) + len(self.exempt)


def lines_of(
    problem: Problem, solution: Solution, people: Sequence[Person], units: Units, times: Times
) -> list[Line]:
    """The plan's sessions, the one that reaches most of those required first; then the offers.

    people: those required, whom the solution places, and the exempt. The solution says how many of each
    choice go where; which of them is decided here, so that neighbours stay together.
    """
    by_pool = _people_of_pools(solution, [p for p in people if p.is_required], units)
    seated = []
    for pool, coming in sorted(by_pool.items()):
        ordered = sorted(coming, key=lambda person: _place(person, units))
        seated += [_Seated(pool, part) for part in _even_parts(ordered, problem.capacity(pool))]
    _seat_exempt(problem, seated, [p for p in people if not p.is_required], units)
    lines = [_line(one, units) for one in seated]
    order = list(Way)
    lines.sort(
        key=lambda line: (-len(line.required), order.index(line.way), units[line.host_id].code, line.required)
    )
    return _dated(lines, times)


def _people_of_pools(
    solution: Solution, people: Iterable[Person], units: Units
) -> Mapping[Pool, list[Person]]:
    waiting: defaultdict[Choice, list[Person]] = defaultdict(list)
    for person in sorted(people, key=lambda person: _place(person, units)):
        waiting[choice_of(person, units)].append(person)
    found: defaultdict[Pool, list[Person]] = defaultdict(list)
    for (choice, pool), number in sorted(solution.taken.items()):
        found[pool] += waiting[choice][:number]
        del waiting[choice][:number]
    return found


def _place(person: Person, units: Units) -> tuple[tuple[int, ...], int]:
    return units[person.org_id].path, person.member_id


def _even_parts(people: list[Person], capacity: int) -> list[list[Person]]:
    """As few parts as the capacity allows, equally large as far as it goes."""
    parts = sessions_for(len(people), capacity)
    edges = [len(people) * n // parts for n in range(parts + 1)] if parts else []
    return [people[first:last] for first, last in pairwise(edges)]


def _seat_exempt(problem: Problem, seated: list[_Seated], exempt: list[Person], units: Units) -> None:
    """Into what is free first, then into sessions of their own."""
    left: defaultdict[Pool, list[Person]] = defaultdict(list)
    for person in sorted(exempt, key=lambda person: _place(person, units)):
        for pool in choice_of(person, units):
            left[pool].append(person)
    for one in seated:
        waiting = left.get(one.pool, [])
        room = problem.capacity(one.pool) - one.count
        one.exempt += waiting[:room]
        del waiting[:room]
    for pool, waiting in sorted(left.items()):
        seated += [_Seated(pool, [], part) for part in _even_parts(waiting, problem.capacity(pool))]


def _line(one: _Seated, units: Units) -> Line:
    branches: list[Unit] = [units[person.org_id] for person in (*one.required, *one.exempt)]
    host = host_of(one.pool.way, branches, units)
    return Line(
        one.pool.way,
        host.id,
        tuple(person.member_id for person in one.required),
        tuple(person.member_id for person in one.exempt),
    )


def _dated(lines: list[Line], times: Times) -> list[Line]:
    """Spread over the days; the sessions of one way one after the other, so that one team can hold them."""
    days = times.days()
    seen: defaultdict[Way, int] = defaultdict(int)
    dated = []
    for line in lines:
        dated.append(replace(line, day=days[seen[line.way] % len(days)]))
        seen[line.way] += 1
    return dated


def starts_at(way: Way, times: Times) -> time:
    return times.evening_at if way in _EVENING else times.day_at


def coverage_after(covered: int, whole: int, gains: Sequence[int]) -> list[float | None]:
    """The share covered after each session in turn; None without anybody. Exactly 1.0 only for everyone."""
    found: list[float | None] = []
    for gain in gains:
        covered += gain
        share = round(covered / whole, 4) if whole else None
        found.append(0.9999 if share == 1 and covered < whole else share)
    return found
