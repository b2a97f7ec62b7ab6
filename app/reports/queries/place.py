"""Where a report looks: subtrees of the organisation, as they hung on each row's own date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from app.attendance.models import Attendance
from app.attendance.queries.counted import is_counted
from app.core.access import Scope
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.i18n import listed, localised
from app.core.vocabulary import SessionState
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import (
    OrgRow,
    closed_units,
    covers_all,
    org_by_code,
    placed_on,
    subtree_ids,
    tree,
)
from app.reports.rules import Period, year_to_show
from app.trainings.models import DeliveryMode, SessionKind, TrainingSession


@dataclass(frozen=True, slots=True)
class Place:
    """The subtrees of `org_ids`; `code` is None when there are several (or none).

    is_everything: nothing lies outside, so rows need no filter. under_id: only while the unit hung
    directly below this one (is_deep: anywhere below it). own_only: only what belongs to the unit
    itself, nothing below it.
    """

    org_ids: tuple[int, ...]
    code: str | None
    name: str
    is_everything: bool = False
    under_id: int | None = None
    own_only: bool = False
    under_name: str = ""
    is_deep: bool = False

    @property
    def label(self) -> str:
        """The name, and what narrows it."""
        if self.own_only:
            return str(_("%(name)s(本级)", name=self.name))
        if self.under_name:
            return str(_("%(name)s(隶属%(above)s期间)", name=self.name, above=self.under_name))
        return self.name

    @property
    def patterns(self) -> tuple[str, ...]:
        """LIKE patterns of the placement paths inside."""
        tails = [f"/{org_id}/{'' if self.own_only else '%'}" for org_id in self.org_ids]
        if self.under_id is None:
            return tuple(f"%{tail}" for tail in tails)
        between = ("", "/%") if self.is_deep else ("",)
        return tuple(f"%/{self.under_id}{gap}{tail}" for tail in tails for gap in between)


def place_in_scope(
    session: Session,
    scope: Scope,
    org_code: str | None,
    today: date,
    under: str | None = None,
    own: bool = False,
    within: str | None = None,
) -> Place:
    """The place asked for: a unit within the scope, or the whole scope when no code is given.

    under, within: code of a unit within the scope; then `org_code` may be any unit that hung directly
    (within: anywhere) below it. Raises NotFound for a unit that is not there or not within the scope.
    """
    if not org_code:
        return _whole_scope(session, scope, today)
    if under or within:
        above = org_by_code(session, under or within or "", scope, today)
        unit = session.scalars(select(OrgUnit).where(OrgUnit.code == org_code)).one_or_none()
        if above is None or unit is None or not _was_below(session, unit.id, above.id, deep=not under):
            raise NotFound()
        return Place(
            (unit.id,),
            unit.code,
            unit.name,
            under_id=above.id,
            own_only=own,
            under_name=above.name,
            is_deep=not under,
        )
    found = org_by_code(session, org_code, scope, today)
    if found is None:
        # What a closed unit did stays its own.
        found = next((unit.row for unit in closed_units(session, scope, today, org_code)), None)
    if found is None:
        raise NotFound()
    everything = not own and covers_all(session, [found.id], today)
    return Place((found.id,), found.code, found.name, everything, own_only=own)


def _was_below(session: Session, org_id: int, above_id: int, *, deep: bool) -> bool:
    below = OrgPlacement.path.like(f"%/{above_id}/%") if deep else OrgPlacement.parent_id == above_id
    query = select(literal(1)).where(OrgPlacement.org_id == org_id, below)
    return session.execute(query.limit(1)).first() is not None


def _whole_scope(session: Session, scope: Scope, today: date) -> Place:
    units = [row for row in tree(session, scope, today) if row.id in scope.org_ids]
    tops = [row for row in units if not any(_is_below(row, other) for other in units)]
    ids = tuple(row.id for row in tops)
    names = listed(row.name for row in tops)
    return Place(ids, tops[0].code if len(tops) == 1 else None, names, covers_all(session, ids, today))


def _is_below(row: OrgRow, other: OrgRow) -> bool:
    return row.id != other.id and f"/{other.id}/" in row.path


def default_period(session: Session, today: date) -> Period:
    """The latest calendar year with something to show, up to the present one; see `year_to_show`."""
    year = func.substr(cast(TrainingSession.office_date, String), literal_column("1"), literal_column("4"))
    query = (
        select(year, func.count())
        .where(TrainingSession.state == SessionState.CLOSED, TrainingSession.office_date <= today)
        .group_by(year)
    )
    held = {int(found): count for found, count in session.execute(query)}
    return Period.of_year(year_to_show(held, today.year))


def counted_in(period: Period) -> list[ColumnElement[bool]]:
    """Conditions of the attendance rows that count: held sessions of the period, present or made up."""
    return [*is_counted(), Attendance.office_date.between(period.first, period.last)]


def held_in(period: Period) -> list[ColumnElement[bool]]:
    """Conditions of the sessions held in the period."""
    return [
        TrainingSession.state == SessionState.CLOSED,
        TrainingSession.office_date.between(period.first, period.last),
    ]


def inside(place: Place, org_id: Any, day: Any) -> ColumnElement[bool]:
    """Whether the unit lay within the place on the row's own day."""
    if place.is_everything:
        return true()
    paths = or_(False, *[OrgPlacement.path.like(pattern) for pattern in place.patterns])
    # Read once for the whole statement; only rows of units that were ever inside are looked at closely.
    ever = org_id.in_(select(OrgPlacement.org_id).where(paths))
    that_day = select(literal(1)).where(
        OrgPlacement.org_id == org_id, OrgPlacement.starts_on <= day, OrgPlacement.ends_on > day, paths
    )
    return and_(ever, that_day.exists())


