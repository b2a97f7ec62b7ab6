"""SELECTs of what the yearly summaries hold: the one definition by which they are filled and verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.orm import Session

from app.attendance.models import (
    Attendance,
    DayFigures,
    HourPolicy,
    MemberYear,
    MemberYearKind,
    StaleDay,
    YearFigures,
)
from app.attendance.queries.counted import is_counted
from app.attendance.queries.hours import capped, policy_of
from app.core.db import is_postgresql
from app.core.vocabulary import VISIT_MODES, Status

# Where a database cannot gather bits itself: its days as "2019-03-05,2019-03-08,…", for `with_days`.
DAYS = "days"


def counted_rows(year: int, members: Select[int] | None) -> list[ColumnElement[bool]]:
    """Conditions of a year's rows that count, of these members or of all."""
    found = [*is_counted(), Attendance.office_date.between(date(year, 1, 1), date(year, 12, 31))]
    return found if members is None else [*found, Attendance.member_id.in_(members)]


def day_columns(day: Any, *, gathers_bits: bool) -> list[ColumnElement[Any]]:
    """Of a GROUP BY: columns days_1 … days_12, or one column DAYS (the last)."""
    if not gathers_bits:
        return [func.aggregate_strings(cast(day, String), ",").label(DAYS)]
    bit = literal(1, Integer).bitwise_lshift(cast(extract("day", day), Integer) - 1)
    return [
        func.coalesce(func.bit_or(bit).filter(extract("month", day) == month), 0).label(f"days_{month}")
        for month in range(1, 13)
    ]


def with_days(row: Sequence[Any]) -> tuple[Any, ...]:
    """The row with days_1 … days_12 instead of DAYS, which stands last."""
    bits = 0
    for day in row[-1].split(","):
        bits |= _bit_of(day)
    return (*row[:-1], *[bits >> shift & _MONTH for shift in _SHIFTS])


_MONTH = (1 << 31) - 1
_SHIFTS = range(0, 12 * 31, 31)


@lru_cache(maxsize=4096)
def _bit_of(day: str) -> int:
    """Of all twelve months in a row."""
    return 1 << _SHIFTS[int(day[5:7]) - 1] + int(day[8:10]) - 1


def columns_of(rows: Select[Any]) -> list[str]:
    """Names of a SELECT's columns, as `with_days` leaves them."""
    names = [str(column.key) for column in rows.selected_columns]
    return names if names[-1] != DAYS else [*names[:-1], *(f"days_{month}" for month in range(1, 13))]


def member_years(
    policy: HourPolicy, year: int, members: Select[int] | None = None, *, gathers_bits: bool
) -> Select[Any]:
    """Rows of MemberYear, counted from the ledger: by day for the caps, then by member."""
    only = {"credited": true(), "made_up": Attendance.status == Status.MADE_UP,
            "home": Attendance.mode_key.in_(VISIT_MODES)}  # fmt: skip
    # Sums first and caps around them: SQLite would add up anew for each mention of a sum.
    parts = [
        func.sum(minutes if name == "credited" else case((which, minutes), else_=0)).label(f"{name}_{part}")
        for name, which in only.items()
        for part, minutes in (("all", Attendance.minutes), ("morning", Attendance.morning_minutes))
    ]
    days = (
        select(Attendance.member_id, Attendance.office_date, func.count().label("rows"), *parts)
        .where(*counted_rows(year, members))
        .group_by(Attendance.member_id, Attendance.office_date)
        .subquery("by_day")
    )
    sums: dict[str, Any] = {"person_times": days.c.rows, "minutes": days.c.credited_all}
    for name in only:
        morning, whole = days.c[f"{name}_morning"], days.c[f"{name}_all"]
        sums[f"{name}_minutes"] = capped(policy, morning, whole - morning)
    gathered = (
        select(
            days.c.member_id,
            *[cast(func.sum(of), Integer).label(name) for name, of in sums.items()],
            *day_columns(days.c.office_date, gathers_bits=gathers_bits),
        )
        .group_by(days.c.member_id)
        .subquery("gathered")
    )
    classes = _classes(year, members)
    return select(
        literal(year, Integer).label("year"),
        func.coalesce(classes.c.classes, 0).label("class_person_times"),
        *gathered.c,
    ).outerjoin(classes, classes.c.member_id == gathered.c.member_id)


def _classes(year: int, members: Select[int] | None) -> Any:
    """Subquery (member_id, classes): training classes that a member came to."""
    return (
        select(Attendance.member_id, func.count(Attendance.class_id.distinct()).label("classes"))
        .where(*counted_rows(year, members), Attendance.class_id.is_not(None))
        .group_by(Attendance.member_id)
        .subquery("classes")
    )


