"""SELECTs over the organisation tree as of a date: subtrees, ancestors, children, scopes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.core.access import Scope
from app.core.vocabulary import FOREVER, OrgKind, OrgSector
from app.members.models import OrgFormerNature, OrgPlacement, OrgUnit

# What a unit was on a date; a query that asks for them joins `OrgFormerNature` on `former_on(date)`, outer.
_IS_FORMER = OrgFormerNature.org_id.is_not(None)
KIND_THEN: ColumnElement[OrgKind] = case((_IS_FORMER, OrgFormerNature.kind), else_=OrgUnit.kind)
SECTOR_THEN: ColumnElement[OrgSector | None] = case(
    (_IS_FORMER, OrgFormerNature.sector), else_=OrgUnit.sector
)

# Deeper than any tree.
DEEPEST = 1_000


@dataclass(frozen=True, slots=True)
class OrgRow:
    """A unit and where it hangs; `path` holds the ids from the root to the unit ("/1/5/")."""

    id: int
    code: str
    name: str
    kind: OrgKind
    sector: OrgSector | None
    parent_id: int | None
    parent_code: str | None
    path: str

    @property
    def depth(self) -> int:
        """0 for a root."""
        return self.path.count("/") - 2

    def is_within(self, scope: Scope | None) -> bool:
        """Whether the place that this row tells lies within the scope."""
        return scope is not None and is_inside(self.path, scope)


def is_inside(path: str, scope: Scope) -> bool:
    """Whether a unit with this placement path lies within the scope."""
    return any(f"/{org_id}/" in path for org_id in scope.org_ids)


def placed_on(on: date) -> ColumnElement[bool]:
    """The placement rows that hold on a date."""
    return and_(OrgPlacement.starts_on <= on, OrgPlacement.ends_on > on)


def former_on(on: Any) -> ColumnElement[bool]:
    """The row that says what a unit was on a date, where it was something else than now."""
    return and_(
        OrgFormerNature.org_id == OrgUnit.id, OrgFormerNature.starts_on <= on, OrgFormerNature.ends_on > on
    )


def subtree_ids(root_ids: Sequence[int], on: date) -> Select[int]:
    """Ids of the units and everything below them on a date; a root's own id is included.

    A unit closed by then counts where it was last: what it held and recorded stays in reach of those
    above it. It has no members any more; whoever lists units of the date asks for `placed_on` as well.
    """
    if not root_ids:
        return select(OrgPlacement.org_id).where(false())
    below = or_(*[OrgPlacement.path.like(f"%/{int(root_id)}/%") for root_id in root_ids])
    return select(OrgPlacement.org_id).where(
        OrgPlacement.starts_on <= on, or_(OrgPlacement.ends_on > on, _is_last_of_closed()), below
    )


def _is_last_of_closed() -> ColumnElement[bool]:
    """A closed unit's last placement ends on the day of its closing."""
    closed = select(OrgUnit.id, OrgUnit.closed_on).where(OrgUnit.closed_on < FOREVER)
    return tuple_(OrgPlacement.org_id, OrgPlacement.ends_on).in_(closed)


def _org_rows(on: date) -> Select[OrgUnit, OrgPlacement, str | None]:
    parent = aliased(OrgUnit)
    return (
        select(OrgUnit, OrgPlacement, parent.code)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .outerjoin(parent, parent.id == OrgPlacement.parent_id)
        .order_by(OrgUnit.code)
    )


def _row(unit: OrgUnit, placement: OrgPlacement, parent_code: str | None) -> OrgRow:
    return OrgRow(
        unit.id,
        unit.code,
        unit.name,
        unit.kind,
        unit.sector,
        placement.parent_id,
        parent_code,
        placement.path,
    )


def tree(session: Session, scope: Scope, on: date) -> list[OrgRow]:
    """All units within the scope on a date, by code."""
    query = _org_rows(on).where(OrgUnit.id.in_(subtree_ids(scope.org_ids, on)))
    return [_row(*found) for found in session.execute(query)]


