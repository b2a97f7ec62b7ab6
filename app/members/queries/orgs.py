"""The organisation tree with its members counted, and everything one unit's page shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import Group, OrgKind, OrgSector, OrgTag, Post
from app.members.models import Member, Membership, OrgPlacement, OrgPost, OrgTagRow, OrgUnit
from app.members.queries.as_of import members_as_of
from app.members.queries.tree import OrgRow, children, org_by_code, placed_on, subtree_ids


@dataclass(frozen=True, slots=True)
class OrgNode:
    """A unit of the tree with the members of its whole subtree, each once."""

    id: int
    code: str
    name: str
    kind: OrgKind
    sector: OrgSector | None
    members: int
    children: tuple[OrgNode, ...]


@dataclass(frozen=True, slots=True)
class PostHolder:
    """Who holds a post in a unit since when."""

    post: Post
    member_id: int
    name: str
    starts_on: date


@dataclass(frozen=True, slots=True)
class OrgPage:
    """One unit on a day: its place, tags, posts, units below, and members of the whole subtree."""

    row: OrgRow
    above: tuple[tuple[str, str], ...]  # (code, name) from the root down, within the scope
    tags: tuple[OrgTag, ...]
    posts: tuple[PostHolder, ...]
    children: tuple[OrgRow, ...]
    members: int
    by_group: tuple[tuple[Group, int], ...]  # groups overlap: each is counted whole


def org_tree(session: Session, scope: Scope, on: date) -> tuple[OrgNode, ...]:
    """The units of a scope, nested, in one SELECT; the outermost are the scope's own roots."""
    counts = (
        select(Membership.org_id, func.count().label("members"))
        .where(Membership.starts_on <= on, Membership.ends_on > on)
        .group_by(Membership.org_id)
        .subquery("counts")
    )
    query = (
        select(OrgUnit, OrgPlacement.parent_id, OrgPlacement.path, func.coalesce(counts.c.members, 0))
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .outerjoin(counts, counts.c.org_id == OrgUnit.id)
        .where(OrgUnit.id.in_(subtree_ids(scope.org_ids, on)))
        .order_by(OrgUnit.code)
    )
    below: dict[int | None, list[OrgUnit]] = defaultdict(list)
    totals: dict[int, int] = defaultdict(int)
    found = [(unit, parent_id, path, own) for unit, parent_id, path, own in session.execute(query)]
    within = {unit.id for unit, *_ in found}
    for unit, parent_id, path, own in found:
        below[parent_id if parent_id in within else None].append(unit)
        for ancestor in path.strip("/").split("/"):
            totals[int(ancestor)] += own
    return _nodes(None, below, totals)


def _nodes(
    parent_id: int | None, below: dict[int | None, list[OrgUnit]], totals: dict[int, int]
) -> tuple[OrgNode, ...]:
    return tuple(
        OrgNode(
            unit.id,
            unit.code,
            unit.name,
            unit.kind,
            unit.sector,
            totals[unit.id],
            _nodes(unit.id, below, totals),
        )
        for unit in below.get(parent_id, ())
    )


def org_page(session: Session, code: str, scope: Scope, on: date, elderly_age: int) -> OrgPage | None:
    """A unit as of a date; None outside the scope."""
    row = org_by_code(session, code, scope, on)
    if row is None:
        return None
    members, by_group = group_counts(session, row.id, on, elderly_age)
    return OrgPage(
        row=row,
        above=_above(session, row, scope, on),
        tags=_tags(session, row.id, on),
        posts=_posts(session, row.id, on),
        children=tuple(children(session, row.id, on)),
        members=members,
        by_group=by_group,
    )


def group_counts(
    session: Session, org_id: int, on: date, elderly_age: int
) -> tuple[int, tuple[tuple[Group, int], ...]]:
    """Members of a subtree on a date, and how many of them are in each group (groups overlap)."""
    standing = (
        members_as_of(on, elderly_age)
        .where(Membership.org_id.in_(subtree_ids([org_id], on)))
        .subquery("standing")
    )
    sums = [
        func.coalesce(func.sum(case((standing.c.groups.bitwise_and(group.bit) != 0, 1), else_=0)), 0)
        for group in Group
    ]
    members, *counts = session.execute(select(func.count(), *sums).select_from(standing)).one()
    return members, tuple((group, int(n)) for group, n in zip(Group, counts, strict=True))


def _above(session: Session, row: OrgRow, scope: Scope, on: date) -> tuple[tuple[str, str], ...]:
    ids = [int(part) for part in row.path.strip("/").split("/")[:-1]]
    if not ids:
        return ()
    query = select(OrgUnit.id, OrgUnit.code, OrgUnit.name).where(
        OrgUnit.id.in_(ids), OrgUnit.id.in_(subtree_ids(scope.org_ids, on))
    )
    known = {org_id: (code, name) for org_id, code, name in session.execute(query)}
    return tuple(known[org_id] for org_id in ids if org_id in known)


def _tags(session: Session, org_id: int, on: date) -> tuple[OrgTag, ...]:
    query = select(OrgTagRow.tag).where(
        OrgTagRow.org_id == org_id, OrgTagRow.starts_on <= on, OrgTagRow.ends_on > on
    )
    return tuple(session.scalars(query.order_by(OrgTagRow.tag)))


def _posts(session: Session, org_id: int, on: date) -> tuple[PostHolder, ...]:
    query = (
        select(OrgPost.post, Member.id, Member.name, OrgPost.starts_on)
        .join(Member, Member.id == OrgPost.member_id)
        .where(OrgPost.org_id == org_id, OrgPost.starts_on <= on, OrgPost.ends_on > on)
        .order_by(Member.pinyin)
    )
    holders = [PostHolder(*row) for row in session.execute(query)]
    return tuple(sorted(holders, key=lambda holder: list(Post).index(holder.post)))
