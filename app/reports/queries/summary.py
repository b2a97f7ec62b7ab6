"""The summaries by branch and by group: members, hours, attendance rate and coverage in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, and_, case, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.attendance.rules import HourRule
from app.core.vocabulary import Group
from app.reports.labels import group_label
from app.reports.queries.attendance_rate import NOBODY, RateRow, Turnout, group_rates, turnout
from app.reports.queries.coverage import CoverageRow, reached_members
from app.reports.queries.credit import HoursTally, credited_hours, hours_in
from app.reports.queries.place import Place, counted_in, inside, org_rows
from app.reports.queries.units import Unit, branch_rows, units_at, units_on
from app.reports.rules import Level, Period, RateBy, Snapshot


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line; `key` and `label` are empty in the total.

    reached: the figure coverage. turnout: the figure attendance_rate. people, person_times: as in the
    figure person_times. hours: see `credited_hours`. is_own: a unit without what is below it.
    """

    key: str
    label: str
    reached: CoverageRow
    turnout: RateRow
    people: int
    person_times: int
    hours: float
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """The deduplicated total and its rows; groups overlap, so theirs may add up to more."""

    total: SummaryRow
    rows: tuple[SummaryRow, ...]
    # Of the period's last year.
    rule: HourRule


# Members, and their person-times.
_Came = tuple[int, int]
_NONE: _Came = (0, 0)
# (branch, set of Group bits, reached or not, how many members)
_Tally = tuple[int, int, int, int]
_EVERYBODY = 0


def branch_summary(
    session: Session, period: Period, snapshot: Snapshot, place: Place, level: Level
) -> Summary:
    """One line a branch, or a unit directly below the place.

    members, required, coverage, hours: members of the snapshot's day. people, person_times: by the branch
    of the session's day. expected and those of them who came: by the branch of the expected list.
    """
    units = units_at(place, period, level)
    came = _came_by_unit(session, period, place, units)
    listed = turnout(session, period, place, RateBy.ORG, units)
    unit_of = units_on(session, place, level, snapshot.on)
    people: dict[int, list[_Tally]] = defaultdict(list)
    for tally in _members(session, period, snapshot, place):
        people[unit_of[tally[0]]].append(tally)
    hours: dict[int, list[HoursTally]] = defaultdict(list)
    credited = credited_hours(session, period, snapshot, place)
    for credit in credited.tallies:
        hours[unit_of[credit.org_id]].append(credit)
    everybody = came.pop(_EVERYBODY, _NONE)
    found = set(came) | set(listed) | set(people) | set(hours)
    rows = tuple(
        _row(
            unit,
            people.get(unit.org_id, []),
            listed.get(unit.org_id, NOBODY),
            came.get(unit.org_id, _NONE),
            hours.get(unit.org_id, []),
        )
        for unit in _units(session, period, snapshot, place, level, found)
    )
    total = _row(
        Unit(0, "", "", False),
        [tally for tallies in people.values() for tally in tallies],
        _added(listed.values()),
        everybody,
        [tally for tallies in hours.values() for tally in tallies],
    )
    return Summary(total, rows, credited.rule)


def _units(
    session: Session, period: Period, snapshot: Snapshot, place: Place, level: Level, found: set[int]
) -> list[Unit]:
    if level is Level.BRANCH:
        return branch_rows(session, place, snapshot.on, found)
    # The day may lie outside the period, and the tree may have been another then.
    wide = Period(min(period.first, snapshot.on), max(period.last, snapshot.on))
    rows = org_rows(session, place, wide, found)
    return [Unit(org_id, code, label, len(rows) > 1 and code == place.code) for org_id, code, label in rows]


def group_summary(session: Session, period: Period, snapshot: Snapshot, place: Place) -> Summary:
    """One line a group; each is counted whole, the total counts everybody once.

    members, required, coverage, hours: groups of the snapshot's day. people, person_times: groups of the
    session's day. expected and those of them who came: groups of the expected list.
    """
    tallies = _members(session, period, snapshot, place)
    credited = credited_hours(session, period, snapshot, place)
    hours = credited.tallies
    listed = turnout(session, period, place, RateBy.GROUP)
    came, everybody = _came_by_group(session, period, place)
    rows = []
    for group, rate in zip(Group, group_rates(listed), strict=True):
        rows.append(
            SummaryRow(
                group.value,
                group_label(group),
                _reached([tally for tally in tallies if tally[1] & group.bit]),
                rate,
                *came[group],
                hours_in([credit for credit in hours if credit.groups & group.bit]),
            )
        )
    total = _row(Unit(0, "", "", False), tallies, _added(listed.values()), everybody, hours)
    return Summary(total, tuple(rows), credited.rule)


