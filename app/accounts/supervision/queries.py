"""Every SELECT over instructors, teams and the units assigned to them, within a scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import (
    Instructor,
    InstructorAssignment,
    StaffUser,
    SupervisionTeam,
    TeamAssignment,
    TeamOfficial,
)
from app.accounts.supervision.commands import Overseer, OverseerKind
from app.core.access import Scope
from app.core.vocabulary import OrgKind
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.member_page import Dated
from app.members.queries.tree import is_inside, placed_on, subtree_ids

AssignmentModel = type[InstructorAssignment] | type[TeamAssignment]


@dataclass(frozen=True, slots=True)
class OverseerFilter:
    """Whose list is wanted: as of `on`, found by `q`; `unassigned` too, for those who assign."""

    on: date
    q: str | None = None
    unassigned: bool = False


@dataclass(frozen=True, slots=True)
class InstructorRow:
    """An instructor in a list; `units` of the day within the scope, `since` the first day of the earliest."""

    id: int
    name: str
    work_place: str | None
    username: str | None
    units: int
    since: date | None


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team in a list, with its officials of the day."""

    id: int
    name: str
    officials: int
    leader: str | None
    units: int
    since: date | None


@dataclass(frozen=True, slots=True)
class AssignedUnit(Dated):
    """A unit and when it is theirs; `is_placed` False: it has been closed."""

    org_code: str
    org_name: str
    org_kind: OrgKind
    is_placed: bool


@dataclass(frozen=True, slots=True)
class Official(Dated):
    """Who belongs to a team, and when."""

    id: int
    name: str
    work_place: str | None
    is_leader: bool
    username: str | None


