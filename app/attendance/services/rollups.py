"""Keeps the yearly summaries equal to the ledger: what changed is added up again in the same transaction.

Triggers note whose days have changed. `settle` runs before every commit of `writing()`: it counts those
members' years again from their rows, and the office's totals with them. Set-based throughout: closing a
hall of thousands takes the same few statements as closing a visit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from typing import Any, cast

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
from app.attendance.queries.rollups import (
    MEMBERS_AT_ONCE,
    TOTAL_COLUMNS,
    added_up,
    day_figures,
    kind_totals,
    ranges_of_members,
    within,
    year_totals,
)
from app.attendance.rules_year import DAY_COLUMNS, KIND_COLUMNS, MEMBER_COLUMNS, DayRow, Row, Words
from app.core.db import BEFORE_COMMIT, Base, db, is_postgresql, writing
from app.core.statistics import take_statistics

# First key of the advisory lock that those hold who count a year.
_YEAR_LOCKS = 7303
# More member-days than this are not worth adding up one by one.
_MANY = 50_000
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


def rebuild(processes: int = 1) -> int:
    """Count every summary anew from the rows. How many member-years there are then.

    processes: how many count side by side. More than one only where nobody else runs in this process and
    no transaction is open: they are forked from it, and see what is committed.
    """
    with _counting(processes) as counted, writing() as session:
        for year in sorted(_known_years(session)):
            _hold_year(session, year)
        for table in (StaleDay, MemberYear, MemberYearKind, YearFigures, DayFigures):
            session.execute(delete(table), execution_options=_QUIETLY)
        for year in sorted(_held_years(session)):
            days: Counter[tuple[str, str]] = Counter()
            minutes: Counter[tuple[str, str]] = Counter()
            for members, kinds, of_days in counted(year, ranges_of_members(session)):
                _put(session, MemberYear, MEMBER_COLUMNS, members)
                _put(session, MemberYearKind, KIND_COLUMNS, kinds)
                for day, kind, times, some in of_days:
                    days[day, kind] += times
                    minutes[day, kind] += some
            _put(
                session, DayFigures, DAY_COLUMNS, [(*key, times, minutes[key]) for key, times in days.items()]
            )
            _move_totals(session, MemberYear.year == year, MemberYearKind.year == year, sign=1)
        total = session.scalar(select(func.count()).select_from(MemberYear)) or 0
    take_statistics("member_years", "member_year_kinds", "day_figures")
    return total


# Rows of members, kinds and days of some members' year.
_Part = tuple[list[Row], list[Row], list[DayRow]]
_Count = Callable[[int, list[tuple[int, int]]], Iterable[_Part]]


@contextmanager
def _counting(processes: int) -> Iterator[_Count]:
    """Gives what counts a year, range by range of members."""
    if processes < 2:
        words = Words()
        yield lambda year, ranges: (_part(db.session(), year, ids, words) for ids in ranges)
        return
    # No connection may be open that both would have.
    db.session.remove()
    db.engine.dispose()
    # One that is killed ends the rebuild, which a multiprocessing.Pool would wait for instead.
    with ProcessPoolExecutor(processes, get_context("fork")) as pool:
        # All are forked now, before there is a connection again.
        pool.submit(int).result()
        yield lambda year, ranges: pool.map(_part_apart, [(year, ids) for ids in ranges])


def _part(session: Session, year: int, ids: tuple[int, int], words: Words) -> _Part:
    sums = added_up(session, year, within(Attendance.member_id, ids), words)
    return sums.members, sums.kinds, sums.days()


# What a forked process has learnt so far; it lives no longer than one rebuild.
_words_apart = Words()


def _part_apart(asked: tuple[int, tuple[int, int]]) -> _Part:
    with Session(db.engine) as session:
        return _part(session, *asked, _words_apart)


def _known_years(session: Session) -> set[int]:
    return _held_years(session) | set(session.scalars(select(MemberYear.year).distinct()))


def _held_years(session: Session) -> set[int]:
    held = select(Attendance.office_date).where(Attendance.is_held.is_(True)).distinct()
    return {day.year for day in session.scalars(held)}


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


def _count_again(session: Session, year: int, stale: Select[int], days: list[date]) -> None:
    """Count the year of the members whom `stale` selects, and the days."""
    _hold_year(session, year)
    which = and_(MemberYear.year == year, MemberYear.member_id.in_(stale))
    which_kinds = and_(MemberYearKind.year == year, MemberYearKind.member_id.in_(stale))
    _move_totals(session, which, which_kinds, sign=-1)
    session.execute(delete(MemberYear).where(which), execution_options=_QUIETLY)
    session.execute(delete(MemberYearKind).where(which_kinds), execution_options=_QUIETLY)
    words, members = Words(), session.scalars(stale.order_by("member_id")).all()
    for first in range(0, len(members), MEMBERS_AT_ONCE):
        some = members[first : first + MEMBERS_AT_ONCE]
        sums = added_up(session, year, Attendance.member_id.in_(some), words)
        _put(session, MemberYear, MEMBER_COLUMNS, sums.members)
        _put(session, MemberYearKind, KIND_COLUMNS, sums.kinds)
    _move_totals(session, which, which_kinds, sign=1)
    empty = and_(YearFigures.year == year, YearFigures.members == 0)
    session.execute(delete(YearFigures).where(empty), execution_options=_QUIETLY)
    _count_days(session, days)


def _put(session: Session, table: type[Base], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows past SQLAlchemy: parameters by name cost more than the counting does."""
    if not rows:
        return
    into, connection = f"{table.__tablename__} ({', '.join(columns)})", session.connection()
    if not is_postgresql(session):
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608  our own names
        return
    cursor = cast(Any, connection.connection.driver_connection).cursor()
    with cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _move_totals(
    session: Session, which: ColumnElement[bool], which_kinds: ColumnElement[bool], *, sign: int
) -> None:
    """Take these members' part out of the office's totals, or put it in."""
    for rows in (year_totals(which, sign), kind_totals(which_kinds, sign)):
        statement = _insert(session)(YearFigures).from_select(list(TOTAL_COLUMNS), rows)
        totals = TOTAL_COLUMNS[2:]
        moved = {name: getattr(YearFigures, name) + statement.excluded[name] for name in totals}
        session.execute(statement.on_conflict_do_update(index_elements=["year", "kind_key"], set_=moved))


def _count_days(session: Session, days: list[date]) -> None:
    """Count the office's days anew; a year's at a time, so that the statement stays within bounds."""
    session.execute(delete(DayFigures).where(DayFigures.office_date.in_(days)), execution_options=_QUIETLY)
    rows = day_figures(Attendance.office_date.in_(days))
    session.execute(_insert(session)(DayFigures).from_select(list(DAY_COLUMNS), rows))
