"""Imports the organisation tree from a table: units by code, and dated moves, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import FOREVER, OrgKind
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import placed_on, tree
from app.members.roster.files import text_of
from app.members.roster.plan import Counts, Tell, silent
from app.members.roster.problems import FileRefused
from app.members.roster.reading import Roster, table_rows
from app.members.roster.rules_columns import ORGS
from app.members.roster.rules_orgs import KINDS_SHOWN, OrgLine, depth, has_loop, read_line
from app.members.roster.rules_problems import Place, Problem
from app.members.rules import SINCE_EVER
from app.members.rules_tree import DEEPEST, Hang, TreeRefused, may_hang, moved
from app.members.services.naming import last_change, last_rename, write_name, write_nature
from app.members.services.placing import Tree, lock_tree, refusal_words


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
    """The tree as it stands: units by code, parents of the day by code, and who may be named.

    reach: codes within the importing person's scope; None for the command line, which reaches all.
    """

    units: dict[str, OrgUnit]
    parents: dict[str, str]
    tree: Tree
    reach: frozenset[str] | None

    def is_placed(self, code: str) -> bool:
        return code in self.parents


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
    table: OrgTable, today: date, now: datetime, *, scope: Scope | None = None, as_of: date | None = None,
    dry_run: bool = False,
) -> OrgPlan:  # fmt: skip
    """Create, rename and move units, unless a row is rejected: then store nothing.

    A new unit counts from `as_of`, without it since ever. Moves and other names, kinds and sectors take
    effect on `as_of` or today; a sector that nobody had said holds at all dates. Units that the table
    does not name stay as they are. scope: only units within it may be named; None: the whole tree.
    Raises InvalidInput for a day in the future, or on which the tree does not take a move.
    """
    if as_of is not None and as_of > today:
        raise InvalidInput.field("as_of", "future", lazy("日期不能在今天以后。"))
    with writing() as session:
        lock_tree(session)
        stored = _stored(session, scope, today)
        plan = _plan(table, stored, as_of or today)
        if dry_run or plan.rejected or not (plan.created or plan.changed):
            return plan
        # A unit without members changes no figure of the past, and may have held sessions then.
        starts_on = as_of or SINCE_EVER
        _write(session, plan, stored, now, as_of or today)
        try:
            _place(plan, stored, starts_on, as_of or today)
        except TreeRefused as refused:
            raise InvalidInput.field("as_of", refused.code, refusal_words(refused, {})) from refused
        user_id = scope.user_id if scope else None
        record_act(
            session, "orgs.import", "orgs", user_id, now,
            created=len(plan.created), updated=len(plan.changed), moved=len(plan.moved),
        )  # fmt: skip
    return plan


def _stored(session: Session, scope: Scope | None, on: date) -> _Stored:
    units = {unit.code: unit for unit in session.scalars(select(OrgUnit))}
    code_of = {unit.id: unit.code for unit in units.values()}
    placed = session.execute(select(OrgPlacement.org_id, OrgPlacement.parent_id).where(placed_on(on)))
    parents = {code_of[org_id]: code_of.get(parent_id or 0, "") for org_id, parent_id in placed}
    # Where there is no tree yet, whoever may import one begins it.
    reach = frozenset(row.code for row in tree(session, scope, on)) if scope and parents else None
    return _Stored(units, parents, Tree(session), reach)


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
    kinds = {code: unit.kind for code, unit in stored.units.items() if stored.is_placed(code)}
    kinds |= {line.code: line.kind for line in lines.values()}
    below: dict[str, list[str]] = {}
    for code, parent_code in stored.parents.items():
        if code not in lines:
            below.setdefault(parent_code, []).append(code)
    for line in lines.values():
        problem = (
            _out_of_reach(line, lines, stored)
            or _wrong_place(line, parents, kinds, stored, on)
            or _wrong_above(line, below.get(line.code, ()), kinds)
        )
        if problem:
            plan.rejected.setdefault(line.place, []).append(problem)
        elif line.place not in plan.rejected:
            _sort(plan, line, stored)
    return plan


def _out_of_reach(line: OrgLine, lines: Mapping[str, OrgLine], stored: _Stored) -> Problem | None:
    """What the importing person may not name: units elsewhere, and parents elsewhere or none."""
    if stored.reach is None:
        return None
    if line.code in stored.units and line.code not in stored.reach:
        return Problem("unit_elsewhere" if stored.is_placed(line.code) else "unit_closed", "code")
    if stored.parents.get(line.code) == line.parent_code:
        return None
    if not line.parent_code:
        return Problem("parent_missing", "parent_code")
    is_new = line.parent_code in lines and line.parent_code not in stored.units
    if not is_new and line.parent_code not in stored.reach:
        return Problem("parent_unknown", "parent_code", {"text": line.parent_code})
    return None


def _wrong_place(
    line: OrgLine, parents: Mapping[str, str], kinds: Mapping[str, OrgKind], stored: _Stored, on: date
) -> Problem | None:
    if line.code in stored.units and not stored.is_placed(line.code):
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
    if line.code in stored.units and stored.parents[line.code] != line.parent_code:
        last = stored.tree.parents(stored.units[line.code].id)[-1]
        if last.starts_on > on:
            return Problem("move_too_early", "parent_code", {"day": last.starts_on.isoformat()})
    return None


def _wrong_above(line: OrgLine, below: Sequence[str], kinds: Mapping[str, OrgKind]) -> Problem | None:
    """A unit below that the row's kind cannot hold; below: codes of those that no row names."""
    for code in below:
        if code in kinds and not may_hang(kinds[code], line.kind):
            words = {"parent": KINDS_SHOWN[line.kind], "kind": KINDS_SHOWN[kinds[code]]}
            return Problem("parent_kind", "kind", words)
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


