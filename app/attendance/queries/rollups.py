"""SELECTs of what the yearly summaries hold: the one definition by which they are filled and verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from app.attendance.models import (
    Attendance,
    DayFigures,
    MemberYear,
    MemberYearKind,
    StaleDay,
    YearFigures,
)
from app.attendance.queries.counted import is_counted
from app.attendance.queries.hours import policy_of
from app.attendance.rules_year import (
    CLASS_SHIFT,
    DAY_COLUMNS,
    KIND_COLUMNS,
    MADE_UP,
    MEMBER_COLUMNS,
    MINUTES_SHIFT,
    MORNING_SHIFT,
    SEPARATOR,
    VISIT,
    Words,
    YearSums,
)
from app.core.vocabulary import VISIT_MODES, Status
from app.members.models import Member

# Of YearFigures.
TOTAL_COLUMNS = ("year", "kind_key", "members", "class_person_times")
# So many that their words take some ten megabytes.
MEMBERS_AT_ONCE = 1_000
_LAST_ID = 2**31 - 1


def counted_rows(year: int) -> list[ColumnElement[bool]]:
    """Conditions of a year's rows that count."""
    return [*is_counted(), Attendance.office_date.between(date(year, 1, 1), date(year, 12, 31))]


def said_of_members(year: int, which: ColumnElement[bool]) -> Select[int, str]:
    """SELECT member_id, and all counted rows of the year as words of `rules_year`; which: of these rows."""
    row = Attendance
    number = (
        func.coalesce(cast(row.class_id, BigInteger), 0) * (1 << CLASS_SHIFT)
        + cast(row.minutes, BigInteger) * (1 << MINUTES_SHIFT)
        + row.morning_minutes * (1 << MORNING_SHIFT)
        + case((row.status == Status.MADE_UP, MADE_UP), else_=0)
        + case((row.mode_key.in_(VISIT_MODES), VISIT), else_=0)
    )
    word = cast(number, String) + cast(row.office_date, String) + row.kind_key
    query = select(row.member_id, func.aggregate_strings(word, SEPARATOR))
    return query.where(*counted_rows(year), which).group_by(row.member_id)


def added_up(session: Session, year: int, which: ColumnElement[bool], words: Words) -> YearSums:
    """What the summaries of members hold, counted from the ledger; which: a condition on its rows."""
    policy = policy_of(session, year)
    sums = YearSums(year, policy.half_day_cap_minutes, policy.day_cap_minutes, words)
    for member_id, said in session.execute(said_of_members(year, which)):
        sums.add(member_id, said)
    return sums


def ranges_of_members(session: Session) -> list[tuple[int, int]]:
    """Ranges of member ids (both ends included) that are added up at once; together they are everybody."""
    starts = range(0, (session.scalar(select(func.max(Member.id))) or 0) + 1, MEMBERS_AT_ONCE)
    return [(first, first + MEMBERS_AT_ONCE - 1) for first in starts[:-1]] + [(starts[-1], _LAST_ID)]


def within(column: Any, ids: tuple[int, int]) -> ColumnElement[bool]:
    """Whether a member id lies in one of these ranges.

    Its ends stand in the text of the statement. PostgreSQL plans one that comes again and again for ranges
    of any size, and takes four times as long.
    """
    first, last = (literal(end, Integer, literal_execute=True) for end in ids)
    held: ColumnElement[bool] = column.between(first, last)
    return held


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
    words = Words()
    for year in sorted(_years(session)):
        first, last = date(year, 1, 1), date(year, 12, 31)
        if has_stale(session, first, last):
            continue
        for ids in ranges_of_members(session):
            sums = added_up(session, year, within(Attendance.member_id, ids), words)
            for table, names, rows in (
                (MemberYear, MEMBER_COLUMNS, sums.members),
                (MemberYearKind, KIND_COLUMNS, sums.kinds),
            ):
                which = and_(table.year == year, within(table.member_id, ids))
                yield from _compared(session, table, names, which, rows)
        days = day_figures(Attendance.office_date.between(first, last))
        totals = year_totals(MemberYear.year == year).union_all(kind_totals(MemberYearKind.year == year))
        of_year, in_days = YearFigures.year == year, DayFigures.office_date.between(first, last)
        yield from _compared(session, YearFigures, TOTAL_COLUMNS, of_year, session.execute(totals))
        yield from _compared(session, DayFigures, DAY_COLUMNS, in_days, session.execute(days))


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


def _compared(
    session: Session,
    table: Any,
    names: Sequence[str],
    which: ColumnElement[bool],
    counted: Iterable[Sequence[Any]],
) -> Iterator[Difference]:
    """What the table holds where `which`, beside what was counted: rows of the columns `names`."""
    key_of = itemgetter(*(names.index(column.key) for column in table.__table__.primary_key))
    columns = [getattr(table, name) for name in names]
    stored = {key_of(row): tuple(row) for row in session.execute(select(*columns).where(which))}
    found = {key_of(row): tuple(row) for row in counted}
    for each in sorted(stored.keys() | found.keys()):
        if stored.get(each) != found.get(each):
            before, after = (
                dict(zip(names, rows[each], strict=True)) if each in rows else None
                for rows in (stored, found)
            )
            yield Difference(table.__tablename__, each, before, after)
