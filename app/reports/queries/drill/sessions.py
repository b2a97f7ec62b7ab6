"""Held sessions, or classes, behind a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.i18n import localised
from app.core.vocabulary import COUNTED_STATUSES, CountMark
from app.members.models import OrgUnit
from app.reports.queries.cut import cut_rows
from app.reports.queries.drill.behind import Behind, Each, Lines, row_conditions
from app.reports.queries.place import counted_in, held_in, inside
from app.reports.rules import Slice
from app.trainings.models import SessionKind, TrainingClass, TrainingSession
from app.trainings.queries.duty_rules import frequency_on
from app.trainings.queries.sessions import delivered_credit


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


def uncounted() -> ColumnElement[bool]:
    """Whether nobody knows how many came to a held session: no row that counts, and no head count."""
    came = select(literal(1)).where(
        Attendance.session_id == TrainingSession.id,
        Attendance.is_held.is_(True),
        Attendance.status.in_(COUNTED_STATUSES),
    )
    return and_(TrainingSession.declared_person_times.is_(None), ~came.exists())


def _session_conditions(behind: Behind) -> list[ColumnElement[bool]]:
    found = held_in(behind.period)
    if behind.group is not None or behind.member_id is not None:
        # Rows of groups count the sessions that their members came to, whoever hosted them.
        came = select(Attendance.session_id).where(*row_conditions(behind))
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
        owed = frequency_on(TrainingSession.kind_key, TrainingSession.office_date)
        found.append(owed.is_not(None))
    if behind.speaking is not None:
        found.append(TrainingSession.id.in_(behind.speaking.session_ids))
    if behind.uncounted_only:
        found.append(uncounted())
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
            func.sum(delivered_credit(session)).label("minutes"),
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
    # Rows have no index by class: all classes are counted at once. A session's rows are found by its key.
    by_classes = (
        select(Attendance.class_id, func.count().label("rows"))
        .where(*counted_in(behind.period), Attendance.class_id.is_not(None))
        .group_by(Attendance.class_id)
        .subquery("by_classes")
    )
    of_session = select(func.count()).where(
        *counted_in(behind.period), Attendance.session_id == gathered.c.session_id
    )
    came: Any = func.coalesce(by_classes.c.rows, 0) if by_class else of_session.scalar_subquery()
    title = func.coalesce(TrainingClass.title, TrainingSession.title) if by_class else TrainingSession.title
    query = (
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
    return query.outerjoin(by_classes, by_classes.c.class_id == gathered.c.class_id) if by_class else query


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
