"""The rows behind a number: each list has exactly as many lines as the number says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.i18n import localised
from app.core.vocabulary import ATTENDED_STATUSES, CountMark, Group, Status
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.as_of import members_as_of
from app.reports.queries.coverage import reached_members
from app.reports.queries.cut import cut_rows
from app.reports.queries.place import Place, counted_in, held_in, inside, inside_on
from app.reports.rules import Period, Slice, Snapshot
from app.trainings.models import SessionKind, TrainingClass, TrainingSession


class Each(StrEnum):
    """What one line is: a row, or the rows of one member, class, member of a class, member's training."""

    ROW = "row"
    MEMBER = "member"
    CLASS = "class"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class Behind:
    """Which rows: the place and period of the figure and the cell's own row.

    by_host: rows of sessions that the place hosted, instead of rows of its members. member_id: this
    member's rows, of whatever branch.
    """

    place: Place
    period: Period
    kind: str | None = None
    mode: str | None = None
    group: Group | None = None
    status: Status | None = None
    member_id: int | None = None
    line: int | None = None
    by_host: bool = False
    without_make_up: bool = False
    duty_only: bool = False
    declared_only: bool = False


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member with the branch (of the rows, or of the day) and what the rows add up to."""

    member: int
    name: str
    org_name: str
    title: str = ""
    session_id: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    status: Status | None = None
    rows: int = 0
    minutes: int = 0
    groups: tuple[Group, ...] = ()
    covered: bool = False


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A held session, or a class with its held sessions."""

    title: str
    kind_label: str
    host_name: str
    first_on: date
    last_on: date
    session_id: int | None
    sessions: int
    minutes: int
    person_times: int
    declared_person_times: int | None
    declared_mark: CountMark = CountMark.EXACT


@dataclass(frozen=True, slots=True)
class Lines:
    """`count` lines in all; `sums` are totals over all of them, by name."""

    count: int
    items: tuple[Any, ...]
    sums: dict[str, int]


def _row_conditions(behind: Behind) -> list[ColumnElement[bool]]:
    found = counted_in(behind.period)
    if behind.by_host:
        hosts = inside(behind.place, TrainingSession.host_org_id, TrainingSession.office_date)
        found.append(Attendance.session_id.in_(select(TrainingSession.id).where(hosts)))
    elif behind.member_id is None:
        found.append(inside(behind.place, Attendance.org_id, Attendance.office_date))
    wanted: list[tuple[Any, Any]] = [
        (behind.member_id, Attendance.member_id),
        (behind.kind, Attendance.kind_key),
        (behind.mode, Attendance.mode_key),
        (behind.status, Attendance.status),
    ]
    found += [column == value for value, column in wanted if value is not None]
    if behind.without_make_up:
        found.append(Attendance.status.in_(ATTENDED_STATUSES))
    if behind.line is not None:
        found.append(
            Attendance.class_id == behind.line if behind.line > 0 else Attendance.session_id == -behind.line
        )
    if behind.group is not None:
        found.append(Attendance.groups.bitwise_and(behind.group.bit) != 0)
    return found


