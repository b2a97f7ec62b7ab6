"""Whom staff may record at a session: the one answer for the roster, its bulk tick and the API."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attendance.queries.session import on_roster
from app.core.access import Scope
from app.core.clock import office_date
from app.members.models import Member
from app.members.queries.as_of import members_in_scope
from app.members.queries.hosted import hosted_among
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session


def recordable(
    session: Session, row: TrainingSession, member_ids: Collection[int], scope: Scope, now: datetime
) -> set[int]:
    """Those of `member_ids` who are expected or recorded at the session, wherever they belong, those
    whose branch lies within the scope today or did on the session's day, and mobile members whom a unit
    of the scope hosts on that day."""
    found = on_roster(session, row.id, member_ids)
    for day in dict.fromkeys((office_date(now), row.office_date)):
        others = set(member_ids) - found
        if others:
            found |= members_in_scope(session, others, scope, day)
    others = set(member_ids) - found
    return found | hosted_among(session, others, scope, row.office_date) if others else found


def recordable_name(
    session: Session, session_id: int, member_id: int, scope: Scope, now: datetime
) -> str | None:
    """The name of a member whom staff may record at the session; None for anybody else."""
    row = scoped_session(session, session_id, scope, now)
    if not recordable(session, row, [member_id], scope, now):
        return None
    return session.scalar(select(Member.name).where(Member.id == member_id))