def few_units(session: Session, scope: Scope, on: date, most: int) -> list[OrgRow] | None:
    """The same while they are no more than `most`; None when they are, without reading them all."""
    query = _org_rows(on).where(OrgUnit.id.in_(subtree_ids(scope.org_ids, on))).limit(most + 1)
    rows = [_row(*found) for found in session.execute(query)]
    return rows if len(rows) <= most else None


def org_by_code(session: Session, code: str, scope: Scope, on: date) -> OrgRow | None:
    """The unit with this code, if it lies within the scope."""
    query = _org_rows(on).where(OrgUnit.code == code, OrgUnit.id.in_(subtree_ids(scope.org_ids, on)))
    found = session.execute(query).first()
    return _row(*found) if found else None


def org_by_id(session: Session, org_id: int, scope: Scope, on: date) -> OrgRow | None:
    """The unit with this id, if it lies within the scope."""
    query = _org_rows(on).where(OrgUnit.id == org_id, OrgUnit.id.in_(subtree_ids(scope.org_ids, on)))
    found = session.execute(query).first()
    return _row(*found) if found else None


@dataclass(frozen=True, slots=True)
class ClosedUnit:
    """A unit that is no more: where it was on its last day, since when not, and what took it over."""

    row: OrgRow
    closed_on: date
    merged_into: tuple[str, str] | None  # (code, name)


def closed_units(session: Session, scope: Scope, on: date, code: str | None = None) -> list[ClosedUnit]:
    """The scope's units that were closed by a date, the latest first; or only the one with `code`."""
    parent, heir = aliased(OrgUnit), aliased(OrgUnit)
    last = and_(OrgPlacement.org_id == OrgUnit.id, OrgPlacement.ends_on == OrgUnit.closed_on)
    query = (
        select(OrgUnit, OrgPlacement, parent.code, heir.code, heir.name)
        .join(OrgPlacement, last)
        .outerjoin(parent, parent.id == OrgPlacement.parent_id)
        .outerjoin(heir, heir.id == OrgUnit.merged_into_id)
        .where(OrgUnit.closed_on <= on, OrgUnit.id.in_(subtree_ids(scope.org_ids, on)))
        .order_by(OrgUnit.closed_on.desc(), OrgUnit.code)
    )
    if code is not None:
        query = query.where(OrgUnit.code == code)
    return [
        ClosedUnit(_row(unit, place, above), unit.closed_on, (heir_code, heir_name) if heir_code else None)
        for unit, place, above, heir_code, heir_name in session.execute(query)
    ]


def has_place(session: Session, org_id: int, on: date) -> bool:
    """Whether a unit is in the tree on a date; `in_scope` holds for closed ones too."""
    query = select(OrgPlacement.org_id).where(OrgPlacement.org_id == org_id, placed_on(on))
    return session.scalar(query) is not None


def placed_days(session: Session, org_ids: Collection[int]) -> dict[int, tuple[date, date]]:
    """From when until before when units have a place at all: their first day, and that of their closing
    (FOREVER for an open unit)."""
    query = (
        select(OrgPlacement.org_id, func.min(OrgPlacement.starts_on), func.max(OrgPlacement.ends_on))
        .where(OrgPlacement.org_id.in_(org_ids))
        .group_by(OrgPlacement.org_id)
    )
    return {org_id: (first, end) for org_id, first, end in session.execute(query)}


def children(session: Session, org_id: int, on: date) -> list[OrgRow]:
    """The units directly below one on a date."""
    query = _org_rows(on).where(OrgPlacement.parent_id == org_id)
    return [_row(*found) for found in session.execute(query)]


def roots(session: Session, on: date) -> list[OrgRow]:
    """The units without a parent on a date (normally one: the district)."""
    query = _org_rows(on).where(OrgPlacement.parent_id.is_(None))
    return [_row(*found) for found in session.execute(query)]


