"""What an address narrows rows down to, and the shape of the lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.attendance.queries.counted import is_low_assurance
from app.core.vocabulary import (
    ATTENDED_STATUSES,
    VISIT_MODES,
    Group,
    LecturerRole,
    Status,
)
from app.reports.queries.place import Place, counted_in, inside
from app.reports.rules import Period
from app.trainings.models import Lecturer, SessionLecturer, TrainingClass, TrainingSession


class Each(StrEnum):
    """What one line is: a row, or the rows of one member, class, member of a class, member's training."""

    ROW = "row"
    MEMBER = "member"
    CLASS = "class"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class Speaking:
    """Sessions at which somebody spoke: this lecturer, in this role; None: anybody, in any."""

    lecturer_id: int | None = None
    role: LecturerRole | None = None

    @property
    def session_ids(self) -> Select[int]:
        query = select(SessionLecturer.session_id)
        if self.lecturer_id is not None:
            query = query.where(SessionLecturer.lecturer_id == self.lecturer_id)
        return query if self.role is None else query.where(SessionLecturer.role == self.role)


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
    low_assurance: bool = False
    visits_only: bool = False
    # Held sessions with neither a counted row nor a head count.
    uncounted_only: bool = False
    speaking: Speaking | None = None


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
class Lines:
    """`count` lines in all; `sums` are totals over all of them, by name."""

    count: int
    items: tuple[Any, ...]
    sums: dict[str, int]


def row_conditions(behind: Behind) -> list[ColumnElement[bool]]:
    """The attendance rows that the address narrows down to."""
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
    if behind.low_assurance:
        found.append(is_low_assurance())
    if behind.line is not None:
        found.append(
            Attendance.class_id == behind.line if behind.line > 0 else Attendance.session_id == -behind.line
        )
    if behind.visits_only:
        found.append(Attendance.mode_key.in_(VISIT_MODES))
    if behind.speaking is not None:
        found.append(Attendance.session_id.in_(behind.speaking.session_ids))
    if behind.group is not None:
        found.append(Attendance.groups.bitwise_and(behind.group.bit) != 0)
    return found


def line_title(session: Session, line: int, place: Place) -> str | None:
    """The title of a class, or of a session as a negative id; None unless the place hosted some of it."""
    hosted = inside(place, TrainingSession.host_org_id, TrainingSession.office_date)
    query = select(TrainingSession.title).where(TrainingSession.id == -line, hosted)
    if line > 0:
        query = (
            select(TrainingClass.title)
            .join(TrainingSession, TrainingSession.class_id == TrainingClass.id)
            .where(TrainingClass.id == line, hosted)
        )
    return session.scalars(query.limit(1)).first()


def lecturer_name(session: Session, lecturer_id: int, place: Place) -> str | None:
    """The lecturer's name; None unless the place hosted a session of theirs."""
    hosted = inside(place, TrainingSession.host_org_id, TrainingSession.office_date)
    query = (
        select(Lecturer.name)
        .join(SessionLecturer, SessionLecturer.lecturer_id == Lecturer.id)
        .join(TrainingSession, TrainingSession.id == SessionLecturer.session_id)
        .where(Lecturer.id == lecturer_id, hosted)
    )
    return session.scalars(query.limit(1)).first()