def member_year_kinds(year: int, members: Select[int] | None = None, *, gathers_bits: bool) -> Select[Any]:
    """Rows of MemberYearKind, counted from the ledger."""
    return (
        select(
            literal(year, Integer).label("year"),
            Attendance.member_id.label("member_id"),
            Attendance.kind_key.label("kind_key"),
            func.count(Attendance.class_id.distinct()).label("class_person_times"),
            (func.count() - func.count(Attendance.class_id)).label("single_sessions"),
            *day_columns(Attendance.office_date, gathers_bits=gathers_bits),
        )
        .where(*counted_rows(year, members))
        .group_by(Attendance.member_id, Attendance.kind_key)
    )


def day_figures(*which: ColumnElement[bool]) -> Select[Any]:
    """Rows of DayFigures, counted from the ledger; `which`: conditions on rows."""
    query: Any = (
        select(
            Attendance.office_date,
            Attendance.kind_key,
            func.count().label("person_times"),
            cast(func.sum(Attendance.minutes), Integer).label("minutes"),
        )
        .where(*is_counted(), *which)
        .group_by(Attendance.office_date, Attendance.kind_key)
    )
    found: Select[Any] = query
    return found


def year_totals(which: ColumnElement[bool], sign: int = 1) -> Select[Any]:
    """Rows of YearFigures for all kinds together, from the summaries of members; times `sign`."""
    return _totals(MemberYear, literal(""), which, sign).group_by(MemberYear.year)


def kind_totals(which: ColumnElement[bool], sign: int = 1) -> Select[Any]:
    """Rows of YearFigures of each kind, from the summaries of members; times `sign`."""
    table = MemberYearKind
    return _totals(table, table.kind_key, which, sign).group_by(table.year, table.kind_key)


def _totals(table: Any, kind: Any, which: ColumnElement[bool], sign: int) -> Select[Any]:
    return select(
        table.year,
        kind.label("kind_key"),
        (sign * func.count()).label("members"),
        (sign * cast(func.sum(table.class_person_times), Integer)).label("class_person_times"),
    ).where(which)


def has_stale(session: Session, first: date, last: date) -> bool:
    """Whether a summary that concerns these days may differ from the ledger just now."""
    years = date(first.year, 1, 1), date(last.year, 12, 31)
    return bool(session.scalar(select(exists().where(StaleDay.office_date.between(*years)))))


@dataclass(frozen=True, slots=True)
class Difference:
    """A summary that does not say what its rows add up to; None: it should not be there, or is missing."""

    table: str
    key: tuple[Any, ...]
    stored: dict[str, Any] | None
    counted: dict[str, Any] | None


def differences(session: Session) -> Iterator[Difference]:
    """Every difference between the summaries and a recount of the ledger, year by year.

    Years of which something is known to be stale are left out: reports do not read their summaries.
    """
    gathers = is_postgresql(session)
    for year in sorted(_years(session)):
        first, last = date(year, 1, 1), date(year, 12, 31)
        if has_stale(session, first, last):
            continue
        counted = member_years(policy_of(session, year), year, gathers_bits=gathers)
        kinds = member_year_kinds(year, gathers_bits=gathers)
        days = day_figures(Attendance.office_date.between(first, last))
        totals = year_totals(MemberYear.year == year).union_all(kind_totals(MemberYearKind.year == year))
        yield from _compared(session, MemberYear, MemberYear.year == year, counted)
        yield from _compared(session, MemberYearKind, MemberYearKind.year == year, kinds)
        yield from _compared(session, YearFigures, YearFigures.year == year, totals)
        yield from _compared(session, DayFigures, DayFigures.office_date.between(first, last), days)


def _years(session: Session) -> set[int]:
    """Years with a summary or with a row that may count."""
    found = {day.year for day in session.scalars(select(DayFigures.office_date).distinct())}
    found |= {
        day.year
        for day in session.scalars(
            select(Attendance.office_date).where(Attendance.is_held.is_(True)).distinct()
        )
    }
    return found.union(
        *(session.scalars(select(table.year).distinct()) for table in (MemberYear, YearFigures))
    )


def _compared(session: Session, table: Any, which: Any, counted: Any) -> Iterator[Difference]:
    columns = list(table.__table__.columns)
    names = [column.key for column in table.__table__.primary_key]
    stored = _by_key(session, select(*columns).where(which), names)
    found = _by_key(session, counted, names)
    for each in sorted(stored.keys() | found.keys()):
        if stored.get(each) != found.get(each):
            yield Difference(table.__tablename__, each, stored.get(each), found.get(each))


def _by_key(session: Session, rows: Any, names: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    found, columns = {}, columns_of(rows)
    for row in session.execute(rows):
        whole = dict(zip(columns, row if len(row) == len(columns) else with_days(row), strict=True))
        found[tuple(whole[name] for name in names)] = whole
    return found