def rows_behind(session: Session, behind: Behind, each: Each, cut: Slice) -> Lines:
    """Counted attendance rows, singly or gathered; the lines of person_times, class_person_times, members."""
    conditions = _row_conditions(behind)
    if each is Each.CLASS:
        conditions.append(Attendance.class_id.is_not(None))
    training = func.coalesce(Attendance.class_id, -Attendance.session_id)
    keys: Any = {
        Each.ROW: [Attendance.session_id, Attendance.member_id],
        Each.MEMBER: [Attendance.member_id],
        Each.CLASS: [Attendance.class_id, Attendance.member_id],
        Each.TRAINING: [training, Attendance.member_id],
    }[each]
    gathered = (
        select(
            Attendance.member_id.label("member_id"),
            func.max(Attendance.org_id).label("org_id"),
            func.max(Attendance.session_id).label("session_id"),
            func.max(Attendance.class_id).label("class_id"),
            func.min(Attendance.office_date).label("first_on"),
            func.max(Attendance.office_date).label("last_on"),
            func.max(Attendance.status).label("status"),
            func.count().label("rows"),
            func.sum(Attendance.minutes).label("minutes"),
        )
        .where(*conditions)
        .group_by(*keys)
        .subquery("gathered")
    )
    sums = select(
        func.count(),
        func.coalesce(func.sum(gathered.c.rows), 0),
        func.coalesce(func.sum(gathered.c.minutes), 0),
    ).select_from(gathered)
    count, rows, minutes = session.execute(sums).one()
    title = (
        TrainingSession.title
        if each is Each.ROW
        else func.coalesce(TrainingClass.title, TrainingSession.title)
    )
    query = (
        select(gathered, Member.name, OrgUnit.name.label("org_name"), title.label("title"))
        .select_from(gathered)
        .join(Member, Member.id == gathered.c.member_id)
        .join(OrgUnit, OrgUnit.id == gathered.c.org_id)
        .join(TrainingSession, TrainingSession.id == gathered.c.session_id)
        .outerjoin(TrainingClass, TrainingClass.id == gathered.c.class_id)
    )
    order = (gathered.c.first_on, gathered.c.session_id, gathered.c.member_id)
    found, _more = cut_rows(session, query, order, cut)
    items = tuple(_member_line(row, each) for row in found)
    return Lines(count, items, {"rows": int(rows), "minutes": int(minutes)})


def _member_line(row: Any, each: Each) -> MemberLine:
    return MemberLine(
        member=row.member_id,
        name=row.name,
        org_name=row.org_name,
        title="" if each is Each.MEMBER else row.title,
        session_id=row.session_id if each is Each.ROW else None,
        first_on=row.first_on,
        last_on=row.last_on,
        status=Status(row.status) if each is Each.ROW else None,
        rows=row.rows,
        minutes=int(row.minutes),
    )


def _session_conditions(behind: Behind) -> list[ColumnElement[bool]]:
    found = held_in(behind.period)
    if behind.group is not None or behind.member_id is not None:
        # Rows of groups count the sessions that their members came to, whoever hosted them.
        came = select(Attendance.session_id).where(*_row_conditions(behind))
        found.append(TrainingSession.id.in_(came))
    else:
        found.append(inside(behind.place, TrainingSession.host_org_id, TrainingSession.office_date))
    if behind.kind is not None:
        found.append(TrainingSession.kind_key == behind.kind)
    if behind.mode is not None:
        found.append(TrainingSession.mode_key == behind.mode)
    if behind.line is not None:
        is_class = behind.line > 0
        found.append(
            TrainingSession.class_id == behind.line if is_class else TrainingSession.id == -behind.line
        )
    if behind.duty_only:
        owed = select(SessionKind.key).where(SessionKind.duty_frequency.is_not(None))
        found.append(TrainingSession.kind_key.in_(owed))
    if behind.declared_only:
        found.append(TrainingSession.declared_person_times.is_not(None))
    return found


def sessions_behind(session: Session, behind: Behind, each: Each, cut: Slice) -> Lines:
    """Held sessions, or with Each.CLASS their classes: the lines of sessions, classes, head counts."""
    conditions = _session_conditions(behind)
    by_class = each is Each.CLASS
    if by_class:
        conditions.append(TrainingSession.class_id.is_not(None))
    gathered = (
        select(
            func.min(TrainingSession.id).label("session_id"),
            TrainingSession.class_id.label("class_id")
            if by_class
            else func.max(TrainingSession.class_id).label("class_id"),
            func.min(TrainingSession.office_date).label("first_on"),
            func.max(TrainingSession.office_date).label("last_on"),
            func.count().label("sessions"),
            func.sum(TrainingSession.credited_minutes).label("minutes"),
            func.sum(TrainingSession.declared_person_times).label("declared"),
        )
        .where(*conditions)
        .group_by(TrainingSession.class_id if by_class else TrainingSession.id)
        .subquery("gathered")
    )
    declared = func.coalesce(func.sum(gathered.c.declared), 0)
    count, sessions, people = session.execute(
        select(func.count(), func.coalesce(func.sum(gathered.c.sessions), 0), declared).select_from(gathered)
    ).one()
    query = _described(gathered, behind, by_class)
    found, _more = cut_rows(session, query, (gathered.c.first_on, gathered.c.session_id), cut)
    items = tuple(_session_line(row, by_class) for row in found)
    return Lines(count, items, {"sessions": int(sessions), "declared_person_times": int(people)})


