"""Puts people into branches, groups and posts, each fact dated; the whole district as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from app.core.vocabulary import FOREVER, Group, OrgKind, OrgSector, Post
from app.demo import words
from app.demo.people import ELDERLY_FROM, Person, build_people
from app.demo.shares import draw
from app.demo.tree import Unit, build_tree

MOBILE_SHARE = 0.09
EXEMPT_SHARE = 0.04
LOST_SHARE = 0.005
TRANSFER_SHARE = 48 / 13_700
# Years before the demo year in which the tree and the oldest memberships begin.
RECORDS_REACH_BACK_YEARS = 20
_MOBILE_WEIGHT = {OrgSector.VILLAGE: 4.0, OrgSector.COMMUNITY: 2.5, OrgSector.NON_PUBLIC: 1.5}


@dataclass(frozen=True, slots=True)
class Stay:
    """A member belongs to a branch from `starts_on` until before `ends_on`."""

    member_id: int
    org_id: int
    starts_on: date
    ends_on: date = FOREVER


@dataclass(frozen=True, slots=True)
class InGroup:
    """A dated row by hand that puts a member into a group, or (is_in False) out of it."""

    member_id: int
    group: Group
    starts_on: date
    ends_on: date = FOREVER
    is_in: bool = True
    direction: str | None = None
    from_place: str | None = None
    to_place: str | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """A member holds a post in a branch from `starts_on` on."""

    member_id: int
    org_id: int
    post: Post
    starts_on: date


@dataclass(frozen=True, slots=True)
class District:
    """Everything that holds before anyone studies."""

    year: int
    units: tuple[Unit, ...]
    people: tuple[Person, ...]
    stays: tuple[Stay, ...]
    in_groups: tuple[InGroup, ...]
    postings: tuple[Posting, ...]

    @property
    def began_on(self) -> date:
        """When the tree's rows begin."""
        return date(self.year - RECORDS_REACH_BACK_YEARS, 1, 1)

    @property
    def branches(self) -> list[Unit]:
        return [unit for unit in self.units if unit.kind is OrgKind.BRANCH]

    @property
    def committees(self) -> list[Unit]:
        """The committees directly below the root."""
        return [unit for unit in self.units if unit.parent_id == 1 and unit.kind is OrgKind.COMMITTEE]


def build_district(seed: int, members: int, year: int) -> District:
    """The district of `seed`; the same arguments always give the same one."""
    # A stream of its own for each part: a change in one leaves the others as they were.
    units = build_tree(Random(f"{seed}:tree"), members)
    people = build_people(Random(f"{seed}:people"), units, year)
    postings = _postings(Random(f"{seed}:posts"), units, people, year)
    in_office = {posting.member_id for posting in postings}
    began_on = date(year - RECORDS_REACH_BACK_YEARS, 1, 1)
    in_groups = _in_groups(Random(f"{seed}:groups"), units, people, in_office, year)
    settled = in_office | {row.member_id for row in in_groups}
    stays = _stays(Random(f"{seed}:stays"), units, people, settled, began_on, year)
    return District(year, tuple(units), tuple(people), tuple(stays), tuple(in_groups), tuple(postings))


