"""SELECTs of adjustments: what waits on rows of locked periods."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from app.attendance.models import Adjustment
from app.core.vocabulary import ExcuseReason, Status
from app.members.queries.staff_names import STAFF
from app.trainings.models import TrainingSession
from app.trainings.queries.locks import is_locked_day


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """One adjustment that waits, as a page tells it."""

    id: int
    session_id: int
    member_id: int
    title: str
    office_date: date
    status_before: Status | None
    status_after: Status | None
    excuse_reason: ExcuseReason | None
    minutes_before: int
    minutes_after: int
    reason: str
    made_by: str | None
    made_at: datetime


def waits() -> ColumnElement[bool]:
    """Neither applied nor withdrawn."""
    return and_(Adjustment.applied_at.is_(None), Adjustment.withdrawn_at.is_(None))


def waiting_adjustment(session: Session, session_id: int, member_id: int) -> Adjustment | None:
    """The one that waits for the member's row; there is one at most."""
    query = select(Adjustment).where(
        Adjustment.session_id == session_id, Adjustment.member_id == member_id, waits()
    )
    return session.scalars(query).one_or_none()


def released_adjustments(session: Session) -> list[Adjustment]:
    """Those that wait although their day is no longer locked, in the order of sessions and members."""
    query = select(Adjustment).where(waits(), ~is_locked_day(Adjustment.office_date))
    return list(session.scalars(query.order_by(Adjustment.session_id, Adjustment.member_id, Adjustment.id)))


def waiting_at(session: Session, session_id: int, member_ids: Collection[int]) -> dict[int, AdjustmentRow]:
    """What waits for rows of some members at a session, by member."""
    if not member_ids:
        return {}
    found = _rows(session, Adjustment.session_id == session_id, Adjustment.member_id.in_(member_ids))
    return {row.member_id: row for row in found}


def waiting_of_member(session: Session, member_id: int) -> list[AdjustmentRow]:
    """What waits for the member's rows, the latest session first."""
    return _rows(session, Adjustment.member_id == member_id)


def _rows(session: Session, *conditions: ColumnElement[bool]) -> list[AdjustmentRow]:
    query = (
        select(
            Adjustment.id,
            Adjustment.session_id,
            Adjustment.member_id,
            TrainingSession.title,
            Adjustment.office_date,
            Adjustment.status_before,
            Adjustment.status_after,
            Adjustment.excuse_reason,
            Adjustment.minutes_before,
            Adjustment.minutes_after,
            Adjustment.reason,
            STAFF.c.display_name.label("made_by"),
            Adjustment.made_at,
        )
        .join(TrainingSession, TrainingSession.id == Adjustment.session_id)
        .outerjoin(STAFF, STAFF.c.id == Adjustment.made_by_id)
        .where(waits(), *conditions)
        .order_by(Adjustment.office_date.desc(), Adjustment.id.desc())
    )
    return [AdjustmentRow(**row._mapping) for row in session.execute(query)]
