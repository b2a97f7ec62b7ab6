"""Reads the yearly summaries of the ledger: which days of which years a period takes of them."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import reduce
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, true
from sqlalchemy.orm import Session, SessionTransaction

from app.attendance.models import Attendance, DayFigures, MemberYear, MemberYearKind, YearFigures
from app.attendance.queries.counted import is_counted
from app.attendance.queries.rollups import has_stale
from app.reports.rules import Period

# Beyond that many years a statement would grow without bounds; nobody asks for them.
MOST_YEARS = 12


def are_exact(session: Session, period: Period) -> bool:
    """Whether the summaries may be read for the period; else its rows are counted."""
    first, last = period.first.year, period.last.year
    if last - first >= MOST_YEARS:
        return False
    if session.info.get("writing"):
        return not has_stale(session, period.first, period.last)
    # Once for all the figures of a page: they read the same transaction.
    transaction = session.get_transaction() or session.begin()
    asked = _asked.setdefault(transaction, {})
    if (first, last) not in asked:
        asked[first, last] = not has_stale(session, period.first, period.last)
    return asked[first, last]


_asked: WeakKeyDictionary[SessionTransaction, dict[tuple[int, int], bool]] = WeakKeyDictionary()


def came_in(period: Period, member_id: Any, *, as_set: bool = False) -> ColumnElement[bool]:
    """Whether a member has a counted row in the period, from the summaries; member_id: a column outside.

    as_set: gather all who have one first, where everybody is asked about.
    """
    held = _days_in(MemberYear, period)
    if as_set:
        return or_(*[member_id.in_(select(MemberYear.member_id).where(days)) for days in held])
    return or_(*[exists().where(MemberYear.member_id == member_id, days) for days in held])


def has_days_in(table: type[MemberYear] | type[MemberYearKind], period: Period) -> ColumnElement[bool]:
    """Whether a summary's year has a counted row on a day of the period."""
    return or_(*_days_in(table, period))


def _days_in(table: Any, period: Period) -> Iterator[ColumnElement[bool]]:
    """The same, a condition for each year."""
    for year in range(period.first.year, period.last.year + 1):
        if days := period.within(Period.of_year(year)):
            yield and_(table.year == year, _has_one_of(table, days))


def _has_one_of(table: Any, days: Period) -> ColumnElement[bool]:
    if days.whole_year:
        return true()
    parts = [column if mask is None else column.bitwise_and(mask) for column, mask in _months(table, days)]
    held: ColumnElement[bool] = reduce(lambda one, other: one.bitwise_or(other), parts) != 0
    return held


def _months(table: Any, days: Period) -> Iterator[tuple[Any, int | None]]:
    """(column of a month, its bits that lie in the days; None: all) of one year's days."""
    for month in range(days.first.month, days.last.month + 1):
        length = calendar.monthrange(days.first.year, month)[1]
        first = days.first.day if month == days.first.month else 1
        last = days.last.day if month == days.last.month else length
        whole = (first, last) == (1, length)
        yield getattr(table, f"days_{month}"), None if whole else (1 << last) - (1 << first - 1)


def sums(session: Session, period: Period) -> dict[str, dict[str, int]]:
    """By kind of session: person_times, class_person_times, members and minutes; under "" of all together."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_NUMBERS, 0))
    for kind, times, minutes in session.execute(_added_up(period)):
        for key in (kind, ""):
            found[key]["person_times"] += times
            found[key]["minutes"] += int(minutes)
    for query in _distinct(period):
        for kind, members, pairs in session.execute(query):
            found[kind]["members"] += members
            found[kind]["class_person_times"] += pairs
    return found


def sums_by_month(session: Session, period: Period, month: ColumnElement[str]) -> dict[str, dict[str, int]]:
    """The same by month ("2019-04"), of months with counted rows; month: that of a row."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_NUMBERS, 0))
    days = select(DayFigures.office_date, DayFigures.person_times, DayFigures.minutes).where(
        DayFigures.office_date.between(period.first, period.last)
    )
    for day, times, minutes in session.execute(days):
        numbers = found[f"{day:%Y-%m}"]
        numbers["person_times"] += times
        numbers["minutes"] += minutes
    for year in range(period.first.year, period.last.year + 1):
        days_of_year = Period(max(period.first, date(year, 1, 1)), min(period.last, date(year, 12, 31)))
        held = [
            func.count(case(((column if mask is None else column.bitwise_and(mask)) != 0, 1)))
            for column, mask in _months(MemberYear, days_of_year)
        ]
        members = session.execute(select(*held).where(MemberYear.year == year)).one()
        for key, number in zip(days_of_year.months(), members, strict=True):
            if number:
                found[key]["members"] = number
    pairs = _pairs(period).add_columns(month.label("month")).distinct().subquery("pairs")
    for key, number in session.execute(select(pairs.c.month, func.count()).group_by(pairs.c.month)):
        found[key]["class_person_times"] = number
    return found


_NUMBERS = ("person_times", "class_person_times", "members", "minutes")


def _added_up(period: Period) -> Any:
    return (
        select(DayFigures.kind_key, func.sum(DayFigures.person_times), func.sum(DayFigures.minutes))
        .where(DayFigures.office_date.between(period.first, period.last))
        .group_by(DayFigures.kind_key)
    )


def _distinct(period: Period) -> Iterator[Any]:
    """What no sum of days gives: SELECTs of kind ("": all together), members, class_person_times."""
    if period.whole_year:
        columns = YearFigures.kind_key, YearFigures.members, YearFigures.class_person_times
        yield select(*columns).where(YearFigures.year == period.whole_year)
        return
    # A year has one row a member; several years have the same member again.
    in_one_year = period.first.year == period.last.year
    kinds, everyone = (
        func.count() if in_one_year else func.count(table.member_id.distinct())
        for table in (MemberYearKind, MemberYear)
    )
    none, all_kinds = literal(0), literal("")
    by_kind = select(MemberYearKind.kind_key, kinds, none).where(has_days_in(MemberYearKind, period))
    yield by_kind.group_by(MemberYearKind.kind_key)
    yield select(all_kinds, everyone, none).where(has_days_in(MemberYear, period))
    pairs = _pairs(period).add_columns(Attendance.kind_key).distinct().subquery("pairs")
    yield select(pairs.c.kind_key, none, func.count()).group_by(pairs.c.kind_key)
    # Grouped, not distinct: SQLite walks the index once without keeping what it has seen.
    once = _pairs(period).group_by(Attendance.class_id, Attendance.member_id).subquery("once")
    yield select(all_kinds, none, func.count()).select_from(once)


def _pairs(period: Period) -> Any:
    """SELECT (class_id, member_id) of the counted rows of classes."""
    pairs: Any = select(Attendance.class_id, Attendance.member_id)
    return pairs.where(
        *is_counted(),
        Attendance.class_id.is_not(None),
        Attendance.office_date.between(period.first, period.last),
    )
