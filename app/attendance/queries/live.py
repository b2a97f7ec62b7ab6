"""What open pages are told of sessions while people check in: counts and state, nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.attendance.models import AttendanceChange
from app.attendance.queries.session import SessionCounts, session_counts
from app.core.vocabulary import SessionState
from app.trainings.models import TrainingSession


@dataclass(frozen=True, slots=True)
class LiveState:
    """A session at one moment. `version` differs whenever somebody's record does."""

    state: SessionState
    counts: SessionCounts
    version: str


def live_states(session: Session, session_ids: Sequence[int]) -> dict[int, LiveState]:
    """The state of each session that exists, in three queries however many there are."""
    if not session_ids:
        return {}
    counts = session_counts(session, session_ids)
    last_change = (
        select(func.max(AttendanceChange.id))
        .where(AttendanceChange.session_id == TrainingSession.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(TrainingSession.id, TrainingSession.state, last_change).where(
            TrainingSession.id.in_(session_ids)
        )
    )
    return {
        session_id: LiveState(state, counts[session_id], _version(counts[session_id], change or 0))
        for session_id, state, change in rows
    }


def _version(counts: SessionCounts, last_change: int) -> str:
    # A first record leaves no change behind, a taken-back one does: both together tell every step apart.
    recorded = counts.attended + counts.excused + counts.absent
    return f"{recorded}.{last_change}"
