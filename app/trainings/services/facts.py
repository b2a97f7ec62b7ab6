"""Keeps attendance rows true to their session: what is copied there is rewritten when it changes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import Table, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.core.db import Base
from app.core.vocabulary import SessionState
from app.members.queries.as_of import members_as_of
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.rules import THROUGHOUT, CreditedMinutes, Stay, split_credit


def rewrite_facts(session: Session, row: TrainingSession, tz: ZoneInfo) -> None:
    """Copy the session's facts into its attendance rows, inside the caller's transaction."""
    # By name: attendance stands above trainings, so its models are not imported here.
    attendance: Table = Base.metadata.tables["attendance"]
    whole = credit_of(row, tz)
    session.flush()
    session.execute(
        update(attendance)
        .where(attendance.c.session_id == row.id)
        .values(
            is_held=row.state == SessionState.CLOSED,
            office_date=row.office_date,
            kind_key=row.kind_key,
            mode_key=row.mode_key,
            class_id=row.class_id,
            minutes=whole.total,
            morning_minutes=whole.morning,
        )
    )
    in_part = select(attendance.c.member_id, attendance.c.came_at, attendance.c.left_at).where(
        attendance.c.session_id == row.id,
        or_(attendance.c.came_at.is_not(None), attendance.c.left_at.is_not(None)),
    )
    for member_id, came_at, left_at in session.execute(in_part).all():
        credit = credit_of(row, tz, Stay(came_at, left_at))
        session.execute(
            update(attendance)
            .where(attendance.c.session_id == row.id, attendance.c.member_id == member_id)
            .values(minutes=credit.total, morning_minutes=credit.morning)
        )


def credit_of(row: TrainingSession, tz: ZoneInfo, stay: Stay = THROUGHOUT) -> CreditedMinutes:
    """What one attendance at the session is credited."""
    return split_credit(
        row.starts_at, row.ends_at, row.credited_minutes, tz, effective=row.effective_minutes, stay=stay
    )


def rewrite_standings(session: Session, row: TrainingSession, elderly_age: int) -> None:
    """Give leaves noted before check-in the branch, groups and expectation of the session's present day."""
    attendance: Table = Base.metadata.tables["attendance"]
    standing = members_as_of(row.office_date, elderly_age).subquery("standing")
    of_row = standing.c.member_id == attendance.c.member_id
    branch = select(standing.c.org_id).where(of_row).scalar_subquery()
    groups = select(standing.c.groups).where(of_row).scalar_subquery()
    listed = exists().where(
        ExpectedAttendee.session_id == row.id, ExpectedAttendee.member_id == attendance.c.member_id
    )
    session.execute(
        update(attendance)
        .where(attendance.c.session_id == row.id)
        .values(
            org_id=func.coalesce(branch, attendance.c.org_id),
            groups=func.coalesce(groups, attendance.c.groups),
            is_extra=~listed,
        )
    )
