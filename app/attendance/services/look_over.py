"""Looks over a session's check-ins for what a person should see; changes no attendance and no figure."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.attendance.models import ReviewItem
from app.attendance.queries.signs import at_two_places, known_items, sessions_to_look_over, signs_of
from app.attendance.rules_review import Known, Odd, Plan, odd_at, plan
from app.attendance.services.review import Finding, raise_item
from app.core.db import db, writing
from app.core.vocabulary import ReviewState, SessionState
from app.trainings.models import TrainingSession
from app.trainings.services.lifecycle import WHEN_CLOSED

# Paper is entered and heads are counted in the hours after a session.
LOOK_BACK = timedelta(days=1)


def look_over(session_id: int, now: datetime) -> int:
    """Note what is odd about one session; returns how many items were raised or opened again.

    Looking twice notes nothing twice. What a person has decided stays decided unless there is more of
    it than was decided about. Nobody's attendance changes.
    """
    session = db.session()
    row = session.get(TrainingSession, session_id)
    if row is None or row.state not in (SessionState.OPEN, SessionState.CLOSED):
        return 0
    found = [*odd_at(signs_of(session, row, now)), *at_two_places(session, row)]
    wanted = plan(found, known_items(session, session_id, found))
    if wanted.is_empty:
        return 0
    with writing() as transaction:
        return _carry_out(transaction, wanted, now)


def session_ids_to_look_over(now: datetime) -> list[int]:
    """Sessions that are open, or were closed or changed within LOOK_BACK."""
    return sessions_to_look_over(db.session(), now - LOOK_BACK)


def _carry_out(session: Session, wanted: Plan, now: datetime) -> int:
    raised = sum(
        raise_item(
            session,
            odd.session_id,
            Finding(odd.kind, odd.subject, dict(odd.evidence), member_id=odd.member_id),
            now,
        )
        for odd in wanted.raised
    )
    for item, odd in wanted.updated:
        _rewrite(session, item, odd)
    reopened = sum(_rewrite(session, item, odd) for item, odd in wanted.reopened)
    if wanted.dropped:
        gone = [item.id for item in wanted.dropped]
        session.execute(
            delete(ReviewItem).where(ReviewItem.id.in_(gone), ReviewItem.state == ReviewState.OPEN)
        )
    return raised + reopened


def _rewrite(session: Session, item: Known, odd: Odd) -> bool:
    """Bring an item up to date and (again) before a person."""
    evidence = dict(odd.evidence)
    if item.settled is not None:
        evidence["settled"] = item.settled
    # Only as it was read: somebody may have decided meanwhile, knowing what we know.
    changed = session.execute(
        update(ReviewItem)
        .where(ReviewItem.id == item.id, ReviewItem.state == item.state)
        .values(evidence=evidence, state=ReviewState.OPEN, decided_by_id=None, decided_at=None)
        .returning(ReviewItem.id)
    )
    return changed.first() is not None


def look_over_when_closed(session: Session, row: TrainingSession, now: datetime) -> None:
    """Within the transaction that closes the session."""
    session.flush()
    look_over(row.id, now)


WHEN_CLOSED.append(look_over_when_closed)
