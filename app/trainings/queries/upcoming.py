"""SELECTs of what lies ahead for one member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.vocabulary import SessionState
from app.members.models import OrgUnit
from app.trainings.models import ExpectedAttendee, TrainingSession, Venue


@dataclass(frozen=True, slots=True)
class ExpectedSession:
    """A session that expects the member and is not over."""

    id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    state: SessionState
    venue_name: str | None
    host_name: str


def expected_sessions(
    session: Session, member_id: int, now: datetime, limit: int = 10
) -> list[ExpectedSession]:
    """The next sessions that expect a member, soonest first."""
    query = (
        select(
            TrainingSession.id,
            TrainingSession.title,
            TrainingSession.starts_at,
            TrainingSession.ends_at,
            TrainingSession.state,
            Venue.name,
            OrgUnit.name,
        )
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
        .where(
            ExpectedAttendee.member_id == member_id,
            TrainingSession.ends_at > now,
            TrainingSession.state.in_([SessionState.PUBLISHED, SessionState.OPEN]),
        )
        .order_by(TrainingSession.starts_at, TrainingSession.id)
        .limit(limit)
    )
    return [ExpectedSession(*row) for row in session.execute(query)]
