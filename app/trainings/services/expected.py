"""Fixes who is expected at a session, with the branch and groups of its day."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.queries.audience import audience_members
from app.trainings.queries.sessions import audience_ids


def fix_expected(session: Session, row: TrainingSession, elderly_age: int) -> int:
    """Write the expected list anew inside the caller's transaction; returns how many are on it."""
    org_ids, groups, member_ids = audience_ids(session, row.id)
    invited = audience_members(
        row.office_date, elderly_age, row.host_org_id, org_ids, groups, member_ids
    ).subquery()
    session.execute(delete(ExpectedAttendee).where(ExpectedAttendee.session_id == row.id))
    session.execute(
        insert(ExpectedAttendee).from_select(
            ["session_id", "member_id", "org_id", "groups"],
            select(literal(row.id), invited.c.member_id, invited.c.org_id, invited.c.groups),
        )
    )
    query = select(func.count()).where(ExpectedAttendee.session_id == row.id)
    return session.scalar(query) or 0