def _row(
    unit: Unit, tallies: list[_Tally], listed: Turnout, came: _Came, hours: list[HoursTally]
) -> SummaryRow:
    rate = RateRow("", "", *listed)
    return SummaryRow(unit.code, unit.label, _reached(tallies), rate, *came, hours_in(hours), unit.is_own)


def _reached(tallies: list[_Tally]) -> CoverageRow:
    members = covered = required = required_covered = 0
    for _org_id, bits, is_covered, count in tallies:
        owed = 0 if bits & Group.EXEMPT.bit else count
        members += count
        covered += count * is_covered
        required += owed
        required_covered += owed * is_covered
    return CoverageRow("", "", members, covered, required, required_covered)


def _added(found: Iterable[Turnout]) -> Turnout:
    expected, attended, made_up = (sum(column) for column in zip(*found, NOBODY, strict=True))
    return expected, attended, made_up


def _members(session: Session, period: Period, snapshot: Snapshot, place: Place) -> list[_Tally]:
    """Members of the day and whether they were reached, as the figure coverage counts them."""
    reached = reached_members(session, period, snapshot, place)
    keys = (reached.c.org_id, reached.c.groups, reached.c.covered)
    query = select(*keys, func.count()).group_by(*keys)
    return [(org_id, bits, covered, n) for org_id, bits, covered, n in session.execute(query)]


def _came_by_unit(session: Session, period: Period, place: Place, units: Any) -> dict[int, _Came]:
    """Members and person-times by unit, and of all together under _EVERYBODY: one pass over the rows."""
    day = Attendance.office_date
    that_day = and_(units.c.org_id == Attendance.org_id, units.c.starts_on <= day, units.c.ends_on > day)
    gathered = (
        select(units.c.unit_id, Attendance.member_id, func.count().label("times"))
        .select_from(Attendance)
        .join(units, that_day)
        .where(*counted_in(period), inside(place, Attendance.org_id, day))
        .group_by(units.c.unit_id, Attendance.member_id)
        .cte("gathered")
        .prefix_with("MATERIALIZED")
    )
    times = cast(func.coalesce(func.sum(gathered.c.times), 0), Integer)
    by_unit = select(gathered.c.unit_id, func.count(), times).group_by(gathered.c.unit_id)
    together = select(
        literal(_EVERYBODY, Integer), func.count(gathered.c.member_id.distinct()), times
    ).select_from(gathered)
    found = session.execute(union_all(by_unit, together))
    return {unit_id: (members, person_times) for unit_id, members, person_times in found}


def _came_by_group(session: Session, period: Period, place: Place) -> tuple[dict[Group, _Came], _Came]:
    """Members and person-times by group, and of everybody: one pass over the rows."""
    gathered = (
        select(Attendance.member_id, Attendance.groups, func.count().label("times"))
        .where(*counted_in(period), inside(place, Attendance.org_id, Attendance.office_date))
        .group_by(Attendance.member_id, Attendance.groups)
        .subquery("gathered")
    )

    def within(group: Group, value: Any) -> Any:
        return case((gathered.c.groups.bitwise_and(group.bit) != 0, value), else_=0)

    by_member = (
        select(
            func.sum(gathered.c.times).label("times"),
            *[func.max(within(group, 1)).label(f"is_{group}") for group in Group],
            *[func.sum(within(group, gathered.c.times)).label(f"times_{group}") for group in Group],
        )
        .group_by(gathered.c.member_id)
        .subquery("by_member")
    )
    sums = [by_member.c[f"{what}_{group}"] for what in ("is", "times") for group in Group]
    query = select(func.count(), func.sum(by_member.c.times), *[func.sum(one) for one in sums])
    members, times, *rest = (int(number or 0) for number in session.execute(query).one())
    half = len(Group)
    by_group = dict(zip(Group, zip(rest[:half], rest[half:], strict=True), strict=True))
    return by_group, (members, times)
