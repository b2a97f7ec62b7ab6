"""Gives each invented member a habit of coming, so that coverage turns out good but not complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from random import Random

from app.core.vocabulary import Group
from app.demo.district import District
from app.demo.roll import Roll
from app.demo.tree import Unit

POOR_BRANCHES_SHARE = 0.03
COMPLETE_BRANCHES_SHARE = 0.06


class Habit(Enum):
    """What decides how often a member comes; the first that fits."""

    LOST = "lost"
    EXEMPT = "exempt"
    MOBILE = "mobile"
    OLD = "old"  # 80 and older
    ELDERLY = "elderly"
    POST = "post"
    ORDINARY = "ordinary"


# Share of each habit that nobody reached all year.
_UNREACHED = {
    Habit.LOST: 1.0,
    Habit.EXEMPT: 0.42,
    Habit.MOBILE: 0.17,
    Habit.OLD: 0.12,
    Habit.ELDERLY: 0.04,
    Habit.POST: 0.0,
    Habit.ORDINARY: 0.008,
}
_UNREACHED_IN_POOR_BRANCH = 0.25


@dataclass(frozen=True, slots=True)
class Habits:
    """By member id less one: the habit, and whether the member is never reached; by branch: diligence."""

    of_member: tuple[Habit, ...]
    is_unreached: tuple[bool, ...]
    of_branch: dict[int, float]


def build_habits(seed: int, district: District, roll: Roll) -> Habits:
    """Habits as of the last day of the year."""
    rng = Random(f"{seed}:habits")
    poor, complete = _outstanding(rng, district.branches)
    in_office = {posting.member_id for posting in district.postings}
    last_day = date(district.year, 12, 31)
    habits, unreached = [], []
    for person in district.people:
        groups = roll.groups_of(person.id, person.org_id, last_day)
        habit = _habit(groups, person.age_on(last_day), person.id in in_office)
        chance = _UNREACHED[habit]
        if person.org_id in poor and habit is not Habit.POST:
            chance = max(chance, _UNREACHED_IN_POOR_BRANCH)
        if person.org_id in complete and habit is not Habit.LOST:
            chance = 0.0
        habits.append(habit)
        unreached.append(rng.random() < chance)
    of_branch = {
        unit.id: 0.66 if unit.id in poor else 1.08 if unit.id in complete else rng.uniform(0.88, 1.05)
        for unit in district.branches
    }
    return Habits(tuple(habits), tuple(unreached), of_branch)


def _outstanding(rng: Random, branches: Sequence[Unit]) -> tuple[set[int], set[int]]:
    """A few branches that do poorly, and a few small ones that reach everyone."""
    smallest = sorted(branches, key=lambda unit: (unit.size, unit.id))
    complete = {unit.id for unit in smallest[: max(1, round(len(branches) * COMPLETE_BRANCHES_SHARE))]}
    others = [unit.id for unit in branches if unit.id not in complete]
    return set(rng.sample(others, max(1, round(len(branches) * POOR_BRANCHES_SHARE)))), complete


def _habit(groups: int, age: int, has_post: bool) -> Habit:
    if groups & Group.LOST_CONTACT.bit:
        return Habit.LOST
    if groups & Group.EXEMPT.bit:
        return Habit.EXEMPT
    if groups & Group.MOBILE.bit:
        return Habit.MOBILE
    if has_post:
        return Habit.POST
    if age >= 80:
        return Habit.OLD
    return Habit.ELDERLY if groups & Group.ELDERLY.bit else Habit.ORDINARY
