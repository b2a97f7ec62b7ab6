"""Imports the organisation tree from a table: units by code, and dated moves, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import FOREVER, OrgKind
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import placed_on
from app.members.roster.files import text_of
from app.members.roster.plan import Counts, Tell, silent
from app.members.roster.problems import FileRefused
from app.members.roster.reading import Roster, table_rows
from app.members.roster.rules_columns import ORGS
from app.members.roster.rules_orgs import DEEPEST, KINDS_SHOWN, OrgLine, depth, has_loop, may_hang, read_line
from app.members.roster.rules_problems import Place, Problem
from app.members.rules import SINCE_EVER


@dataclass(slots=True)
class OrgTable:
    """What a file holds; `source` knows its sheets and headers."""

    lines: list[OrgLine] = field(default_factory=list)
    problems: dict[Place, list[Problem]] = field(default_factory=dict)
    source: Roster = field(default_factory=Roster)


@dataclass(slots=True)
class OrgPlan:
    """What the import does; `moved` are codes whose place in the tree changes, with all below them."""

    created: list[OrgLine] = field(default_factory=list)
    changed: list[OrgLine] = field(default_factory=list)
    unchanged: list[OrgLine] = field(default_factory=list)
    rejected: dict[Place, list[Problem]] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    @property
    def counts(self) -> Counts:
        return Counts(len(self.created), len(self.changed), len(self.unchanged), len(self.rejected))


@dataclass(frozen=True, slots=True)
class _Stored:
    """The tree as it stands: units and their places of the day by code."""

    units: dict[str, OrgUnit]
    places: dict[str, OrgPlacement]
    parents: dict[str, str]


def read_orgs(content: bytes, tell: Tell = silent) -> OrgTable:
    """All rows of an organisation table. Raises FileRefused when the file as a whole cannot be used."""
    table = OrgTable()
    for done, row in enumerate(table_rows(content, ORGS, table.source), start=1):
        tell("reading", done, table.source.height)
        read = read_line(row.place, {name: text_of(cell) for name, cell in row.cells.items()})
        if isinstance(read, OrgLine):
            table.lines.append(read)
        else:
            table.problems[row.place] = read
    if not table.lines and not table.problems:
        raise FileRefused(lazy("表头下面没有内容。"), code="file_no_rows")
    return table


def import_orgs(
    table: OrgTable, today: date, now: datetime, *, user_id: int | None = None, as_of: date | None = None,
    dry_run: bool = False,
) -> OrgPlan:  # fmt: skip
    """Create, rename and move units of the whole tree, unless a row is rejected: then store nothing.

    A new unit counts from `as_of`, without it since ever. Moves take effect on `as_of` or today. Units
    that the table does not name stay as they are. Raises InvalidInput for a day in the future.
    """
    if as_of is not None and as_of > today:
        raise InvalidInput.field("as_of", "future", lazy("日期不能在今天以后。"))
    with writing() as session:
        stored = _stored(session, today)
        plan = _plan(table, stored, as_of or today)
        if dry_run or plan.rejected or not (plan.created or plan.changed):
            return plan
        # A unit without members changes no figure of the past, and may have held sessions then.
        starts_on = as_of or SINCE_EVER
        _write(session, plan, stored, now)
        _place(session, plan, stored, starts_on, as_of or today)
        record_act(
            session, "orgs.import", "orgs", user_id, now,
            created=len(plan.created), updated=len(plan.changed), moved=len(plan.moved),
        )  # fmt: skip
    return plan


def _stored(session: Session, on: date) -> _Stored:
    units = {unit.code: unit for unit in session.scalars(select(OrgUnit))}
    code_of = {unit.id: unit.code for unit in units.values()}
    places = {
        code_of[place.org_id]: place for place in session.scalars(select(OrgPlacement).where(placed_on(on)))
    }
    parents = {code: code_of.get(place.parent_id or 0, "") for code, place in places.items()}
    return _Stored(units, places, parents)


def _plan(table: OrgTable, stored: _Stored, on: date) -> OrgPlan:
    plan = OrgPlan(rejected={place: list(found) for place, found in table.problems.items()})
    lines: dict[str, OrgLine] = {}
    for line in table.lines:
        other = lines.setdefault(line.code, line)
        if other is not line:
            for one, two in ((line, other), (other, line)):
                doubled = Problem("code_doubled", "code", {"text": line.code}, two.place)
                plan.rejected.setdefault(one.place, []).append(doubled)
    parents = {**stored.parents, **{line.code: line.parent_code for line in lines.values()}}
    kinds = {code: unit.kind for code, unit in stored.units.items() if code in stored.places}
    kinds |= {line.code: line.kind for line in lines.values()}
    for line in lines.values():
        problem = _wrong_place(line, parents, kinds, stored, on)
        if problem:
            plan.rejected.setdefault(line.place, []).append(problem)
        elif line.place not in plan.rejected:
            _sort(plan, line, stored)
    return plan


def _wrong_place(
    line: OrgLine, parents: Mapping[str, str], kinds: Mapping[str, OrgKind], stored: _Stored, on: date
) -> Problem | None:
    if line.code in stored.units and line.code not in stored.places:
        return Problem("unit_closed", "code")
    if line.parent_code and line.parent_code not in kinds:
        return Problem("parent_unknown", "parent_code", {"text": line.parent_code})
    if has_loop(line.code, parents):
        return Problem("parent_itself", "parent_code")
    if depth(line.code, parents) >= DEEPEST:
        return Problem("parent_too_deep", "parent_code")
    if line.parent_code and not may_hang(line.kind, kinds[line.parent_code]):
        words = {"parent": KINDS_SHOWN[kinds[line.parent_code]], "kind": KINDS_SHOWN[line.kind]}
        return Problem("parent_kind", "parent_code", words)
    place = stored.places.get(line.code)
    if place and stored.parents[line.code] != line.parent_code and place.starts_on > on:
        return Problem("move_too_early", "parent_code", {"day": place.starts_on.isoformat()})
    return None


def _sort(plan: OrgPlan, line: OrgLine, stored: _Stored) -> None:
    unit = stored.units.get(line.code)
    if unit is None:
        plan.created.append(line)
        return
    if stored.parents[line.code] != line.parent_code:
        plan.moved.add(line.code)
    facts = (unit.name, unit.kind, line.sector or unit.sector)
    is_same = facts == (line.name, line.kind, unit.sector) and line.code not in plan.moved
    (plan.unchanged if is_same else plan.changed).append(line)


def _write(session: Session, plan: OrgPlan, stored: _Stored, now: datetime) -> None:
    for line in plan.created:
        unit = OrgUnit(code=line.code, name=line.name, kind=line.kind, sector=line.sector, created_at=now)
        stored.units[line.code] = unit
        session.add(unit)
    for line in plan.changed:
        unit = stored.units[line.code]
        unit.name, unit.kind, unit.sector = line.name, line.kind, line.sector or unit.sector
    session.flush()


def _place(session: Session, plan: OrgPlan, stored: _Stored, starts_on: date, moves_on: date) -> None:
    """Give new units their place, and every moved unit with all below it a new one from `moves_on`."""
    lines = [*plan.created, *plan.changed]
    parents = {**stored.parents, **{line.code: line.parent_code for line in lines}}
    for code, parent_code in parents.items():
        path = _path(code, parents, stored.units)
        parent = stored.units.get(parent_code)
        old = stored.places.get(code)
        if old is not None and old.path == path:
            continue
        row: dict[str, Any] = {"parent_id": parent.id if parent else None, "path": path}
        if old is None:
            session.add(OrgPlacement(org_id=stored.units[code].id, starts_on=starts_on, **row))
        elif old.starts_on >= moves_on:
            # Moved on its first day: it never hung anywhere else.
            old.parent_id, old.path = row["parent_id"], path
        else:
            ends_on, old.ends_on = old.ends_on, moves_on
            session.add(
                OrgPlacement(org_id=old.org_id, starts_on=moves_on, ends_on=ends_on or FOREVER, **row)
            )
    session.flush()


def _path(code: str, parents: Mapping[str, str], units: Mapping[str, OrgUnit]) -> str:
    ids = []
    while code:
        ids.append(units[code].id)
        code = parents.get(code, "")
    return "/" + "".join(f"{unit_id}/" for unit_id in reversed(ids))
