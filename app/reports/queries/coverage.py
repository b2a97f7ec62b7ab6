"""The figure coverage: who of a day's members was reached at least once in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Integer, case, exists, func, literal, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.db import is_postgresql
from app.core.vocabulary import Group
from app.members.models import Membership
from app.members.queries.as_of import members_as_of
from app.reports.labels import group_label
from app.reports.queries.place import Place, counted_in, inside_on, org_rows, units_below
from app.reports.queries.summaries import are_exact, came_in
from app.reports.rules import CoverageBy, Period, Snapshot, share


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """Members of the day and those reached; `key` and `label` are empty in the total.

    `required` leaves out members without a hard attendance demand (exempt).
    """

    key: str
    label: str
    members: int
    covered: int
    required: int
    required_covered: int

    @property
    def coverage(self) -> float | None:
        return share(self.covered, self.members)

    @property
    def required_coverage(self) -> float | None:
        return share(self.required_covered, self.required)

    @property
    def uncovered(self) -> int:
        return self.members - self.covered


@dataclass(frozen=True, slots=True)
class Coverage:
    """The deduplicated total and its rows; groups overlap, and each is counted whole."""

    total: CoverageRow
    rows: tuple[CoverageRow, ...]


# (set of Group bits, how many members, how many of them reached)
_Tally = tuple[int, int, int]


def coverage(session: Session, period: Period, snapshot: Snapshot, place: Place, by: CoverageBy) -> Coverage:
    """Members of the day, and those of them with at least one attendance that counts in the period.

    Denominator: every member who belonged to a branch of the place on `snapshot.on`, in the groups of
    that day. Numerator: those with a counted row in the period, whatever branch they were in when
    they came. Guests and head counts are in neither. Source: domain.md, "Figures".
    """
    reached = reached_members(session, period, snapshot, place)
    if by is CoverageBy.ORG:
        return _by_org(session, snapshot, place, reached)
    query = select(reached.c.groups, func.count(), func.sum(reached.c.covered)).group_by(reached.c.groups)
    tallies = [(bits, members, covered) for bits, members, covered in session.execute(query)]
    rows = [
        _row(group.value, group_label(group), (t for t in tallies if t[0] & group.bit)) for group in Group
    ]
    return Coverage(_row("", "", tallies), tuple(rows))


def _by_org(session: Session, snapshot: Snapshot, place: Place, reached: CTE) -> Coverage:
    day = Period(snapshot.on, snapshot.on)
    units = units_below(place, day)
    placed = select(units.c.org_id, units.c.unit_id).where(
        units.c.starts_on <= snapshot.on, units.c.ends_on > snapshot.on
    )
    units_of: dict[int, list[int]] = defaultdict(list)
    for org_id, unit_id in session.execute(placed):
        units_of[org_id].append(unit_id)
    exempt = reached.c.groups.bitwise_and(Group.EXEMPT.bit).label("exempt")
    query = select(reached.c.org_id, exempt, func.count(), func.sum(reached.c.covered)).group_by(
        reached.c.org_id, "exempt"
    )
    everyone: list[_Tally] = []
    by_unit: dict[int, list[_Tally]] = defaultdict(list)
    for org_id, bits, members, covered in session.execute(query):
        everyone.append((bits, members, covered))
        for unit_id in units_of[org_id]:
            by_unit[unit_id].append((bits, members, covered))
    rows = [
        _row(code, label, by_unit.get(unit_id, []))
        for unit_id, code, label in org_rows(session, place, day, set(by_unit))
    ]
    return Coverage(_row("", "", everyone), tuple(rows))


def _row(key: str, label: str, tallies: Iterable[_Tally]) -> CoverageRow:
    members = covered = required = required_covered = 0
    for bits, count, reached in tallies:
        members += count
        covered += reached
        if not bits & Group.EXEMPT.bit:
            required += count
            required_covered += reached
    return CoverageRow(key, label, members, covered, required, required_covered)


def members_of_day(snapshot: Snapshot, place: Place) -> Any:
    """CTE (member_id, org_id, groups) of the members of the place on the snapshot's day."""
    query = members_as_of(snapshot.on, snapshot.elderly_age, everyone=place.is_everything).where(
        inside_on(place, Membership.org_id, snapshot.on)
    )
    return query.cte("day").prefix_with("MATERIALIZED")


def reached_members(
    session: Session, period: Period, snapshot: Snapshot, place: Place, covered: bool | None = None
) -> CTE:
    """CTE (member_id, org_id, groups, covered 0 or 1) of the members of the day; covered: of those only.

    Said here and not of the column, so that the database knows how many to expect.
    """
    everyone = place.is_everything and covered is None
    if are_exact(session, period):
        # PostgreSQL makes a set of it by itself.
        as_set = everyone and not is_postgresql(session)
        came = came_in(period, Membership.member_id, as_set=as_set)
    else:
        came = exists().where(Attendance.member_id == Membership.member_id, *counted_in(period))
    query = members_as_of(snapshot.on, snapshot.elderly_age, everyone=everyone).where(
        inside_on(place, Membership.org_id, snapshot.on)
    )
    if covered is not None:
        query = query.where(came if covered else ~came)
        return query.add_columns(literal(int(covered), Integer).label("covered")).cte("reached")
    return query.add_columns(case((came, 1), else_=0).label("covered")).cte("reached")