def _postings(rng: Random, units: Sequence[Unit], people: Sequence[Person], year: int) -> list[Posting]:
    """A secretary and two to four committee members a branch, fewer where the branch is tiny."""
    by_branch: dict[int, list[Person]] = {}
    for person in people:
        by_branch.setdefault(person.org_id, []).append(person)
    elected_on = date(year - 2, 7, 1)
    rows: list[Posting] = []
    for unit in units:
        crowd = by_branch.get(unit.id, [])
        last_day = date(year, 12, 31)
        # The young and the very old seldom serve; those who joined after the election cannot have.
        fit = [p for p in crowd if p.joined_on < elected_on]
        fit.sort(key=lambda p: (not 26 <= p.age_on(last_day) <= 66, rng.random()))
        for i, person in enumerate(fit[: min(1 + rng.randint(2, 4), max(1, len(crowd) // 3))]):
            post = Post.SECRETARY if i == 0 else Post.COMMITTEE_MEMBER
            if i == 1 and len(crowd) >= 40:
                post = Post.DEPUTY_SECRETARY
            rows.append(Posting(person.id, unit.id, post, elected_on))
    return rows


def _in_groups(
    rng: Random, units: Sequence[Unit], people: Sequence[Person], in_office: set[int], year: int
) -> list[InGroup]:
    free = [p for p in people if p.id not in in_office]
    mobile = _mobile(rng, units, free, len(people), year)
    mobile_ids = {row.member_id for row in mobile}
    lost = _lost(rng, [p for p in free if p.id in mobile_ids or rng.random() < 0.1], len(people), year)
    lost_ids = {row.member_id for row in lost}
    exempt = _exempt(rng, [p for p in free if p.id not in lost_ids], len(people), year)
    by_hand = _new_org_by_hand(rng, units, free, year)
    return [*mobile, *lost, *exempt, *by_hand, *_retired(units, people)]


def _retired(units: Sequence[Unit], people: Sequence[Person]) -> list[InGroup]:
    """Those whose job says so, from the year they turned 60; a branch of the retired needs no row."""
    return [
        InGroup(person.id, Group.RETIRED, date(person.birth_date.year + ELDERLY_FROM, 1, 1))
        for person in people
        if person.job == "离退休" and units[person.org_id - 1].sector is not OrgSector.RETIRED
    ]


def _mobile(
    rng: Random, units: Sequence[Unit], free: Sequence[Person], members: int, year: int
) -> list[InGroup]:
    """9 % whose absence has lasted six months on the last day, and a few whose has not yet."""
    weights = []
    for person in free:
        sector = units[person.org_id - 1].sector
        young = 1.0 if person.age_on(date(year, 12, 31)) < ELDERLY_FROM else 0.12
        weights.append(_MOBILE_WEIGHT.get(sector, 0.4) * young if sector else 0.4)
    count = round(members * MOBILE_SHARE)
    recent = max(1, round(members * 0.003))
    chosen = draw(rng, weights, count + recent)
    newest = set(rng.sample(chosen, recent))
    rows = []
    for i in chosen:
        first, last = date(year - 3, 1, 1), date(year, 5, 31)
        if i in newest:
            first, last = date(year, 8, 1), date(year, 12, 1)
        place, comes_in = rng.choice(words.AWAY), rng.random() < 0.12
        here = "示范区"
        rows.append(
            InGroup(
                free[i].id,
                Group.MOBILE,
                _between(rng, first, last),
                direction="in" if comes_in else "out",
                from_place=place if comes_in else here,
                to_place=here if comes_in else place,
            )
        )
    return rows


def _lost(rng: Random, pool: Sequence[Person], members: int, year: int) -> list[InGroup]:
    chosen = rng.sample(range(len(pool)), min(len(pool), max(1, round(members * LOST_SHARE))))
    return [
        InGroup(pool[i].id, Group.LOST_CONTACT, _between(rng, date(year - 4, 1, 1), date(year, 1, 1)))
        for i in sorted(chosen)
    ]


def _exempt(rng: Random, pool: Sequence[Person], members: int, year: int) -> list[InGroup]:
    """Mostly those of 80 and older; the rest are frail before that age."""
    last_day = date(year, 12, 31)
    weights = []
    for person in pool:
        age = person.age_on(last_day)
        weights.append(60.0 if age >= 80 else 2.0 if age >= ELDERLY_FROM else 0.05)
    chosen = draw(rng, weights, round(members * EXEMPT_SHARE))
    return [
        InGroup(pool[i].id, Group.EXEMPT, _between(rng, date(year - 2, 1, 1), date(year, 6, 30)))
        for i in chosen
    ]


def _new_org_by_hand(rng: Random, units: Sequence[Unit], free: Sequence[Person], year: int) -> list[InGroup]:
    """A few who work for a company while their branch is a community's."""
    last_day = date(year, 12, 31)
    pool = [p for p in free if units[p.org_id - 1].sector is OrgSector.COMMUNITY and p.age_on(last_day) < 50]
    chosen = rng.sample(range(len(pool)), min(len(pool), len(free) // 600))
    return [InGroup(pool[i].id, Group.NEW_ORG, date(year - 1, 3, 1)) for i in sorted(chosen)]


def _stays(
    rng: Random,
    units: Sequence[Unit],
    people: Sequence[Person],
    settled: set[int],
    began_on: date,
    year: int,
) -> list[Stay]:
    """One stay for most; two for the few dozen who moved to their branch within the year."""
    branches = [unit for unit in units if unit.kind is OrgKind.BRANCH]
    can_move = [p.id for p in people if p.id not in settled and p.joined_on.year < year]
    moved = set(rng.sample(can_move, min(len(can_move), max(3, round(len(people) * TRANSFER_SHARE)))))
    rows = []
    for person in people:
        since = max(began_on, person.joined_on)
        if person.id in moved:
            others = [unit.id for unit in rng.sample(branches, 2) if unit.id != person.org_id]
            accepted_on = _between(rng, date(year, 2, 15), date(year, 11, 20))
            rows.append(Stay(person.id, others[0], since, accepted_on))
            since = accepted_on
        rows.append(Stay(person.id, person.org_id, since))
    return rows


def _between(rng: Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randint(0, (last - first).days))
