"""The course of a year: person-times of each month, and coverage as it grows from January on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, DayFigures, MemberYear
from app.core.vocabulary import Group
from app.reports.queries.coverage import members_of_day
from app.reports.queries.person_times import month_of
from app.reports.queries.place import Place, counted_in, inside
from app.reports.queries.summaries import are_exact
from app.reports.rules import Period, Snapshot, share
from app.reports.rules_glance import months_begun, running_total


@dataclass(frozen=True, slots=True)
class TrendMonth:
    """One month: its person-times, and who of the day's members was reached by its end since January."""

    month: str
    person_times: int
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

    @property
    def until(self) -> date:
        """The month's last day."""
        return Period.of_month(int(self.month[:4]), int(self.month[5:])).last


@dataclass(frozen=True, slots=True)
class Trend:
    """The year's months up to the present one, all against the members of the one day `on`."""

    year: int
    on: date
    months: tuple[TrendMonth, ...]


def trend(session: Session, year: int, snapshot: Snapshot, place: Place, today: date) -> Trend:
    """The months of a year up to `today`.

    person_times: as in the figure person_times, of the month. covered and required_covered: as in the
    figure coverage, from 1 January to the month's end, against the members of `snapshot.on`: one and the
    same denominator all year, so that the line tells who was reached and not who moved in or away.
    """
    times = _monthly_person_times(session, year, place)
    everyone, required = _first_reached(session, year, snapshot, place)
    covered, required_covered = running_total(everyone), running_total(required)
    members, owed = sum(everyone.values()), sum(required.values())
    months = tuple(
        TrendMonth(
            f"{year:04d}-{month:02d}",
            times[month],
            members,
            covered[month - 1],
            owed,
            required_covered[month - 1],
        )
        for month in months_begun(year, today)
    )
    return Trend(year, snapshot.on, months)


def _monthly_person_times(session: Session, year: int, place: Place) -> Counter[int]:
    """Month → rows that count. By day first: the office's days are kept, others' are counted."""
    period = Period.of_year(year)
    query: Any = select(Attendance.office_date, func.count()).where(
        *counted_in(period), inside(place, Attendance.org_id, Attendance.office_date)
    )
    query = query.group_by(Attendance.office_date)
    if place.is_everything and are_exact(session, period):
        query = select(DayFigures.office_date, DayFigures.person_times).where(
            DayFigures.office_date.between(period.first, period.last)
        )
    found: Counter[int] = Counter()
    for day, rows in session.execute(query):
        found[day.month] += rows
    return found


def _first_reached(
    session: Session, year: int, snapshot: Snapshot, place: Place
) -> tuple[Counter[int], Counter[int]]:
    """The day's members, and those required, by the month that first reached them (0: none yet)."""
    day = members_of_day(snapshot, place)
    source, reached, first = _first_months(session, year)
    exempt = day.c.groups.bitwise_and(Group.EXEMPT.bit).label("exempt")
    query = (
        select(first.label("first"), exempt, func.count())
        .select_from(day.outerjoin(source, and_(reached, source.c.member_id == day.c.member_id)))
        .group_by("first", "exempt")
    )
    everyone: Counter[int] = Counter()
    required: Counter[int] = Counter()
    for key, is_exempt, count in session.execute(query):
        month = key or 0
        everyone[month] += count
        required[month] += 0 if is_exempt else count
    return everyone, required


def _first_months(session: Session, year: int) -> tuple[Any, ColumnElement[bool], Any]:
    """(what to join, on what besides the member, the first month): summaries where they are exact."""
    if are_exact(session, Period.of_year(year)):
        months = [(getattr(MemberYear, f"days_{month}") != 0, month) for month in range(1, 13)]
        return MemberYear.__table__, MemberYear.year == year, case(*months, else_=None)
    rows = (
        select(Attendance.member_id, func.min(month_of(Attendance.office_date)).label("month"))
        .where(*counted_in(Period.of_year(year)))
        .group_by(Attendance.member_id)
        .subquery("first_months")
    )
    return rows, rows.c.member_id.is_not(None), cast(func.substr(rows.c.month, 6, 2), Integer)
