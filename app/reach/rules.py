"""Decides how a member can be reached, which units may host that, and what a planner has to solve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.vocabulary import Group, OrgKind


class Way(StrEnum):
    """A way to reach members; the values are keys of delivery modes."""

    HOME_VISIT = "home_visit"
    GROUP_READING = "group_reading"
    IN_PERSON = "in_person"
    NIGHT_SCHOOL = "night_school"
    ONLINE = "online"


# Members that one session of a way takes when nothing else is asked for: visits of a round, seats of a venue.
USUAL_CAPACITIES: dict[Way, int] = {
    Way.HOME_VISIT: 12,
    Way.GROUP_READING: 30,
    Way.IN_PERSON: 50,
    Way.NIGHT_SCHOOL: 60,
    Way.ONLINE: 500,
}
# As many as a session may name one by one.
LARGEST_CAPACITY = 2000
# Ways where units far apart can come together, up to the topmost one; home visits stay within a branch, and
# the others join branches below one parent.
_FAR = frozenset({Way.ONLINE, Way.NIGHT_SCHOOL})
_HIGHER_KINDS = frozenset({OrgKind.COMMITTEE, OrgKind.GENERAL_BRANCH})
_FITS: tuple[tuple[Group, Way], ...] = (
    (Group.ELDERLY, Way.HOME_VISIT),
    (Group.NEW_ORG, Way.NIGHT_SCHOOL),
    (Group.RURAL, Way.GROUP_READING),
)


def ways_to(groups: Collection[Group]) -> tuple[Way, ...]:
    """Every way that can reach a member of these groups; the first is the one that reports suggest.

    Who is away can only be reached online, an exempt member only at home, and nobody knows how to reach
    one out of contact: then it is empty.
    """
    if Group.LOST_CONTACT in groups:
        return ()
    if Group.MOBILE in groups:
        return (Way.ONLINE,)
    if Group.EXEMPT in groups:
        return (Way.HOME_VISIT,)
    return tuple(way for group, way in _FITS if group in groups) or (Way.IN_PERSON,)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit within the plan's place; `path`: ids from the topmost unit of the place down to this one."""

    id: int
    code: str
    kind: OrgKind
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A member to be reached, of a branch (a key of `Units`)."""

    member_id: int
    org_id: int
    groups: frozenset[Group]

    @property
    def is_required(self) -> bool:
        return Group.EXEMPT not in self.groups


Units = Mapping[int, Unit]


@dataclass(frozen=True, slots=True, order=True)
class Pool:
    """Everybody whom sessions of one way, hosted by this unit, could bring together."""

    way: Way
    host_id: int


def pool_of(way: Way, branch: Unit) -> Pool:
    """The widest host that the way allows for a branch.

    Narrower hosts need not be looked at: whoever a branch's session takes, its widest host's takes as well.
    `host_of` then moves each session as near to its members as it can.
    """
    if way in _FAR:
        return Pool(way, branch.path[0])
    return Pool(way, branch.id if way is Way.HOME_VISIT else branch.path[-2:][0])


def host_of(way: Way, branches: Iterable[Unit], units: Units) -> Unit:
    """The nearest unit above all of `branches` that may host the way: online, no single branch does."""
    paths = [branch.path for branch in branches]
    shared = [steps[0] for steps in zip(*paths, strict=False) if len(set(steps)) == 1]
    chain = [units[org_id] for org_id in shared]
    if way is Way.ONLINE:
        return next((unit for unit in reversed(chain) if unit.kind in _HIGHER_KINDS), chain[0])
    return chain[-1]


# The pools that could take a member, the preferred one first.
Choice = tuple[Pool, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """How many members have each choice of pools, and how many one session of a way takes."""

    members: Mapping[Choice, int]
    capacities: Mapping[Way, int]

    def capacity(self, pool: Pool) -> int:
        return self.capacities[pool.way]

    @property
    def pools(self) -> list[Pool]:
        return sorted({pool for choice in self.members for pool in choice})

    @property
    def flexible(self) -> list[Choice]:
        """Choices of those who can be reached in several ways."""
        return sorted(choice for choice in self.members if len(choice) > 1)

    def bound_to(self, pool: Pool) -> int:
        """Members whom only this pool can take."""
        return self.members.get((pool,), 0)

    def all_bound(self) -> dict[tuple[Choice, Pool], int]:
        """Where those go who have no choice."""
        return {(choice, choice[0]): n for choice, n in self.members.items() if len(choice) == 1}


@dataclass(frozen=True, slots=True)
class Solution:
    """Which pool takes how many of each choice; `sessions` follow from it.

    lower_bound: no plan whatever needs fewer sessions than this. solver: whether a solver found it.
    """

    taken: Mapping[tuple[Choice, Pool], int]
    sessions: Mapping[Pool, int]
    lower_bound: int
    solver: bool = False

    @property
    def total(self) -> int:
        return sum(self.sessions.values())

    @property
    def gap(self) -> float:
        """How much more than the lower bound, as a share of it: 0.1 is a tenth more."""
        return round((self.total - self.lower_bound) / self.lower_bound, 4) if self.lower_bound else 0.0


def choice_of(person: Person, units: Units) -> Choice:
    return tuple(pool_of(way, units[person.org_id]) for way in ways_to(person.groups))


def problem_of(people: Iterable[Person], units: Units, capacities: Mapping[Way, int]) -> Problem:
    """What there is to solve; people who cannot be reached at all are left out."""
    members = Counter(choice_of(person, units) for person in people)
    return Problem({choice: n for choice, n in sorted(members.items()) if choice}, capacities)


def sessions_for(members: int, capacity: int) -> int:
    return -(-members // capacity)


def solution_of(
    problem: Problem, taken: Mapping[tuple[Choice, Pool], int], lower_bound: int, *, solver: bool = False
) -> Solution:
    """With as many sessions as the members of each pool fill."""
    filled: Counter[Pool] = Counter()
    for (_choice, pool), members in taken.items():
        filled[pool] += members
    sessions = {pool: sessions_for(filled[pool], problem.capacity(pool)) for pool in sorted(filled)}
    kept = {pool: n for pool, n in sessions.items() if n}
    return Solution({key: n for key, n in taken.items() if n}, kept, lower_bound, solver)


@dataclass(slots=True)
class Seats:
    """Members placed into free seats, as many as fit; the working state of the greedy plan."""

    free: dict[Pool, int]
    waiting: dict[Choice, int]
    taken: dict[tuple[Choice, Pool], int] = field(default_factory=dict)

    def fill(self) -> None:
        """Place as many of those who wait as any arrangement can (a maximum flow)."""
        for choice in sorted(self.waiting):
            while self.waiting[choice] and (steps := self._way_to_a_seat(choice)):
                self._move_along(choice, steps)

    def open_session(self, pool: Pool, seats: int) -> None:
        self.free[pool] = self.free.get(pool, 0) + seats

    def _way_to_a_seat(self, choice: Choice) -> list[tuple[Choice, Pool]] | None:
        """Who moves where so that one of `choice` finds a seat: shortest first, preferred pools first."""
        came_from: dict[Pool, tuple[Choice, Pool | None]] = dict.fromkeys(choice, (choice, None))
        queue = list(choice)
        for pool in queue:
            if self.free.get(pool, 0) > 0:
                return _steps_back(pool, came_from)
            for other in self._sitting_in(pool):
                for target in other:
                    if target not in came_from:
                        came_from[target] = (other, pool)
                        queue.append(target)
        return None

    def _sitting_in(self, pool: Pool) -> Sequence[Choice]:
        return [choice for (choice, taken_by), n in self.taken.items() if taken_by == pool and n]

    def _move_along(self, choice: Choice, steps: list[tuple[Choice, Pool]]) -> None:
        amount = min(self.waiting[choice], self.free[steps[-1][1]])
        for (mover, _target), (_before, source) in zip(steps[1:], steps, strict=False):
            amount = min(amount, self.taken[mover, source])
        self.waiting[choice] -= amount
        self.free[steps[-1][1]] -= amount
        for at, (mover, target) in enumerate(steps):
            if at:
                self.taken[mover, steps[at - 1][1]] -= amount
            self.taken[mover, target] = self.taken.get((mover, target), 0) + amount


def _steps_back(
    pool: Pool, came_from: Mapping[Pool, tuple[Choice, Pool | None]]
) -> list[tuple[Choice, Pool]]:
    steps: list[tuple[Choice, Pool]] = []
    at: Pool | None = pool
    while at is not None:
        mover, before = came_from[at]
        steps.append((mover, at))
        at = before
    return steps[::-1]
