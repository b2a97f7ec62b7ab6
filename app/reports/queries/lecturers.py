"""The summary by lecturer and role: what each gave, and how many listened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, cast, func, null, select, union_all
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.vocabulary import COUNTED_STATUSES, LecturerRole
from app.reports.queries.place import Place, held_in, inside
from app.reports.rules import Period
from app.trainings.models import Lecturer, SessionLecturer, TrainingSession
from app.trainings.queries.sessions import delivered_credit


@dataclass(frozen=True, slots=True)
class LecturerRow:
    """One lecturer in one role; `lecturer` 0 and `role` None in the total. minutes: of the sessions."""

    lecturer: int
    name: str
    title: str
    is_exemplar: bool
    role: LecturerRole | None
    sessions: int = 0
    minutes: int = 0
    person_times: int = 0
    members: int = 0
    declared_person_times: int = 0


@dataclass(frozen=True, slots=True)
class LecturerSummary:
    """The deduplicated total and its rows: several may speak at one session, and each row has it whole."""

    total: LecturerRow
    rows: tuple[LecturerRow, ...]


_Key = tuple[int, str]
_TOGETHER: _Key = (0, "")
_NOBODY: tuple[Any, ...] = (cast(null(), Integer), cast(null(), SessionLecturer.role.type))


def lecturer_summary(session: Session, period: Period, place: Place) -> LecturerSummary:
    """Lecturers of held sessions that the place hosted: the team first, then exemplary members, each in the
    order they were entered, and a line a role.

    person_times, members: counted rows of those sessions, of any branch; declared head counts stand apart.
    """
    given, heard = _given(session, period, place), _heard(session, period, place)
    names = (
        select(Lecturer.id, Lecturer.name, Lecturer.title, Lecturer.is_exemplar)
        .where(Lecturer.id.in_({lecturer for lecturer, _role in given}))
        .order_by(Lecturer.is_exemplar, Lecturer.id)
    )
    rows = [
        LecturerRow(
            lecturer, name, title or "", is_exemplar, role, *_numbers((lecturer, role.value), given, heard)
        )
        for lecturer, name, title, is_exemplar in session.execute(names)
        for role in LecturerRole
        if (lecturer, role.value) in given
    ]
    total = LecturerRow(0, "", "", False, None, *_numbers(_TOGETHER, given, heard))
    return LecturerSummary(total, tuple(rows))


def _numbers(key: _Key, given: dict[_Key, Any], heard: dict[_Key, Any]) -> tuple[int, int, int, int, int]:
    sessions, minutes, declared = given.get(key, (0, 0, 0))
    person_times, members = heard.get(key, (0, 0))
    return sessions, int(minutes), int(person_times), members, int(declared)


def _spoken(period: Period, place: Place) -> Any:
    """SELECT of held sessions with each of their lecturers."""
    hosted = inside(place, TrainingSession.host_org_id, TrainingSession.office_date)
    return (
        select(
            TrainingSession.id.label("session_id"),
            SessionLecturer.lecturer_id,
            SessionLecturer.role,
        )
        .join(SessionLecturer, SessionLecturer.session_id == TrainingSession.id)
        .where(*held_in(period), hosted)
    )


def _key(lecturer: Any, role: Any) -> _Key:
    return (lecturer or 0, role.value if role else "")


def _given(session: Session, period: Period, place: Place) -> dict[_Key, tuple[int, Any, Any]]:
    """Sessions, minutes, head counts; of all together each session once."""
    spoken = _spoken(period, place).cte("spoken")
    numbers = (
        func.count().label("sessions"),
        func.coalesce(func.sum(delivered_credit(session)), 0).label("minutes"),
        func.coalesce(func.sum(TrainingSession.declared_person_times), 0).label("declared"),
    )
    each = (
        select(spoken.c.lecturer_id, spoken.c.role, *numbers)
        .join(TrainingSession, TrainingSession.id == spoken.c.session_id)
        .group_by(spoken.c.lecturer_id, spoken.c.role)
    )
    together = select(*_NOBODY, *numbers).where(TrainingSession.id.in_(select(spoken.c.session_id)))
    found = session.execute(union_all(each, together))
    return {_key(row.lecturer_id, row.role): (row.sessions, row.minutes, row.declared) for row in found}


def _heard(session: Session, period: Period, place: Place) -> dict[_Key, tuple[Any, int]]:
    """Person-times and members by lecturer and role; of all together each row once."""
    spoken = _spoken(period, place).cte("spoken")
    # A session's rows are read once, however many spoke at it.
    rows = (
        select(Attendance.session_id, Attendance.member_id)
        .where(
            Attendance.session_id.in_(select(spoken.c.session_id)),
            Attendance.is_held.is_(True),
            Attendance.status.in_(COUNTED_STATUSES),
        )
        .cte("rows_heard")
        .prefix_with("MATERIALIZED")
    )
    numbers = (func.count().label("times"), func.count(rows.c.member_id.distinct()).label("members"))
    each = (
        select(spoken.c.lecturer_id, spoken.c.role, *numbers)
        .join(rows, rows.c.session_id == spoken.c.session_id)
        .group_by(spoken.c.lecturer_id, spoken.c.role)
    )
    together = select(*_NOBODY, *numbers).select_from(rows)
    found = session.execute(union_all(each, together))
    return {_key(row.lecturer_id, row.role): (row.times, row.members) for row in found}