@dataclass(frozen=True, slots=True)
class OverseerPage:
    """One instructor or team: the units within the scope, latest first; officials of a team.

    is_whole: every assignment lies within the scope, so the person or team as such may be changed there.
    """

    overseer: Overseer
    name: str
    work_place: str | None
    username: str | None
    units: tuple[AssignedUnit, ...]
    officials: tuple[Official, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class UnitOverseer:
    """Who looks after a unit; `through` is the unit above it that was assigned, None for itself.

    is_open: the assigned unit lies within the reader's scope, and so their page can be opened.
    """

    overseer: Overseer
    name: str
    note: str | None
    since: date
    through: str | None
    is_open: bool


def assignments_of(kind: OverseerKind) -> tuple[AssignmentModel, Any]:
    """The table of assignments of that kind, and its column that names whose they are."""
    if kind is OverseerKind.INSTRUCTOR:
        return InstructorAssignment, InstructorAssignment.instructor_id
    return TeamAssignment, TeamAssignment.team_id


def instructors(
    session: Session, scope: Scope, wanted: OverseerFilter, *, limit: int, offset: int = 0
) -> tuple[list[InstructorRow], int]:
    """Instructors of the scope by name, and how many there are in all."""
    held = _held(OverseerKind.INSTRUCTOR, scope, wanted.on).subquery("held")
    shown = _shown(OverseerKind.INSTRUCTOR, Instructor.id, scope, wanted)
    if wanted.q:
        shown.append(_named(wanted.q, Instructor.name, Instructor.work_place))
    query = (
        select(
            Instructor.id,
            Instructor.name,
            Instructor.work_place,
            StaffUser.username,
            func.coalesce(held.c.units, 0),
            held.c.since,
        )
        .outerjoin(StaffUser, StaffUser.id == Instructor.user_id)
        .outerjoin(held, held.c.whose == Instructor.id)
        .where(*shown)
        .order_by(Instructor.name, Instructor.id)
    )
    rows = [InstructorRow(*row) for row in session.execute(query.limit(limit).offset(offset))]
    total = session.scalar(select(func.count()).select_from(Instructor).where(*shown)) or 0
    return rows, total


def teams(
    session: Session, scope: Scope, wanted: OverseerFilter, *, limit: int, offset: int = 0
) -> tuple[list[TeamRow], int]:
    """Teams of the scope in the order they were set up, and how many there are in all."""
    held = _held(OverseerKind.TEAM, scope, wanted.on).subquery("held")
    people = _people(wanted.on).subquery("people")
    shown = _shown(OverseerKind.TEAM, SupervisionTeam.id, scope, wanted)
    if wanted.q:
        of_name = select(TeamOfficial.team_id).where(_named(wanted.q, TeamOfficial.name))
        shown.append(or_(_named(wanted.q, SupervisionTeam.name), SupervisionTeam.id.in_(of_name)))
    query = (
        select(
            SupervisionTeam.id,
            SupervisionTeam.name,
            func.coalesce(people.c.officials, 0),
            people.c.leader,
            func.coalesce(held.c.units, 0),
            held.c.since,
        )
        .outerjoin(people, people.c.team_id == SupervisionTeam.id)
        .outerjoin(held, held.c.whose == SupervisionTeam.id)
        .where(*shown)
        .order_by(SupervisionTeam.id)
    )
    rows = [TeamRow(*row) for row in session.execute(query.limit(limit).offset(offset))]
    total = session.scalar(select(func.count()).select_from(SupervisionTeam).where(*shown)) or 0
    return rows, total


def _held(kind: OverseerKind, scope: Scope, on: date) -> Select[Any, int, date]:
    """SELECT whose, units, since: what each holds within the scope on the day."""
    model, whose = assignments_of(kind)
    return (
        select(whose.label("whose"), func.count().label("units"), func.min(model.starts_on).label("since"))
        .where(model.starts_on <= on, model.ends_on > on, model.org_id.in_(subtree_ids(scope.org_ids, on)))
        .group_by(whose)
    )


def _people(on: date) -> Select[int, int, str]:
    """SELECT team_id, officials, leader of the day."""
    leader = func.min(case((TeamOfficial.is_leader, TeamOfficial.name)))
    return (
        select(TeamOfficial.team_id, func.count().label("officials"), leader.label("leader"))
        .where(TeamOfficial.starts_on <= on, TeamOfficial.ends_on > on)
        .group_by(TeamOfficial.team_id)
    )


def _shown(
    kind: OverseerKind, own_id: Any, scope: Scope, wanted: OverseerFilter
) -> list[ColumnElement[bool]]:
    """Those with a unit of the scope, at whatever time; and those with no unit that still stands."""
    model, whose = assignments_of(kind)
    inside = own_id.in_(select(whose).where(model.org_id.in_(subtree_ids(scope.org_ids, wanted.on))))
    if not wanted.unassigned:
        return [inside]
    standing = select(OrgPlacement.org_id).where(placed_on(wanted.on))
    return [or_(inside, own_id.not_in(select(whose).where(model.org_id.in_(standing))))]


def _named(q: str, *columns: Any) -> ColumnElement[bool]:
    return or_(*[column.contains(q, autoescape=True) for column in columns])


def overseer_page(
    session: Session, overseer: Overseer, scope: Scope, wanted: OverseerFilter
) -> OverseerPage | None:
    """One instructor or team; None when nothing of theirs lies within the scope (or, for those who may
    assign, everything that still stands lies outside)."""
    found = _person(session, overseer)
    if found is None:
        return None
    rows = _units(session, overseer, wanted.on)
    inside = tuple(unit for unit, path in rows if is_inside(path, scope))
    standing = [unit for unit, _ in rows if unit.is_placed]
    if not inside and (standing or not wanted.unassigned):
        return None
    name, work_place, username = found
    officials = _officials(session, overseer.id) if overseer.kind is OverseerKind.TEAM else ()
    return OverseerPage(overseer, name, work_place, username, inside, officials, len(inside) == len(rows))


def last_path(on: date) -> Any:
    """Scalar: the path of `OrgUnit`'s placement of a day; of a closed unit, where it hung last."""
    return (
        select(OrgPlacement.path)
        # A move that is to come decides nothing yet.
        .where(OrgPlacement.org_id == OrgUnit.id, OrgPlacement.starts_on <= on)
        .order_by(OrgPlacement.starts_on.desc())
        .limit(1)
        .correlate(OrgUnit)
        .scalar_subquery()
    )


def _person(session: Session, overseer: Overseer) -> tuple[str, str | None, str | None] | None:
    if overseer.kind is OverseerKind.TEAM:
        team = session.get(SupervisionTeam, overseer.id)
        return (team.name, None, None) if team else None
    query = (
        select(Instructor.name, Instructor.work_place, StaffUser.username)
        .outerjoin(StaffUser, StaffUser.id == Instructor.user_id)
        .where(Instructor.id == overseer.id)
    )
    found = session.execute(query).first()
    return (found[0], found[1], found[2]) if found else None


def _units(session: Session, overseer: Overseer, on: date) -> list[tuple[AssignedUnit, str]]:
    model, whose = assignments_of(overseer.kind)
    placed = OrgUnit.id.in_(select(OrgPlacement.org_id).where(placed_on(on)))
    query = (
        select(
            model.starts_on, model.ends_on, OrgUnit.code, OrgUnit.name, OrgUnit.kind, placed, last_path(on)
        )
        .join(OrgUnit, OrgUnit.id == model.org_id)
        .where(whose == overseer.id)
        .order_by(model.ends_on.desc(), OrgUnit.code, model.starts_on.desc())
    )
    return [(AssignedUnit(*row[:6]), row[6] or "") for row in session.execute(query)]


def _officials(session: Session, team_id: int) -> tuple[Official, ...]:
    query = (
        select(
            TeamOfficial.starts_on,
            TeamOfficial.ends_on,
            TeamOfficial.id,
            TeamOfficial.name,
            TeamOfficial.work_place,
            TeamOfficial.is_leader,
            StaffUser.username,
        )
        .outerjoin(StaffUser, StaffUser.id == TeamOfficial.user_id)
        .where(TeamOfficial.team_id == team_id)
        .order_by(TeamOfficial.ends_on.desc(), TeamOfficial.is_leader.desc(), TeamOfficial.id)
    )
    return tuple(Official(*row) for row in session.execute(query))


def overseers_of_unit(session: Session, org_id: int, scope: Scope, on: date) -> tuple[UnitOverseer, ...]:
    """Who looks after a unit on a day, instructors first: it or a unit above it was assigned to them.

    Whoever sees the unit learns their names; `scope` only says whose pages can be opened.
    """
    path = session.scalar(select(OrgPlacement.path).where(OrgPlacement.org_id == org_id, placed_on(on)))
    line = [int(part) for part in (path or "").strip("/").split("/") if part]
    found: list[UnitOverseer] = []
    for kind, row in ((OverseerKind.INSTRUCTOR, Instructor), (OverseerKind.TEAM, SupervisionTeam)):
        found += _of_line(session, kind, row, line, scope, on) if line else []
    return tuple(found)


def _of_line(
    session: Session, kind: OverseerKind, row: Any, line: Sequence[int], scope: Scope, on: date
) -> list[UnitOverseer]:
    model, whose = assignments_of(kind)
    people = _people(on).subquery("people")
    is_team = kind is OverseerKind.TEAM
    note = people.c.leader if is_team else row.work_place
    query = (
        select(row.id, row.name, note, model.starts_on, OrgUnit.id, OrgUnit.name)
        .join(model, whose == row.id)
        .join(OrgUnit, OrgUnit.id == model.org_id)
        .where(and_(model.org_id.in_(line), model.starts_on <= on, model.ends_on > on))
        .order_by(row.id)
    )
    if is_team:
        query = query.outerjoin(people, people.c.team_id == row.id)
    nearest: dict[int, UnitOverseer] = {}
    # Assigned to the unit and to one above it as well: named once, by what is nearest.
    for own_id, name, words, since, org_id, org_name in sorted(
        session.execute(query), key=lambda r: -line.index(r[4])
    ):
        through = None if org_id == line[-1] else org_name
        is_open = not set(scope.org_ids).isdisjoint(line[: line.index(org_id) + 1])
        found = UnitOverseer(Overseer(kind, own_id), name, words, since, through, is_open)
        nearest.setdefault(own_id, found)
    return list(nearest.values())
