"""Which unit of a summary a branch's row falls under, on each day; and the units in the tree's order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, case, func, select, union_all
from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.core.vocabulary import OrgKind
from app.members.models import OrgFormerNature, OrgPlacement, OrgUnit
from app.members.queries.tree import KIND_THEN, former_on
from app.reports.queries.place import Place, inside_on, units_below
from app.reports.rules import Level, Period

_LONG_AGO = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Unit:
    """A row's unit; is_own: what belongs to the unit itself, nothing below it."""

    org_id: int
    code: str
    label: str
    is_own: bool


def units_at(place: Place, period: Period, level: Level) -> CTE:
    """CTE (org_id, starts_on, ends_on, unit_id): under which row of a summary a unit falls on a day."""
    return units_below(place, period) if level is Level.BELOW else _branches(period)


def _branches(period: Period) -> CTE:
    """Every unit for itself; a party group for what it hung below, by what it was at the time."""
    placed, was = OrgPlacement, OrgFormerNature
    former = select(
        placed.org_id,
        _later(placed.starts_on, was.starts_on).label("starts_on"),
        _earlier(placed.ends_on, was.ends_on).label("ends_on"),
        _unit_of(was.kind).label("unit_id"),
    ).join(was, was.org_id == placed.org_id)
    changed = (
        select(was.org_id, func.max(was.ends_on).label("since")).group_by(was.org_id).subquery("changed")
    )
    now = (
        select(
            placed.org_id,
            _later(placed.starts_on, func.coalesce(changed.c.since, _LONG_AGO)).label("starts_on"),
            placed.ends_on,
            _unit_of(OrgUnit.kind).label("unit_id"),
        )
        .join(OrgUnit, OrgUnit.id == placed.org_id)
        .outerjoin(changed, changed.c.org_id == placed.org_id)
    )
    spans = union_all(former, now).subquery("spans")
    touched = select(spans).where(
        spans.c.starts_on < spans.c.ends_on, spans.c.starts_on <= period.last, spans.c.ends_on > period.first
    )
    return touched.cte("units").prefix_with("MATERIALIZED")


def _unit_of(kind: Any) -> ColumnElement[int]:
    is_group = kind == OrgKind.GROUP
    return case(
        (is_group, func.coalesce(OrgPlacement.parent_id, OrgPlacement.org_id)), else_=OrgPlacement.org_id
    )


def _later(one: Any, other: Any) -> Any:
    return case((one > other, one), else_=other)


def _earlier(one: Any, other: Any) -> Any:
    return case((one < other, one), else_=other)


def units_on(session: Session, place: Place, level: Level, on: date) -> dict[int, int]:
    """unit_id by org_id, on one day."""
    units = units_at(place, Period(on, on), level)
    placed = select(units.c.org_id, units.c.unit_id).where(units.c.starts_on <= on, units.c.ends_on > on)
    return {row.org_id: row.unit_id for row in session.execute(placed)}


def branch_rows(session: Session, place: Place, on: date, found: set[int]) -> list[Unit]:
    """Every branch of the place on the day and whatever else has figures, in the tree's order.

    A unit that is no branch stands for what belongs to it alone.
    """
    is_there = case((inside_on(place, OrgUnit.id, on), 1), else_=0)
    placed = case(((OrgPlacement.starts_on <= on) & (OrgPlacement.ends_on > on), 1), else_=0)
    query = (
        select(OrgUnit.id, OrgUnit.code, OrgUnit.name, KIND_THEN, OrgPlacement.path, placed, is_there)
        .join(OrgPlacement, OrgPlacement.org_id == OrgUnit.id)
        .outerjoin(OrgFormerNature, former_on(on))
        # The placement of the day stands; without one the latest does.
        .order_by(placed, OrgPlacement.starts_on)
    )
    rows = {row[0]: row for row in session.execute(query)}
    codes = {row[0]: row[1] for row in rows.values()}
    units = []
    for org_id, code, name, kind, path, is_placed, is_inside in rows.values():
        is_branch = kind == OrgKind.BRANCH
        if org_id in found or (is_branch and is_placed and is_inside):
            label = name if is_branch else str(_("%(name)s(本级)", name=name))
            way = [codes[int(part)] for part in path.strip("/").split("/")]
            units.append((way, Unit(org_id, code, label, not is_branch)))
    return [unit for _way, unit in sorted(units, key=lambda pair: (pair[0], pair[1].org_id))]