def _write(session: Session, plan: OrgPlan, stored: _Stored, now: datetime, since: date) -> None:
    for line in plan.created:
        unit = OrgUnit(code=line.code, name=line.name, kind=line.kind, sector=line.sector, created_at=now)
        stored.units[line.code] = unit
        session.add(unit)
    for line in plan.changed:
        unit = stored.units[line.code]
        first = stored.tree.since(unit.id)
        # On the unit's own first day, or before its last change, there is no state to keep.
        renamed, changed = last_rename(session, unit.id), last_change(session, unit.id)
        write_name(session, unit, line.name, _kept_from(since, first, renamed.ends_on if renamed else None))
        was_said = unit.sector is not None or unit.kind is not line.kind
        day = _kept_from(since, first, changed.ends_on if changed else None) if was_said else None
        write_nature(session, unit, line.kind, line.sector or unit.sector, day)
    session.flush()


def _kept_from(since: date, first: date, last: date | None) -> date | None:
    return since if since > first and (last is None or since >= last) else None


def _place(plan: OrgPlan, stored: _Stored, starts_on: date, moves_on: date) -> None:
    """Give new units their place, and every moved unit with all below it a new one from `moves_on`."""
    ids = {code: unit.id for code, unit in stored.units.items()}
    new = {line.code: line.parent_code for line in plan.created}

    def first_day(code: str) -> date:
        """A unit is there no sooner than the one above it."""
        if code not in new:
            return stored.tree.since(ids[code])
        return max(starts_on, first_day(new[code])) if new[code] else starts_on

    hangs = {ids[code]: [Hang(first_day(code), FOREVER, ids.get(parent))] for code, parent in new.items()}
    stored.tree.write(hangs, min((rows[0].starts_on for rows in hangs.values()), default=moves_on))
    moves = {line.code: ids.get(line.parent_code) for line in plan.changed if line.code in plan.moved}
    after = {
        ids[code]: moved(stored.tree.parents(ids[code]), above, moves_on) for code, above in moves.items()
    }
    stored.tree.write(after, moves_on)
