"""Keeps the yearly summaries equal to the ledger: what changed is recomputed in the same transaction.

Triggers note whose year has changed. `settle` runs before every commit of `writing()`: it counts those
years again from their rows, and moves the office's totals by the difference. Set-based throughout: closing
a hall of thousands takes the same few statements as closing a visit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    cast,
    delete,
    extract,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, MemberYear, MemberYearKind, StaleYear, YearFigures
from app.attendance.queries.hours import policy_of
from app.attendance.queries.rollups import kind_totals, member_year_kinds, member_years, year_totals
from app.core.db import BEFORE_COMMIT, is_postgresql, writing

# First key of the advisory lock that those hold who move one year's totals.
_YEAR_LOCKS = 7303
_TOTALS = ("members", "person_times", "class_person_times", "minutes")
# Nobody has loaded these rows as objects.
_QUIETLY: dict[str, Any] = {"synchronize_session": False}


def settle(session: Session) -> None:
    """Recompute what this transaction has made stale. Costs one short SELECT where that is nothing."""
    session.flush()
    writer = _writer(session)
    mine = StaleYear.writer == writer
    years = session.scalars(select(StaleYear.year).where(mine).distinct().order_by(StaleYear.year)).all()
    for year in years:
        stale = select(StaleYear.member_id).where(mine, StaleYear.year == year).distinct()
        _count_again(session, year, stale)
    if years:
        session.execute(delete(StaleYear).where(mine))


BEFORE_COMMIT.append(settle)


def adopt_leftovers() -> int:
    """Recompute what was changed without a recomputation: by hand, by a bulk load. How many member-years."""
    with writing() as session:
        count = session.scalar(select(func.count()).select_from(StaleYear)) or 0
        if count:
            session.execute(update(StaleYear).values(writer=_writer(session)))
    return count


def rebuild() -> int:
    """Count every summary anew, the years one after the other. How many member-years there are."""
    with writing() as session:
        for table in (MemberYear, MemberYearKind, YearFigures):
            session.execute(delete(table), execution_options=_QUIETLY)
        mark_all(session)
        mine = StaleYear.writer == _writer(session)
        return session.scalar(select(func.count()).select_from(StaleYear).where(mine)) or 0


def mark_all(session: Session, years: Iterable[int] | None = None) -> None:
    """Have every summary (of these years) counted anew when this transaction commits."""
    year = extract("year", Attendance.office_date)
    rows = select(cast(year, Integer).label("year"), Attendance.member_id).where(Attendance.is_held)
    known = select(MemberYear.year, MemberYear.member_id)
    both = rows.union(known).subquery("both")
    chosen = select(both.c.year, both.c.member_id, literal(_writer(session), BigInteger))
    if years is not None:
        chosen = chosen.where(both.c.year.in_(list(years)))
    session.execute(_insert(session)(StaleYear).from_select(["year", "member_id", "writer"], chosen))


def _writer(session: Session) -> int:
    return int(session.scalar(text("SELECT txid_current()")) or 0) if is_postgresql(session) else 0


def _insert(session: Session) -> Any:
    return postgresql_insert if is_postgresql(session) else sqlite_insert


def _count_again(session: Session, year: int, members: Select[int]) -> None:
    """Count the year of `members` (a SELECT of ids) anew."""
    policy, insert = policy_of(session, year), _insert(session)
    if is_postgresql(session):
        # Until the commit: whoever counts this year next sees what was counted here. Every change is
        # counted after it was made and before it is committed, so the last one has seen them all.
        session.execute(select(func.pg_advisory_xact_lock(_YEAR_LOCKS, year)))
    which = and_(MemberYear.year == year, MemberYear.member_id.in_(members))
    which_kinds = and_(MemberYearKind.year == year, MemberYearKind.member_id.in_(members))
    _move_totals(session, which, which_kinds, sign=-1)
    session.execute(delete(MemberYear).where(which), execution_options=_QUIETLY)
    session.execute(delete(MemberYearKind).where(which_kinds), execution_options=_QUIETLY)
    for table, rows in (
        (MemberYear, member_years(policy, year, members)),
        (MemberYearKind, member_year_kinds(year, members)),
    ):
        names = [column.key for column in rows.selected_columns]
        session.execute(insert(table).from_select(names, rows))
    _move_totals(session, which, which_kinds, sign=1)
    empty = and_(YearFigures.year == year, YearFigures.members == 0)
    session.execute(delete(YearFigures).where(empty), execution_options=_QUIETLY)


def _move_totals(
    session: Session, which: ColumnElement[bool], which_kinds: ColumnElement[bool], *, sign: int
) -> None:
    """Take these members' part out of the office's totals, or put it in."""
    for rows in (year_totals(which, sign), kind_totals(which_kinds, sign)):
        statement = _insert(session)(YearFigures).from_select(["year", "kind_key", *_TOTALS], rows)
        moved = {name: getattr(YearFigures, name) + statement.excluded[name] for name in _TOTALS}
        session.execute(statement.on_conflict_do_update(index_elements=["year", "kind_key"], set_=moved))
