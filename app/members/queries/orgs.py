"""The organisation tree with its members counted, and what its units were called."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import OrgKind, OrgSector, OrgTag
from app.members.models import Membership, OrgFormerName, OrgPlacement, OrgTagRow, OrgUnit
from app.members.queries.tree import placed_on, subtree_ids


@dataclass(frozen=True, slots=True)
class OrgNode:
    """A unit of the tree with the members of its whole subtree, each once.

    is_meant: what a search looked for; the others only lead there.
    """

    id: int
    code: str
    name: str
    kind: OrgKind
    sector: OrgSector | None
    tags: tuple[OrgTag, ...]
    members: int
    children: tuple[OrgNode, ...]
    is_meant: bool = True


@dataclass(frozen=True, slots=True)
class TreeFilter:
    """Which units are wanted: by a part of the name (or a former one) or code, a tag, a sector."""

    q: str = ""
    tag: OrgTag | None = None
    sector: OrgSector | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.q or self.tag or self.sector)


def org_tree(session: Session, scope: Scope, on: date) -> tuple[OrgNode, ...]:
    """The units of a scope, nested, in two SELECTs; the outermost are the scope's own roots."""
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
    return _nodes(None, below, totals, _tags(session, on))


def _nodes(
    parent_id: int | None,
    below: Mapping[int | None, list[OrgUnit]],
    totals: Mapping[int, int],
    tags: Mapping[int, tuple[OrgTag, ...]],
) -> tuple[OrgNode, ...]:
    return tuple(
        OrgNode(
            unit.id,
            unit.code,
            unit.name,
            unit.kind,
            unit.sector,
            tags.get(unit.id, ()),
            totals[unit.id],
            _nodes(unit.id, below, totals, tags),
        )
        for unit in below.get(parent_id, ())
    )


def found_in(
    nodes: tuple[OrgNode, ...], wanted: TreeFilter, former: Mapping[int, Collection[str]]
) -> tuple[OrgNode, ...]:
    """The units that are wanted, with those above them, which lead there. former: names by unit."""
    q = _plain(wanted.q)
    found = []
    for node in nodes:
        below = found_in(node.children, wanted, former)
        names = (node.name, node.code, *former.get(node.id, ()))
        fits = (
            (not q or any(q in _plain(name) for name in names))
            and (wanted.tag is None or wanted.tag in node.tags)
            and (wanted.sector is None or node.sector is wanted.sector)
        )
        if fits or below:
            found.append(replace(node, children=below, is_meant=fits))
    return tuple(found)


def meant_count(nodes: tuple[OrgNode, ...]) -> int:
    """How many units a search has found."""
    return sum(node.is_meant + meant_count(node.children) for node in nodes)


def former_names(session: Session) -> dict[int, tuple[str, ...]]:
    """What units were once called, by id, the latest first; rosters go on using old names for years."""
    query = select(OrgFormerName.org_id, OrgFormerName.name).order_by(OrgFormerName.ends_on.desc())
    found: dict[int, tuple[str, ...]] = {}
    for org_id, name in session.execute(query):
        found[org_id] = (*found.get(org_id, ()), name)
    return found


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _tags(session: Session, on: date) -> dict[int, tuple[OrgTag, ...]]:
    query = select(OrgTagRow.org_id, OrgTagRow.tag).where(OrgTagRow.starts_on <= on, OrgTagRow.ends_on > on)
    found: dict[int, tuple[OrgTag, ...]] = {}
    for org_id, tag in session.execute(query.order_by(OrgTagRow.tag)):
        found[org_id] = (*found.get(org_id, ()), tag)
    return found
