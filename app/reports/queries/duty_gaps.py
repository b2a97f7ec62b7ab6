"""Where duties are lacking: branches that held none in a month, told from the duty matrix itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from app.members.models import OrgUnit
from app.reports.queries.duties import Duties, DutyKind, DutyRow, duties
from app.reports.queries.place import Place, units_below
from app.reports.rules import EVERYTHING, Period, Slice
from app.reports.rules_glance import duty_span, lacks_duty, months_begun


@dataclass(frozen=True, slots=True)
class UnitGaps:
    """A unit: how many branches it has, and how many of them lack a duty session in each month begun."""

    code: str
    label: str
    branches: int
    lacking: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DutyGaps:
    """Units below the place in the order of the tree, and all its branches, each once; `on`: until when."""

    year: int
    on: date
    total: UnitGaps
    rows: tuple[UnitGaps, ...]


@dataclass(frozen=True, slots=True)
class LackingBranch:
    """A branch without a session of the duty; months_met: months of the year in which it held one."""

    code: str
    name: str
    months_met: int


@dataclass(frozen=True, slots=True)
class Lacking:
    """`count` branches, the asked part of them by code."""

    count: int
    items: tuple[LackingBranch, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty of the present month, quarter or year that branches have not held yet.

    lacking: how many branches, of `branches`; until: the last day on which it is still in time.
    """

    kind: DutyKind
    until: date
    lacking: int
    branches: int


@dataclass(frozen=True, slots=True)
class _Branch:
    unit_id: int
    unit_code: str
    unit_name: str
    opened_on: date | None


def duty_gaps(session: Session, year: int, place: Place, today: date) -> DutyGaps:
    """Of each unit directly below the place: branches without any duty session, month by month.

    Branches and sessions are those of the duty matrix (`duties`). A branch is asked for from the first
    full month of its existence on; the present month is counted as it stands.
    """
    matrix = duties(session, year, place, today, EVERYTHING)
    placed = _placed(session, place, matrix.on)
    months = months_begun(year, today)
    top = place.org_ids[0] if len(place.org_ids) == 1 else None
    units: dict[tuple[bool, str, str], list[tuple[DutyRow, date | None]]] = defaultdict(list)
    everyone = []
    for row in matrix.rows:
        found = placed.get(row.org_code, ())
        for branch in found:
            key = (branch.unit_id != top, branch.unit_code, branch.unit_name)
            units[key].append((row, branch.opened_on))
        everyone.append((row, found[0].opened_on if found else None))
    rows = tuple(_unit(*key[1:], units[key], year, months) for key in sorted(units))
    return DutyGaps(year, matrix.on, _unit("", "", everyone, year, months), rows)


def _unit(
    code: str, name: str, branches: list[tuple[DutyRow, date | None]], year: int, months: range
) -> UnitGaps:
    lacking = tuple(
        sum(lacks_duty(row.months, range(month, month + 1), year, opened) for row, opened in branches)
        for month in months
    )
    return UnitGaps(code, name, len(branches), lacking)


def branches_lacking(
    session: Session,
    month: tuple[int, int],
    place: Place,
    today: date,
    kind: str | None = None,
    cut: Slice = EVERYTHING,
) -> Lacking | None:
    """The branches behind a number of `duty_gaps`: none of any duty in that (year, month).

    kind: none of this duty in the month, quarter or year that the month lies in. None when it is no duty.
    """
    year, number = month
    matrix = duties(session, year, place, today, EVERYTHING)
    duty = next((found for found in matrix.kinds if found.key == kind), None)
    if kind is not None and duty is None:
        return None
    span = duty_span(duty.frequency, number) if duty else range(number, number + 1)
    opened = _opened(session, place, matrix.on)
    found = [
        LackingBranch(row.org_code, row.org_name, sum(1 for held in _months(row, kind) if held))
        for row in matrix.rows
        if lacks_duty(_months(row, kind), span, year, opened.get(row.org_code))
    ]
    until = None if cut.limit is None else cut.offset + cut.limit
    return Lacking(len(found), tuple(found[cut.offset : until]))


def duties_owed(session: Session, place: Place, today: date) -> tuple[Owed, ...]:
    """What the branches of the place have still to hold: in this month, this quarter, this year."""
    matrix = duties(session, today.year, place, today, EVERYTHING)
    opened = _opened(session, place, matrix.on)
    found = [_owed(kind, matrix, opened, today) for kind in matrix.kinds]
    return tuple(owed for owed in found if owed.lacking)


def _owed(kind: DutyKind, matrix: Duties, opened: dict[str, date | None], today: date) -> Owed:
    span = duty_span(kind.frequency, today.month)
    lacking = sum(
        lacks_duty(_months(row, kind.key), span, today.year, opened.get(row.org_code)) for row in matrix.rows
    )
    until = Period.of_month(today.year, span[-1]).last
    return Owed(kind, until, lacking, len(matrix.rows))


def _months(row: DutyRow, kind: str | None) -> tuple[int, ...]:
    if kind is None:
        return row.months
    return next((duty.months for duty in row.duties if duty.kind == kind), (0,) * 12)


def _opened(session: Session, place: Place, on: date) -> dict[str, date | None]:
    return {code: branches[0].opened_on for code, branches in _placed(session, place, on).items()}


def _placed(session: Session, place: Place, on: date) -> dict[str, tuple[_Branch, ...]]:
    """Code of each unit inside the place → the rows of a by-organisation table that it falls under."""
    units = units_below(place, Period(on, on))
    inner, outer = aliased(OrgUnit), aliased(OrgUnit)
    query: Any = (
        select(inner.code, outer.id, outer.code, outer.name, inner.opened_on)
        .select_from(units)
        .join(inner, inner.id == units.c.org_id)
        .join(outer, outer.id == units.c.unit_id)
        .where(and_(units.c.starts_on <= on, units.c.ends_on > on))
    )
    found: dict[str, tuple[_Branch, ...]] = {}
    for code, *rest in session.execute(query):
        found[code] = (*found.get(code, ()), _Branch(*rest))
    return found
