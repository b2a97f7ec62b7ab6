"""The figures person_times, class_person_times, members, sessions, classes and declared_person_times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.i18n import localised
from app.core.vocabulary import Group
from app.reports.labels import group_label, month_label
from app.reports.queries.place import Place, counted_in, held_in, inside, org_rows, units_below
from app.reports.queries.summaries import are_exact, sums, sums_by_month
from app.reports.rules import By, Period
from app.trainings.models import DeliveryMode, SessionKind, TrainingSession

# A month table lists empty months too, unless the period is so long that they would bury the others.
LONGEST_FULL_MONTHS = 24
# Class and member in one number, so that one scan counts pairs too: ids have 32 bits.
PAIR = cast(Attendance.class_id, BigInteger) * (1 << 32) + Attendance.member_id


@dataclass(frozen=True, slots=True)
class PersonTimesRow:
    """One line of the report; `key` and `label` are empty in the total."""

    key: str
    label: str
    sessions: int = 0
    classes: int = 0
    person_times: int = 0
    class_person_times: int = 0
    members: int = 0
    minutes: int = 0
    declared_person_times: int = 0


@dataclass(frozen=True, slots=True)
class PersonTimes:
    """The deduplicated total and its rows; rows of groups overlap, so they may add up to more."""

    total: PersonTimesRow
    rows: tuple[PersonTimesRow, ...]


@dataclass(frozen=True, slots=True)
class _Grouping:
    """How a SELECT is split into rows: the key, and what has to be joined for it."""

    key: Any
    join: Any = None
    on: ColumnElement[bool] | None = None

    def split(self, query: Any) -> Any:
        query = query.add_columns(self.key.label("key")).group_by(self.key)
        return query if self.join is None else query.join(self.join, self.on)


def person_times(session: Session, period: Period, place: Place, by: By) -> PersonTimes:
    """Recorded person-times and what stands beside them.

    person_times, class_person_times, members, minutes: attendance rows that count, of members whose
    branch lay within the place on the session's day; a class counts a member once; minutes are the
    sessions' credited minutes, without the day's cap. sessions, classes, declared_person_times: held
    sessions whose host lay within the place on their day; a session with a head count only is one of
    them. Only rows of groups count instead the sessions and classes that the group came to: a head
    count has no groups. The total is never the sum of rows. Source: domain.md, "Figures".
    """
    summed = _summed(session, period, place)
    total = _total(session, period, place, summed)
    if by is By.GROUP:
        return PersonTimes(total, tuple(_rows_of_groups(session, period, place)))
    if by is By.KIND and summed is not None:
        came = {kind: came for kind, came in summed.items() if kind and came.person_times}
    elif by is By.MONTH and summed is not None:
        months = sums_by_month(session, period, month_of(Attendance.office_date))
        came = {month: PersonTimesRow(month, "", **numbers) for month, numbers in months.items()}
    else:
        came = _came(session, period, place, _grouping_of_rows(by, period, place))
    held = _held(session, period, place, _grouping_of_sessions(by, period, place))
    keys = set(came) | set(held)
    found = {key: _merge(came.get(key), held.get(key)) for key in keys}
    rows = [
        replace(found.get(key, PersonTimesRow("", "")), key=shown, label=label)
        for key, shown, label in _labels(session, by, period, place, keys)
    ]
    return PersonTimes(total, tuple(rows))


def person_times_total(session: Session, period: Period, place: Place) -> PersonTimesRow:
    """The total of `person_times` alone."""
    return _total(session, period, place, _summed(session, period, place))


def _total(
    session: Session, period: Period, place: Place, summed: dict[str, PersonTimesRow] | None
) -> PersonTimesRow:
    came = _came(session, period, place, None)[None] if summed is None else summed[""]
    return _merge(came, _held(session, period, place, None)[None])


def _summed(session: Session, period: Period, place: Place) -> dict[str, PersonTimesRow] | None:
    """What the summaries say by kind of session, "" being all; None where the rows have to be counted."""
    if not place.is_everything or not are_exact(session, period):
        return None
    found = sums(session, period)
    return {key: PersonTimesRow(key, "", **found[key]) for key in ("", *found)}


def _came(session: Session, period: Period, place: Place, grouping: _Grouping | None) -> dict[Any, Any]:
    query: Any = (
        select(
            func.count().label("person_times"),
            func.count(PAIR.distinct()).label("class_person_times"),
            func.count(Attendance.member_id.distinct()).label("members"),
            func.coalesce(func.sum(Attendance.minutes), 0).label("minutes"),
        )
        .select_from(Attendance)
        .where(*counted_in(period), inside(place, Attendance.org_id, Attendance.office_date))
    )
    if grouping is None:
        return {None: session.execute(query).one()}
    return {row.key: row for row in session.execute(grouping.split(query))}


def _rows_of_groups(session: Session, period: Period, place: Place) -> list[PersonTimesRow]:
    """One row a group. Gathered by member first: the rows themselves would be read once a group."""
    rows = [*counted_in(period), inside(place, Attendance.org_id, Attendance.office_date)]
    bits = union_all(*[select(literal(g.value).label("name"), literal(g.bit).label("bit")) for g in Group])
    bit = bits.subquery("bits")
    gathered = (
        select(
            Attendance.groups,
            Attendance.member_id,
            Attendance.class_id,
            PAIR.label("pair"),
            func.count().label("rows"),
            func.sum(Attendance.minutes).label("minutes"),
        )
        .where(*rows)
        .group_by(Attendance.groups, Attendance.member_id, Attendance.class_id)
        .subquery("gathered")
    )
    query = (
        select(
            bit.c.name,
            func.sum(gathered.c.rows),
            func.count(gathered.c.pair.distinct()),
            func.count(gathered.c.member_id.distinct()),
            func.sum(gathered.c.minutes),
            func.count(gathered.c.class_id.distinct()),
        )
        .select_from(gathered)
        .join(bit, gathered.c.groups.bitwise_and(bit.c.bit) != 0)
        .group_by(bit.c.name)
    )
    found = {name: numbers for name, *numbers in session.execute(query)}
    attended = (
        select(*[func.max(Attendance.groups.bitwise_and(g.bit)).label(g.value) for g in Group])
        .where(*rows)
        .group_by(Attendance.session_id)
        .subquery("attended")
    )
    came_to = select(*[func.sum(case((attended.c[g.value] != 0, 1), else_=0)) for g in Group])
    sessions = session.execute(came_to).one()
    result = []
    for group, held in zip(Group, sessions, strict=True):
        times, pairs, members, minutes, classes = found.get(group.value, (0, 0, 0, 0, 0))
        result.append(
            PersonTimesRow(
                group.value, group_label(group), held or 0, classes, int(times), pairs, members, int(minutes)
            )
        )
    return result


def _held(session: Session, period: Period, place: Place, grouping: _Grouping | None) -> dict[Any, Any]:
    query: Any = (
        select(
            func.count().label("sessions"),
            func.count(TrainingSession.class_id.distinct()).label("classes"),
            func.coalesce(func.sum(TrainingSession.declared_person_times), 0).label("declared_person_times"),
        )
        .select_from(TrainingSession)
        .where(*held_in(period), inside(place, TrainingSession.host_org_id, TrainingSession.office_date))
    )
    if grouping is None:
        return {None: session.execute(query).one()}
    return {row.key: row for row in session.execute(grouping.split(query))}


def _merge(came: Any, held: Any) -> PersonTimesRow:
    return PersonTimesRow(
        key="",
        label="",
        sessions=held.sessions if held else 0,
        classes=held.classes if held else 0,
        person_times=came.person_times if came else 0,
        class_person_times=came.class_person_times if came else 0,
        members=came.members if came else 0,
        minutes=int(came.minutes) if came else 0,
        declared_person_times=int(held.declared_person_times) if held else 0,
    )


def _grouping_of_rows(by: By, period: Period, place: Place) -> _Grouping:
    if by is By.KIND:
        return _Grouping(Attendance.kind_key)
    if by is By.MODE:
        return _Grouping(Attendance.mode_key)
    if by is By.MONTH:
        return _Grouping(month_of(Attendance.office_date))
    units = units_below(place, period)
    return _Grouping(units.c.unit_id, units, _placed(units, Attendance.org_id, Attendance.office_date))


def _grouping_of_sessions(by: By, period: Period, place: Place) -> _Grouping:
    if by is By.KIND:
        return _Grouping(TrainingSession.kind_key)
    if by is By.MODE:
        return _Grouping(TrainingSession.mode_key)
    if by is By.MONTH:
        return _Grouping(month_of(TrainingSession.office_date))
    units = units_below(place, period)
    on = _placed(units, TrainingSession.host_org_id, TrainingSession.office_date)
    return _Grouping(units.c.unit_id, units, on)


def _placed(units: Any, org_id: Any, day: Any) -> ColumnElement[bool]:
    return and_(units.c.org_id == org_id, units.c.starts_on <= day, units.c.ends_on > day)


def month_of(day: Any) -> ColumnElement[str]:
    """The month of a date column as "2019-04", on both databases."""
    # Constants, not parameters: PostgreSQL must see the same words under GROUP BY.
    return func.substr(cast(day, String), literal_column("1"), literal_column("7"))


def _labels(
    session: Session, by: By, period: Period, place: Place, keys: set[Any]
) -> list[tuple[Any, str, str]]:
    """(key found, key shown, label) of every row, in the order of the table."""
    if by in (By.KIND, By.MODE):
        table = SessionKind if by is By.KIND else DeliveryMode
        names = session.execute(
            select(table.key, table.name_zh, table.name_en)
            .where(table.key.in_(keys))
            .order_by(table.position)
        )
        return [(key, key, localised(zh, en)) for key, zh, en in names]
    if by is By.MONTH:
        months = period.months()
        shown = months if len(months) <= LONGEST_FULL_MONTHS else sorted(keys)
        return [(month, month, month_label(month)) for month in shown]
    return org_rows(session, place, period, keys)
