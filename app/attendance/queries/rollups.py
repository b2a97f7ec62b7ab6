"""SELECTs of what the yearly summaries hold: the one definition by which they are filled and verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    cast,
    exists,
    extract,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, HourPolicy, MemberYear, MemberYearKind, StaleYear, YearFigures
from app.attendance.queries.hours import day_minutes, policy_of
from app.core.vocabulary import CENTRAL_KIND, COUNTED_STATUSES, VISIT_MODES, Status

_MONTH = cast(extract("month", Attendance.office_date), Integer)


def counted_rows(year: int, members: Select[int] | None) -> list[ColumnElement[bool]]:
    """Conditions of a year's rows that count, of these members or of all."""
    found: list[ColumnElement[bool]] = [
        Attendance.is_held.is_(True),
        Attendance.status.in_(COUNTED_STATUSES),
        Attendance.office_date.between(date(year, 1, 1), date(year, 12, 31)),
    ]
    return found if members is None else [*found, Attendance.member_id.in_(members)]


def member_years(policy: HourPolicy, year: int, members: Select[int] | None = None) -> Select[Any]:
    """Rows of MemberYear, counted from the ledger: one pass by day for the caps, then by member."""
    made_up = Attendance.status == Status.MADE_UP
    at_home = Attendance.mode_key.in_(VISIT_MODES)
    days = (
        select(
            Attendance.member_id,
            Attendance.office_date,
            func.min(_MONTH).label("month"),
            func.count().label("rows"),
            func.sum(Attendance.minutes).label("minutes"),
            day_minutes(policy).label("credited"),
            day_minutes(policy, made_up).label("made_up"),
            day_minutes(policy, at_home).label("at_home"),
        )
        .where(*counted_rows(year, members))
        .group_by(Attendance.member_id, Attendance.office_date)
        .subquery("days")
    )
    # Each month's bit once: a sum of distinct powers of two is a union of sets.
    bit = literal(1, Integer).bitwise_lshift(days.c.month - 1)
    by_day = (
        select(
            days.c.member_id,
            func.sum(days.c.rows).label("person_times"),
            func.sum(days.c.minutes).label("minutes"),
            func.sum(days.c.credited).label("credited"),
            func.sum(days.c.made_up).label("made_up"),
            func.sum(days.c.at_home).label("at_home"),
            func.sum(bit.distinct()).label("months"),
            func.max(days.c.office_date).label("last_on"),
        )
        .group_by(days.c.member_id)
        .subquery("by_day")
    )
    classes, central = _classes(year, members), _central(year, members)
    return (
        select(
            literal(year, Integer).label("year"),
            by_day.c.member_id.label("member_id"),
            _whole(by_day.c.person_times, "person_times"),
            _whole(classes.c.classes, "class_person_times"),
            _whole(by_day.c.minutes, "minutes"),
            _whole(by_day.c.credited, "credited_minutes"),
            _whole(by_day.c.made_up, "made_up_minutes"),
            _whole(by_day.c.at_home, "home_minutes"),
            _whole(central.c.classes, "central_classes"),
            _whole(by_day.c.months, "months"),
            by_day.c.last_on.label("last_on"),
        )
        .outerjoin(classes, classes.c.member_id == by_day.c.member_id)
        .outerjoin(central, central.c.member_id == by_day.c.member_id)
    )


def _whole(number: Any, name: str) -> Any:
    return cast(func.coalesce(number, 0), Integer).label(name)


def _classes(year: int, members: Select[int] | None) -> Any:
    """Subquery (member_id, classes): training classes that a member came to."""
    return (
        select(Attendance.member_id, func.count(Attendance.class_id.distinct()).label("classes"))
        .where(*counted_rows(year, members), Attendance.class_id.is_not(None))
        .group_by(Attendance.member_id)
        .subquery("classes")
    )


def _central(year: int, members: Select[int] | None) -> Any:
    """Subquery (member_id, classes): central trainings, a session without a class being one."""
    training = func.coalesce(Attendance.class_id, -Attendance.session_id)
    return (
        select(Attendance.member_id, func.count(training.distinct()).label("classes"))
        .where(*counted_rows(year, members), Attendance.kind_key == CENTRAL_KIND)
        .group_by(Attendance.member_id)
        .subquery("central")
    )


def member_year_kinds(year: int, members: Select[int] | None = None) -> Select[Any]:
    """Rows of MemberYearKind, counted from the ledger."""
    return (
        select(
            literal(year, Integer).label("year"),
            Attendance.member_id.label("member_id"),
            Attendance.kind_key.label("kind_key"),
            _whole(func.count(), "person_times"),
            _whole(func.count(Attendance.class_id.distinct()), "class_person_times"),
            _whole(func.sum(Attendance.minutes), "minutes"),
        )
        .where(*counted_rows(year, members))
        .group_by(Attendance.member_id, Attendance.kind_key)
    )


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
        (sign * cast(func.count(), Integer)).label("members"),
        (sign * cast(func.sum(table.person_times), Integer)).label("person_times"),
        (sign * cast(func.sum(table.class_person_times), Integer)).label("class_person_times"),
        (sign * cast(func.sum(table.minutes), BigInteger)).label("minutes"),
    ).where(which)


def has_stale(session: Session, years: range) -> bool:
    """Whether a summary of these years may differ from the ledger just now."""
    stale = exists().where(StaleYear.year >= years.start, StaleYear.year < years.stop)
    return bool(session.scalar(select(stale)))


@dataclass(frozen=True, slots=True)
class Difference:
    """A summary that does not say what its rows add up to; None: it should not be there, or is missing."""

    table: str
    key: tuple[Any, ...]
    stored: tuple[Any, ...] | None
    counted: tuple[Any, ...] | None


def differences(session: Session) -> Iterator[Difference]:
    """Every difference between the summaries and a recount of the ledger, year by year.

    Member-years that are known to be stale are left out: reports do not read them.
    """
    held = extract("year", Attendance.office_date)
    years = set(session.scalars(select(cast(held, Integer)).where(Attendance.is_held).distinct()))
    for table in (MemberYear, YearFigures):
        years |= set(session.scalars(select(table.year).distinct()))
    for year in sorted(years):
        stale = set(session.scalars(select(StaleYear.member_id).where(StaleYear.year == year)))
        counted = member_years(policy_of(session, year), year)
        yield from _compared(session, MemberYear, year, counted, 2, stale)
        yield from _compared(session, MemberYearKind, year, member_year_kinds(year), 3, stale)
        if not stale:
            of_year = MemberYear.year == year
            totals = year_totals(of_year).union_all(kind_totals(MemberYearKind.year == year))
            yield from _compared(session, YearFigures, year, totals, 2, set())


def _compared(
    session: Session, table: Any, year: int, counted: Any, key: int, stale: set[int]
) -> Iterator[Difference]:
    columns = list(table.__table__.columns)
    stored = _by_key(session.execute(select(*columns).where(table.year == year)), key)
    found = _by_key(session.execute(counted), key)
    for each in sorted(stored.keys() | found.keys()):
        if each[1] not in stale and stored.get(each) != found.get(each):
            yield Difference(table.__tablename__, each, stored.get(each), found.get(each))


def _by_key(rows: Any, length: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {tuple(row[:length]): tuple(row[length:]) for row in rows}
