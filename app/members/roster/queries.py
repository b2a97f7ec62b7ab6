"""SELECTs of an import: everything it compares with, each loaded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.members.models import (
    GroupMembership,
    Member,
    Membership,
    OrgFormerName,
    OrgPlacement,
    OrgUnit,
)
from app.members.queries.members import MemberFilter, member_ids
from app.members.queries.tree import OrgRow, placed_on, roots, tree
from app.members.roster.rules_branches import Unit
from app.members.roster.rules_groups import ROSTER_GROUPS, GroupSpan
from app.members.rules import BranchSpan

# Columns that a roster can change, beside the phone.
FACTS = (
    "sex",
    "ethnicity",
    "birth_date",
    "education",
    "membership_type",
    "joined_party_on",
    "confirmed_on",
    "job",
    "social_stratum",
    "is_migrant_worker",
)
_FACT_AT = {name: position for position, name in enumerate(FACTS)}
# Both databases take more parameters than this in one statement.
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class StoredMember:
    """What an import compares with: FACTS in their order, and the branch on the day, None without one."""

    id: int
    name: str = field(repr=False)
    phone_index: bytes | None
    phone_sealed: bytes | None
    facts: tuple[Any, ...] = field(repr=False)
    org_id: int | None

    def fact(self, name: str) -> Any:
        """What is stored in a column of FACTS."""
        return self.facts[_FACT_AT[name]]


@dataclass(frozen=True, slots=True)
class Branches:
    """The units within the scope; `since` is when each first had a place, `with_members` who ever had any,
    `paths` where each hangs."""

    units: list[Unit]
    names: dict[int, str]
    since: dict[int, date]
    with_members: frozenset[int]
    paths: dict[int, str]

    def below(self, code: str) -> frozenset[int]:
        """Ids of a unit and of all below it; empty where the scope has no such unit."""
        path = next((self.paths[unit.id] for unit in self.units if unit.code == code), None)
        return frozenset(i for i, other in self.paths.items() if path and other.startswith(path))


def whole_office(session: Session, on: date) -> Scope | None:
    """The command line's scope: the whole tree; None when there is no tree yet."""
    ids = tuple(row.id for row in roots(session, on))
    return Scope(ids, None) if ids else None


def branches(session: Session, scope: Scope, on: date) -> Branches:
    rows = tree(session, scope, on)
    names = {row.id: row.name for row in rows}
    former: dict[int, list[str]] = {}
    for org_id, name in session.execute(select(OrgFormerName.org_id, OrgFormerName.name)):
        former.setdefault(org_id, []).append(name)
    since = select(OrgPlacement.org_id, func.min(OrgPlacement.starts_on)).group_by(OrgPlacement.org_id)
    return Branches(
        units=[
            Unit(row.id, row.code, row.name, row.kind, _ancestors(row, names), tuple(former.get(row.id, ())))
            for row in rows
        ],
        names=names,
        since={row[0]: row[1] for row in session.execute(since)},
        with_members=frozenset(session.scalars(select(Membership.org_id).distinct())),
        paths={row.id: row.path for row in rows},
    )


def all_placed(session: Session, on: date) -> Sequence[int]:
    """Ids of all units that have a place in the tree on the day, whatever the scope."""
    return session.scalars(select(OrgPlacement.org_id).where(placed_on(on))).all()


def _ancestors(row: OrgRow, names: dict[int, str]) -> tuple[str, ...]:
    ids = [int(part) for part in row.path.split("/") if part][:-1]
    return tuple(names[i] for i in ids if i in names)


def members_for_matching(session: Session, on: date) -> dict[int, StoredMember]:
    """Every member of the office once, by id; who was merged into another record is not among them."""
    query = select(
        Member.id,
        Member.name,
        Member.phone_index,
        Member.phone_sealed,
        *[getattr(Member, name) for name in FACTS],
        Membership.org_id,
    ).outerjoin(
        Membership,
        and_(Membership.member_id == Member.id, Membership.starts_on <= on, Membership.ends_on > on),
    )
    members = {}
    # Of a hundred thousand educations a handful differ: each stands in memory once.
    once: dict[Any, Any] = {}
    found = session.execute(query.where(Member.merged_into_id.is_(None)).execution_options(yield_per=CHUNK))
    for member_id, name, index, sealed, *facts, org_id in found:
        said = tuple([once.setdefault(fact, fact) for fact in facts])
        members[member_id] = StoredMember(member_id, name, index, sealed, once.setdefault(said, said), org_id)
    return members


def members_to_export(session: Session, scope: Scope, wanted: MemberFilter) -> Sequence[Row[Any]]:
    """The wanted members by branch and name: id, name, phone_sealed, FACTS, org_code, org_name."""
    query = (
        select(
            Member.id,
            Member.name,
            Member.phone_sealed,
            *[getattr(Member, name) for name in FACTS],
            OrgUnit.code.label("org_code"),
            OrgUnit.name.label("org_name"),
        )
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(
            Membership.starts_on <= wanted.on,
            Membership.ends_on > wanted.on,
            Member.id.in_(member_ids(scope, wanted)),
        )
        .order_by(OrgUnit.code, Member.pinyin, Member.id)
    )
    return session.execute(query).all()


def roster_groups(session: Session) -> dict[int, list[GroupSpan]]:
    """The rows of the groups that rosters speak of, by member."""
    query = select(
        GroupMembership.member_id,
        GroupMembership.group,
        GroupMembership.starts_on,
        GroupMembership.ends_on,
        GroupMembership.is_in,
        GroupMembership.direction,
        GroupMembership.to_place,
    ).where(GroupMembership.group.in_(ROSTER_GROUPS))
    found: dict[int, list[GroupSpan]] = {}
    for row in session.execute(query.order_by(GroupMembership.starts_on)).all():
        found.setdefault(row[0], []).append(GroupSpan(*row[1:]))
    return found


def branch_spans_of(session: Session, member_ids: Sequence[int]) -> dict[int, list[BranchSpan]]:
    """Every branch of some members, by date."""
    found: dict[int, list[BranchSpan]] = {}
    for start in range(0, len(member_ids), CHUNK):
        query = (
            select(Membership.member_id, Membership.starts_on, Membership.ends_on, Membership.org_id)
            .where(Membership.member_id.in_(member_ids[start : start + CHUNK]))
            .order_by(Membership.starts_on)
        )
        for row in session.execute(query).all():
            found.setdefault(row[0], []).append(BranchSpan(*row[1:]))
    return found