def inside_on(place: Place, org_id: Any, on: date) -> ColumnElement[bool]:
    """Whether the unit lay within the place on one date."""
    if place.is_everything:
        return true()
    if place.under_id is None and not place.own_only:
        held: ColumnElement[bool] = org_id.in_(subtree_ids(place.org_ids, on))
        return held
    paths = or_(False, *[OrgPlacement.path.like(pattern) for pattern in place.patterns])
    held = org_id.in_(select(OrgPlacement.org_id).where(placed_on(on), paths))
    return held


def units_below(place: Place, period: Period) -> CTE:
    """CTE (org_id, starts_on, ends_on, unit_id): under which row of a by-organisation table a unit falls.

    One place: the units directly below it on any day of the period, each with its whole subtree,
    and the place's own unit for what belongs to no unit below. Several places: each of them.
    """
    columns = (OrgPlacement.org_id, OrgPlacement.starts_on, OrgPlacement.ends_on)
    several: CTE
    if len(place.org_ids) != 1:
        tops = select(OrgUnit.id).where(OrgUnit.id.in_(place.org_ids)).subquery()
        inside_top = OrgPlacement.path.like(literal("%/") + cast(tops.c.id, String) + "/%")
        several = select(*columns, tops.c.id.label("unit_id")).join(tops, inside_top).cte("units")
        return several.prefix_with("MATERIALIZED")
    top = place.org_ids[0]
    below: Any = (
        select(OrgPlacement.org_id)
        .where(
            OrgPlacement.parent_id == top,
            OrgPlacement.starts_on <= period.last,
            OrgPlacement.ends_on > period.first,
        )
        .distinct()
        .subquery()
    )
    pattern = literal(f"%/{top}/") + cast(below.c.org_id, String) + "/%"
    children: Any = select(*columns, below.c.org_id.label("unit_id")).join(
        below, OrgPlacement.path.like(pattern)
    )
    own = select(*columns, literal(top).label("unit_id")).where(OrgPlacement.org_id == top)
    return union_all(children, own).cte("units").prefix_with("MATERIALIZED")


def org_rows(session: Session, place: Place, period: Period, found: set[int]) -> list[tuple[int, str, str]]:
    """(unit id, code, label) of a table by organisation: every unit below, with or without figures.

    `found` are the units that have figures. The place's own unit comes first, and only when
    something belongs to it alone or nothing is below it.
    """
    units = units_below(place, period)
    top = place.org_ids[0] if len(place.org_ids) == 1 else None
    query = select(OrgUnit.id, OrgUnit.code, OrgUnit.name).where(OrgUnit.id.in_(select(units.c.unit_id)))
    found_units = [(org_id, code, name) for org_id, code, name in session.execute(query)]
    if top not in found and len(found_units) > 1:
        found_units = [unit for unit in found_units if unit[0] != top]
    rows = sorted(found_units, key=lambda row: (row[0] != top, row[1]))
    if len(rows) == 1:
        return rows
    return [(i, code, _("%(name)s(本级)", name=name) if i == top else name) for i, code, name in rows]


def mode_names(session: Session) -> dict[str, str]:
    """Delivery modes by key, in the reader's language."""
    return _names(session, DeliveryMode)


def kind_names(session: Session) -> dict[str, str]:
    """Kinds of session by key, in the reader's language."""
    return _names(session, SessionKind)


def _names(session: Session, table: type[DeliveryMode | SessionKind]) -> dict[str, str]:
    query = select(table.key, table.name_zh, table.name_en).order_by(table.position)
    return {key: localised(zh, en) for key, zh, en in session.execute(query)}


def places_to_choose(session: Session, scope: Scope, place: Place, today: date) -> list[tuple[str, str]]:
    """(code, name) of the scope's units, the place's own, those directly below either, and the way up."""
    known = {*scope.org_ids, *place.org_ids}
    own = aliased(OrgPlacement)
    is_above = exists().where(
        own.org_id.in_(place.org_ids),
        own.starts_on <= today,
        own.ends_on > today,
        own.path.like(literal("%/") + cast(OrgUnit.id, String) + "/%"),
    )
    query = (
        select(OrgUnit.code, OrgUnit.name)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(today)))
        .where(
            or_(OrgUnit.id.in_(known), OrgPlacement.parent_id.in_(known), is_above),
            OrgUnit.id.in_(subtree_ids(scope.org_ids, today)),
        )
        .order_by(OrgPlacement.path)
    )
    return [(code, name) for code, name in session.execute(query)]
