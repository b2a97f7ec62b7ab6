"""SELECTs of what is left to do after sessions: closed ones where somebody is not recorded yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.attendance.queries.absences import counted_elsewhere, open_leave, open_leave_of
from app.attendance.queries.history import was_changed
from app.attendance.queries.reviews import open_reviews, open_reviews_of
from app.core.access import Scope
from app.core.clock import office_date
from app.core.vocabulary import SessionState
from app.members.queries.tree import subtree_ids
from app.trainings.models import ExpectedAttendee, TrainingSession


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A closed session, and how many of those expected have no row."""

    id: int
    title: str
    office_date: date
    unrecorded: int


def unfinished_sessions(
    session: Session, since: date, scope: Scope, now: datetime, limit: int
) -> list[Unfinished]:
    """Sessions of the scope closed since a day with somebody not recorded, the latest first."""
    recorded = and_(
        Attendance.session_id == ExpectedAttendee.session_id,
        Attendance.member_id == ExpectedAttendee.member_id,
    )
    query = (
        select(
            TrainingSession.id,
            TrainingSession.title,
            TrainingSession.office_date,
            func.count().label("unrecorded"),
        )
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .outerjoin(Attendance, recorded)
        .where(
            TrainingSession.state == SessionState.CLOSED,
            TrainingSession.office_date >= since,
            TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now))),
            Attendance.member_id.is_(None),
        )
        .group_by(TrainingSession.id)
        .order_by(TrainingSession.office_date.desc(), TrainingSession.id.desc())
        .limit(limit)
    )
    return [Unfinished(**row._mapping) for row in session.execute(query)]


def waiting_work(session: Session, scope: Scope, now: datetime) -> tuple[int, int]:
    """(requests for leave, things to look at) of the scope that wait, asked at once."""
    leave, reviews = session.execute(select(open_leave(scope, now), open_reviews(scope, now))).one()
    return leave, reviews


@dataclass(frozen=True, slots=True)
class Beside:
    """What a session's page may have beside its roster: how many of each."""

    reviews: int
    leave: int
    elsewhere: int
    changes: int


def beside_roster(session: Session, session_id: int) -> Beside:
    """Asked at once, so that only what is there is read."""
    counts = (
        open_reviews_of(session_id), open_leave_of(session_id), counted_elsewhere(session_id),
        was_changed(session_id),
    )  # fmt: skip
    return Beside(*session.execute(select(*counts)).one())
