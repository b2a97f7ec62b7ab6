"""Units of the whole district by code and name, which are no secret inside the office; members are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.access import Scope
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import placed_on


@dataclass(frozen=True, slots=True)
class UnitName:
    """A unit by its names alone."""

    id: int
    code: str
    name: str

    @property
    def label(self) -> str:
        """How a list offers it and `unit_named` reads it: several branches may share a name."""
        return f"{self.name} {self.code}"


def district_units(session: Session, on: date, most: int) -> list[UnitName] | None:
    """Every unit that has a place in the tree on a date, by code; None when they are more than `most`."""
    query = (
        select(OrgUnit.id, OrgUnit.code, OrgUnit.name)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .order_by(OrgUnit.code)
        .limit(most + 1)
    )
    rows = [UnitName(*row) for row in session.execute(query)]
    return rows if len(rows) <= most else None


def unit_named(session: Session, text: str, on: date) -> UnitName | None:
    """The unit that a text means: its code, its name if no other has it, or both as a list offers them."""
    wanted = text.strip()
    code = wanted.rsplit(maxsplit=1)[-1] if wanted else ""
    query = (
        select(OrgUnit.id, OrgUnit.code, OrgUnit.name)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .where(or_(OrgUnit.code.in_({wanted, code}), OrgUnit.name == wanted))
    )
    found = [UnitName(*row) for row in session.execute(query)]
    exact = [unit for unit in found if wanted in (unit.code, unit.label)]
    named = exact or [unit for unit in found if unit.name == wanted]
    return named[0] if len(named) == 1 else None


def within_scope(session: Session, org_ids: Collection[int], scope: Scope, on: date) -> set[int]:
    """Those of `org_ids` whose place of the date, or else their last place before it, lies in the scope."""
    later = aliased(OrgPlacement)
    newest = (
        select(func.max(later.starts_on))
        .where(later.org_id == OrgPlacement.org_id, later.starts_on <= on)
        .scalar_subquery()
    )
    below = or_(False, *[OrgPlacement.path.like(f"%/{int(root)}/%") for root in scope.org_ids])
    query = select(OrgPlacement.org_id).where(
        OrgPlacement.org_id.in_(org_ids), OrgPlacement.starts_on == newest, below
    )
    return set(session.scalars(query))
