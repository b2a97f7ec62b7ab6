"""SELECTs of training classes: their sessions, and how many came, each member once a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.access import Scope
from app.core.clock import office_date
from app.core.errors import NotFound
from app.core.vocabulary import COUNTED_STATUSES, SessionState
from app.members.models import OrgUnit
from app.members.queries.tree import subtree_ids
from app.trainings.models import SessionKind, TrainingClass, TrainingSession


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A training class. `sessions` leaves cancelled ones out; `held` counts those closed."""

    id: int
    title: str
    kind_zh: str
    kind_en: str
    host_name: str
    sessions: int
    held: int
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class ClassAttendance:
    """class_person_times: each member once; person_times: once a session. Held sessions only."""

    class_person_times: int = 0
    person_times: int = 0


def classes_page(
    session: Session, scope: Scope, now: datetime, *, limit: int, offset: int = 0
) -> tuple[list[ClassRow], int]:
    """Classes hosted within the scope, the newest first, and how many there are."""
    within = TrainingClass.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now)))
    total = session.scalar(select(func.count()).select_from(TrainingClass).where(within)) or 0
    query = _classes().where(within).order_by(TrainingClass.id.desc()).limit(limit).offset(offset)
    return [ClassRow(**row._mapping) for row in session.execute(query)], total


def class_row(session: Session, class_id: int, scope: Scope, now: datetime) -> ClassRow:
    """One class, if its host lies within the scope; raises NotFound."""
    query = _classes().where(
        TrainingClass.id == class_id,
        TrainingClass.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now))),
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound()
    return ClassRow(**row._mapping)


def class_attendance(session: Session, class_ids: Sequence[int]) -> dict[int, ClassAttendance]:
    """Person-times of each class, in one query. Source: domain.md, "Figures"."""
    if not class_ids:
        return {}
    query = (
        select(Attendance.class_id, func.count(Attendance.member_id.distinct()), func.count())
        .where(
            Attendance.class_id.in_(class_ids),
            Attendance.is_held.is_(True),
            Attendance.status.in_(COUNTED_STATUSES),
        )
        .group_by(Attendance.class_id)
    )
    found = {row[0]: ClassAttendance(row[1], row[2]) for row in session.execute(query)}
    return {class_id: found.get(class_id, ClassAttendance()) for class_id in class_ids}


def _classes() -> Select[*tuple[Any, ...]]:
    live = TrainingSession.state != SessionState.CANCELLED
    held = TrainingSession.state == SessionState.CLOSED
    return (
        select(
            TrainingClass.id,
            TrainingClass.title,
            SessionKind.name_zh.label("kind_zh"),
            SessionKind.name_en.label("kind_en"),
            OrgUnit.name.label("host_name"),
            func.count(case((live, TrainingSession.id))).label("sessions"),
            func.count(case((held, TrainingSession.id))).label("held"),
            func.min(case((live, TrainingSession.office_date))).label("first_on"),
            func.max(case((live, TrainingSession.office_date))).label("last_on"),
        )
        .join(SessionKind, SessionKind.key == TrainingClass.kind_key)
        .join(OrgUnit, OrgUnit.id == TrainingClass.host_org_id)
        .outerjoin(TrainingSession, TrainingSession.class_id == TrainingClass.id)
        .group_by(TrainingClass.id, SessionKind.key, OrgUnit.id)
    )