def names_by_id(session: Session, org_ids: Sequence[int]) -> dict[int, str]:
    """Names of units by id, for labels."""
    if not org_ids:
        return {}
    query = select(OrgUnit.id, OrgUnit.name).where(OrgUnit.id.in_(set(org_ids)))
    return {row.id: row.name for row in session.execute(query)}


def in_scope(session: Session, org_id: int, scope: Scope, on: date) -> bool:
    """Whether a unit lies within the scope."""
    query = select(func.count()).where(
        OrgPlacement.org_id == org_id, OrgPlacement.org_id.in_(subtree_ids(scope.org_ids, on))
    )
    return bool(session.scalar(query))


def ids_by_code(session: Session, codes: Sequence[str], scope: Scope, on: date) -> dict[str, int]:
    """Ids of those of `codes` that exist within the scope on a date; the others are missing."""
    query = (
        select(OrgUnit.code, OrgUnit.id)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .where(OrgUnit.code.in_(set(codes)), OrgUnit.id.in_(subtree_ids(scope.org_ids, on)))
    )
    return {row.code: row.id for row in session.execute(query)}


def codes_by_id(session: Session, org_ids: Sequence[int]) -> dict[int, str]:
    """Codes of units by id, wherever they lie: a unit's path names those above the scope too."""
    if not org_ids:
        return {}
    query = select(OrgUnit.id, OrgUnit.code).where(OrgUnit.id.in_(set(org_ids)))
    return {row.id: row.code for row in session.execute(query)}


def covers_all(session: Session, org_ids: Sequence[int], on: date) -> bool:
    """Whether nothing lies outside the subtrees of `org_ids` on a date."""
    query = select(OrgPlacement.org_id).where(OrgPlacement.parent_id.is_(None), placed_on(on))
    tops = set(session.scalars(query))
    return bool(tops) and tops <= set(org_ids)


def upper_units(session: Session, scope: Scope, on: date, most: int) -> list[OrgRow]:
    """The scope's units down to the level where there are no more than `most` of them; at least its tops."""
    below = _levels(scope, on)
    # Level by level, as long as anybody asks for more: the first that are too many end it.
    met = session.execute(select(below.c.org_id, below.c.level).limit(most + len(scope.org_ids) + 1)).all()
    # A root below another root has two levels; the upper one is said last and stays.
    level_of = {row.org_id: row.level for row in sorted(met, key=lambda row: -row.level)}
    levels = sorted(level_of.values())
    # The level of the first one too many, which is left out whole.
    cut = levels[most] if len(levels) > most else DEEPEST
    level_of = {org_id: level for org_id, level in level_of.items() if level < max(cut, 1)}
    rows = session.execute(_org_rows(on).where(OrgUnit.id.in_(level_of)))
    return [_row(*found) for found in rows]


def _levels(scope: Scope, on: date) -> CTE:
    """CTE (org_id, level): the scope's roots at level 0, and what is below them."""
    top = select(OrgPlacement.org_id, literal(0).label("level")).where(
        placed_on(on), OrgPlacement.org_id.in_(scope.org_ids)
    )
    known = top.cte("below", recursive=True)
    child = select(OrgPlacement.org_id, known.c.level + 1).join(
        known, OrgPlacement.parent_id == known.c.org_id
    )
    return known.union_all(child.where(placed_on(on)))


def units_called(session: Session, text: str, scope: Scope, on: date, limit: int) -> list[OrgRow]:
    """The scope's units with a text in their names or with it as their code, shortest names first."""
    query = _org_rows(on).where(
        or_(OrgUnit.name.contains(text, autoescape=True), OrgUnit.code == text),
        OrgUnit.id.in_(subtree_ids(scope.org_ids, on)),
    )
    query = query.order_by(None).order_by(func.length(OrgUnit.name), OrgUnit.code).limit(limit)
    return [_row(*found) for found in session.execute(query)]
