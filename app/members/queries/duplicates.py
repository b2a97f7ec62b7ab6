"""Finds members who seem to be one person recorded twice; nobody merges them but a person who looked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.members.models import DistinctMembers, Member, Membership, OrgUnit
from app.members.queries.masked import masked_phone
from app.members.queries.tree import subtree_ids

# More than a person settles in one sitting; others come up as the first ones are settled.
MOST_PAIRS = 200
_EACH_WITH_EACH = 10


@dataclass(frozen=True, slots=True)
class Twin:
    """One of two records that seem to be one person."""

    id: int
    name: str
    org_name: str
    birth_date: date | None
    phone_masked: str | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members; `by_phone`: same name and number, else same name, birth date and branch."""

    first: Twin
    second: Twin
    by_phone: bool


def possible_duplicates(session: Session, scope: Scope, on: date) -> tuple[Pair, ...]:
    """Pairs within the scope that share name and phone, or name, birth date and branch; at most MOST_PAIRS.

    Pairs that somebody has called two people are left out. Source: the roster's own matching rules.
    """
    found: dict[tuple[int, int], bool] = {}
    by_phone = (Member.name, Member.phone_index)
    by_birth = (Member.name, Member.birth_date, Membership.org_id)
    for keys, number in ((by_phone, True), (by_birth, False)):
        for ids in _alike(session, scope, on, keys):
            for pair in _pairs(ids):
                found.setdefault(pair, number)
    query = select(DistinctMembers.low_id, DistinctMembers.high_id)
    settled = {(low, high) for low, high in session.execute(query)} if found else set()
    wanted = [pair for pair in sorted(found) if pair not in settled][:MOST_PAIRS]
    twins = _twins(session, {member_id for pair in wanted for member_id in pair}, on)
    return tuple(Pair(twins[low], twins[high], found[low, high]) for low, high in wanted)


def _alike(session: Session, scope: Scope, on: date, keys: Sequence[Any]) -> list[list[int]]:
    """Ids of members of the day who agree in all `keys`, a list for each group of two or more."""
    here = (
        select(
            Member.id,
            *[key.label(f"key_{position}") for position, key in enumerate(keys)],
            func.count().over(partition_by=keys).label("alike"),
        )
        .join(Membership, Membership.member_id == Member.id)
        .where(
            *[key.is_not(None) for key in keys],
            Membership.starts_on <= on,
            Membership.ends_on > on,
            Membership.org_id.in_(subtree_ids(scope.org_ids, on)),
        )
        .subquery("here")
    )
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for member_id, *values in session.execute(select(here).where(here.c.alike > 1).order_by(here.c.id)):
        groups[tuple(values)].append(member_id)
    return list(groups.values())


def _pairs(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    # Each with each; of a crowd of namesakes one after the other, until it has shrunk.
    return combinations(ids, 2) if len(ids) <= _EACH_WITH_EACH else pairwise(ids)


def _twins(session: Session, member_ids: Collection[int], on: date) -> dict[int, Twin]:
    query = (
        select(Member, OrgUnit.name)
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(Member.id.in_(member_ids), Membership.starts_on <= on, Membership.ends_on > on)
    )
    return {
        member.id: Twin(
            member.id, member.name, org_name, member.birth_date, masked_phone(member.phone_sealed)
        )
        for member, org_name in session.execute(query)
    }
