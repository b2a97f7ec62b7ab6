"""Keeps the yearly summaries equal to the ledger: what changed is added up again in the same transaction.

Triggers note whose days have changed. `settle` runs before every commit of `writing()`: it counts those
members' years again from their rows, and the office's totals with them. Set-based throughout: closing a
hall of thousands takes the same few statements as closing a visit.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.attendance.models import (
    Attendance,
    DayFigures,
    MemberYear,
    MemberYearKind,
    StaleDay,
    YearFigures,
)
from app.attendance.queries.hours import policy_of
from app.attendance.queries.rollups import (
    columns_of,
    day_figures,
    kind_totals,
    member_year_kinds,
    member_years,
    with_days,
    year_totals,
)
from app.core.db import BEFORE_COMMIT, is_postgresql, writing

# First key of the advisory lock that those hold who count a year.
_YEAR_LOCKS = 7303
# More member-days than this are not worth adding up one by one.
_MANY = 50_000
_TOTALS = ("members", "class_person_times")
# Nobody has loaded these rows as objects.
_QUIETLY: dict[str, Any] = {"synchronize_session": False}


def settle(session: Session) -> None:
    """Add up what this transaction has made stale. Costs one short SELECT where that is nothing."""
    session.flush()
    mine = StaleDay.writer == _writer(session)
    days = session.scalars(select(StaleDay.office_date).where(mine).distinct()).all()
    for year in sorted({day.year for day in days}):
        of_year = StaleDay.office_date.between(date(year, 1, 1), date(year, 12, 31))
        stale = select(StaleDay.member_id).where(mine, of_year).distinct()
        _count_again(session, year, stale, [day for day in days if day.year == year])
    if days:
        session.execute(delete(StaleDay).where(mine), execution_options=_QUIETLY)


BEFORE_COMMIT.append(settle)


def adopt_leftovers() -> int:
    """Add up what was changed without that: by hand, by a bulk load. How many member-days it was."""
    with writing() as session:
        count = session.scalar(select(func.count()).select_from(StaleDay)) or 0
        if count > _MANY:
            rebuild()
        elif count:
            adopted = update(StaleDay).values(writer=_writer(session))
            session.execute(adopted, execution_options=_QUIETLY)
    return count


def make_stale(session: Session, year: int) -> None:
    """The rule by which minutes count has changed from this year on: its days are added up again."""
    rows = select(Attendance.office_date, Attendance.member_id, _writer(session)).distinct()
    rows = rows.where(Attendance.is_held.is_(True), Attendance.office_date >= date(year, 1, 1))
    session.execute(_insert(session)(StaleDay).from_select(["office_date", "member_id", "writer"], rows))


def rebuild() -> int:
    """Count every summary anew from the rows. How many member-years there are then."""
    with writing() as session:
        for year in sorted(_known_years(session)):
            _hold_year(session, year)
        for table in (StaleDay, MemberYear, MemberYearKind, YearFigures, DayFigures):
            session.execute(delete(table), execution_options=_QUIETLY)
        held = select(Attendance.office_date).where(Attendance.is_held.is_(True)).distinct()
        days = session.scalars(held).all()
        for year in sorted({day.year for day in days}):
            _count_again(session, year, None, [day for day in days if day.year == year])
        return session.scalar(select(func.count()).select_from(MemberYear)) or 0


def _known_years(session: Session) -> set[int]:
    held = select(Attendance.office_date).where(Attendance.is_held.is_(True)).distinct()
    return {day.year for day in session.scalars(held)} | set(
        session.scalars(select(MemberYear.year).distinct())
    )


def _hold_year(session: Session, year: int) -> None:
    """Until the commit: whoever counts this year next sees what was counted here.

    Every change is counted after it was made and before it is committed, so the last one has seen them all.
    """
    if is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock(_YEAR_LOCKS, year)))


def _writer(session: Session) -> ColumnElement[int]:
    return func.txid_current(type_=BigInteger) if is_postgresql(session) else literal(0, BigInteger)


def _insert(session: Session) -> Any:
    return postgresql_insert if is_postgresql(session) else sqlite_insert


def _count_again(session: Session, year: int, members: Select[int] | None, days: list[date]) -> None:
    """Count the year of `members` (a SELECT of ids; None: of all, whose summaries are gone) and the days."""
    gathers = is_postgresql(session)
    _hold_year(session, year)
    which, which_kinds = MemberYear.year == year, MemberYearKind.year == year
    if members is not None:
        which = and_(which, MemberYear.member_id.in_(members))
        which_kinds = and_(which_kinds, MemberYearKind.member_id.in_(members))
        _move_totals(session, which, which_kinds, sign=-1)
        session.execute(delete(MemberYear).where(which), execution_options=_QUIETLY)
        session.execute(delete(MemberYearKind).where(which_kinds), execution_options=_QUIETLY)
    _put(session, MemberYear, member_years(policy_of(session, year), year, members, gathers_bits=gathers))
    _put(session, MemberYearKind, member_year_kinds(year, members, gathers_bits=gathers))
    _move_totals(session, which, which_kinds, sign=1)
    empty = and_(YearFigures.year == year, YearFigures.members == 0)
    session.execute(delete(YearFigures).where(empty), execution_options=_QUIETLY)
    _count_days(session, days)


def _put(session: Session, table: Any, rows: Select[Any]) -> None:
    """Insert what was counted: within the database where it gathers bits itself, else by way of here."""
    names = columns_of(rows)
    if len(names) == len(rows.selected_columns):
        session.execute(_insert(session)(table).from_select(names, rows))
        return
    found = [with_days(row) for row in session.execute(rows)]
    if found:
        # As text for the driver: parameters by name cost more here than the counting does.
        marks = ", ".join("?" * len(names))
        columns = ", ".join(names)
        statement = f"INSERT INTO {table.__tablename__} ({columns}) VALUES ({marks})"  # noqa: S608  our own names
        session.connection().exec_driver_sql(statement, found)


def _move_totals(
    session: Session, which: ColumnElement[bool], which_kinds: ColumnElement[bool], *, sign: int
) -> None:
    """Take these members' part out of the office's totals, or put it in."""
    for rows in (year_totals(which, sign), kind_totals(which_kinds, sign)):
        statement = _insert(session)(YearFigures).from_select(["year", "kind_key", *_TOTALS], rows)
        moved = {name: getattr(YearFigures, name) + statement.excluded[name] for name in _TOTALS}
        session.execute(statement.on_conflict_do_update(index_elements=["year", "kind_key"], set_=moved))


def _count_days(session: Session, days: list[date]) -> None:
    """Count the office's days anew; a year's at a time, so that the statement stays within bounds."""
    session.execute(delete(DayFigures).where(DayFigures.office_date.in_(days)), execution_options=_QUIETLY)
    rows = day_figures(Attendance.office_date.in_(days))
    names = [column.key for column in rows.selected_columns]
    session.execute(_insert(session)(DayFigures).from_select(names, rows))