def _described(gathered: Any, behind: Behind, by_class: bool) -> Select[Any]:
    same = (
        Attendance.class_id == gathered.c.class_id
        if by_class
        else Attendance.session_id == gathered.c.session_id
    )
    came = select(func.count()).where(*counted_in(behind.period), same).scalar_subquery()
    title = func.coalesce(TrainingClass.title, TrainingSession.title) if by_class else TrainingSession.title
    return (
        select(
            gathered,
            title.label("title"),
            SessionKind.name_zh,
            SessionKind.name_en,
            OrgUnit.name.label("host_name"),
            TrainingSession.declared_mark,
            came.label("person_times"),
        )
        .select_from(gathered)
        .join(TrainingSession, TrainingSession.id == gathered.c.session_id)
        .join(SessionKind, SessionKind.key == TrainingSession.kind_key)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(TrainingClass, TrainingClass.id == gathered.c.class_id)
    )


def _session_line(row: Any, by_class: bool) -> SessionLine:
    return SessionLine(
        title=row.title,
        kind_label=localised(row.name_zh, row.name_en),
        host_name=row.host_name,
        first_on=row.first_on,
        last_on=row.last_on,
        session_id=None if by_class else row.session_id,
        sessions=row.sessions,
        minutes=int(row.minutes),
        person_times=row.person_times,
        declared_person_times=None if row.declared is None else int(row.declared),
        declared_mark=row.declared_mark,
    )


@dataclass(frozen=True, slots=True)
class MembersAsked:
    """Which members of the day: of one group, without the exempt, reached or not (None: both)."""

    group: Group | None = None
    required: bool = False
    covered: bool | None = None


def members_behind(
    session: Session, period: Period, snapshot: Snapshot, place: Place, asked: MembersAsked, cut: Slice
) -> Lines:
    """Members of the day behind a coverage cell."""
    reached = reached_members(period, snapshot, place)
    conditions: list[ColumnElement[bool]] = []
    if asked.group is not None:
        conditions.append(reached.c.groups.bitwise_and(asked.group.bit) != 0)
    if asked.required:
        conditions.append(reached.c.groups.bitwise_and(Group.EXEMPT.bit) == 0)
    if asked.covered is not None:
        conditions.append(reached.c.covered == int(asked.covered))
    count = session.scalar(select(func.count()).select_from(reached).where(*conditions)) or 0
    query = (
        select(reached.c.member_id, Member.name, OrgUnit.name, reached.c.groups, reached.c.covered)
        .select_from(reached)
        .join(Member, Member.id == reached.c.member_id)
        .join(OrgUnit, OrgUnit.id == reached.c.org_id)
        .where(*conditions)
    )
    found, _more = cut_rows(session, query, (OrgUnit.code, reached.c.member_id), cut)
    items = tuple(
        MemberLine(member, name, org_name, groups=Group.from_bits(bits), covered=bool(covered))
        for member, name, org_name, bits, covered in found
    )
    return Lines(count, items, {})


def member_of_place(session: Session, member_id: int, snapshot: Snapshot, place: Place) -> str | None:
    """The member's name when the member belongs to the place on the snapshot's day, else None."""
    standing = members_as_of(snapshot.on, snapshot.elderly_age, member_id).where(
        inside_on(place, Membership.org_id, snapshot.on)
    )
    if session.execute(standing).first() is None:
        return None
    return session.scalar(select(Member.name).where(Member.id == member_id))
