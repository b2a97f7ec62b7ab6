"""The figures person_times, class_person_times, members, sessions, classes and declared_person_times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.i18n import gettext as _
from app.core.i18n import localised
from app.core.vocabulary import Group
from app.reports.labels import group_label, month_label
from app.reports.queries.place import Place, counted_in, held_in, inside, unit_labels, units_below
from app.reports.rules import By, Period
from app.trainings.models import DeliveryMode, SessionKind, TrainingSession

# A month table lists empty months too, unless the period is so long that they would bury the others.
LONGEST_FULL_MONTHS = 24


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

    key: ColumnElement[Any]
    join: Any = None
    on: ColumnElement[bool] | None = None

    def split(self, query: Select[Any]) -> Select[Any]:
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
    came = _came(session, period, place, _grouping_of_rows(by, period, place))
    held = {} if by is By.GROUP else _held(session, period, place, _grouping_of_sessions(by, period, place))
    keys = set(came) | set(held)
    found = {key: _merge(came.get(key), held.get(key), by is By.GROUP) for key in keys}
    total = _merge(
        _came(session, period, place, None).get(None), _held(session, period, place, None).get(None), False
    )
    rows = [
        replace(found.get(key, PersonTimesRow("", "")), key=shown, label=label)
        for key, shown, label in _labels(session, by, period, place, keys)
    ]
    return PersonTimes(total, tuple(rows))


def _came(session: Session, period: Period, place: Place, grouping: _Grouping | None) -> dict[Any, Any]:
    # Both ids in one number, so that one scan counts pairs too: ids have 32 bits.
    pair = cast(Attendance.class_id, BigInteger) * (1 << 32) + Attendance.member_id
    query: Select[Any] = (
        select(
            func.count().label("person_times"),
            func.count(pair.distinct()).label("class_person_times"),
            func.count(Attendance.member_id.distinct()).label("members"),
            func.coalesce(func.sum(Attendance.minutes), 0).label("minutes"),
        )
        .select_from(Attendance)
        .where(*counted_in(period), inside(place, Attendance.org_id, Attendance.office_date))
    )
    if grouping is None:
        return {None: session.execute(query).one()}
    if grouping.join is not None and "bit" in grouping.join.c:
        query = query.add_columns(
            func.count(Attendance.session_id.distinct()).label("sessions"),
            func.count(Attendance.class_id.distinct()).label("classes"),
        )
    return {row.key: row for row in session.execute(grouping.split(query))}


def _held(session: Session, period: Period, place: Place, grouping: _Grouping | None) -> dict[Any, Any]:
    query: Select[Any] = (
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


def _merge(came: Any, held: Any, is_group: bool) -> PersonTimesRow:
    hosted = came if is_group else held
    return PersonTimesRow(
        key="",
        label="",
        sessions=hosted.sessions if hosted else 0,
        classes=hosted.classes if hosted else 0,
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
    if by is By.GROUP:
        bits = union_all(
            *[select(literal(g.value).label("name"), literal(g.bit).label("bit")) for g in Group]
        ).subquery("bits")
        return _Grouping(bits.c.name, bits, Attendance.groups.bitwise_and(bits.c.bit) != 0)
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
    return func.substr(cast(day, String), 1, 7)


def _labels(
    session: Session, by: By, period: Period, place: Place, keys: set[Any]
) -> list[tuple[Any, str, str]]:
    """(key found, key shown, label) of every row, in the order of the table."""
    if by in (By.KIND, By.MODE):
        table = SessionKind if by is By.KIND else DeliveryMode
        names = session.execute(
            select(table.key, table.name_zh, table.name_en).where(table.key.in_(keys)).order_by(table.position)
        )
        return [(key, key, localised(zh, en)) for key, zh, en in names]
    if by is By.GROUP:
        return [(group.value, group.value, group_label(group)) for group in Group]
    if by is By.MONTH:
        months = period.months()
        shown = months if len(months) <= LONGEST_FULL_MONTHS else sorted(keys)
        return [(month, month, month_label(month)) for month in shown]
    return org_rows(session, place, keys)


def org_rows(session: Session, place: Place, unit_ids: set[int]) -> list[tuple[int, str, str]]:
    """(unit id, code, label) of a table by organisation: the place's own unit first, then by code."""
    top = place.org_ids[0] if len(place.org_ids) == 1 else None
    labels = unit_labels(session, unit_ids)
    rows = sorted(((org_id, *labels[org_id]) for org_id in unit_ids), key=lambda row: (row[0] != top, row[1]))
    if len(rows) == 1:
        return rows
    return [(i, code, _("%(name)s(本级)", name=name) if i == top else name) for i, code, name in rows]
