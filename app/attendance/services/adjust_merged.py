"""When two members turn out to be one: what waits for either waits for the one kept, once a session."""

from __future__ import annotations

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session, aliased

from app.attendance.models import Adjustment
from app.attendance.queries.adjustments import waits
from app.attendance.rules import says_more
from app.attendance.services.adjust import counted_minutes, says_already, withdraw_one
from app.attendance.services.admission import held_row
from app.members.services.merging import Move


def move_adjustments(session: Session, move: Move) -> int:
    """Within the merge, after the rows: how many were moved. Of two that wait at one session the one that
    says the member came stays, and none that says what the row says by now."""
    for kept, other in _doubled(session, move):
        weaker = kept if _says_more(other, kept) else other
        withdraw_one(weaker, move.by_id, move.now)
    session.flush()
    moved = session.execute(
        update(Adjustment)
        .where(Adjustment.member_id == move.other_id)
        .values(member_id=move.kept_id)
        .returning(Adjustment.id),
        execution_options={"synchronize_session": False},
    ).all()
    session.expire_all()
    for told in session.scalars(select(Adjustment).where(Adjustment.member_id == move.kept_id, waits())):
        found = held_row(session, told.session_id, told.member_id)
        told.status_before = found.status if found else None
        told.minutes_before = counted_minutes(found)
        if says_already(found, told):
            withdraw_one(told, move.by_id, move.now)
    return len(moved)


def _says_more(one: Adjustment, other: Adjustment) -> bool:
    if one.status_after is None or other.status_after is None:
        return other.status_after is None
    return says_more(one.status_after, other.status_after)


def _doubled(session: Session, move: Move) -> list[tuple[Adjustment, Adjustment]]:
    """(kept's, other's) of every session at which both have one that waits."""
    other = aliased(Adjustment)
    query = (
        select(Adjustment, other)
        .join(
            other,
            and_(
                other.session_id == Adjustment.session_id,
                other.member_id == move.other_id,
                other.applied_at.is_(None),
                other.withdrawn_at.is_(None),
            ),
        )
        .where(Adjustment.member_id == move.kept_id, waits())
    )
    return [(mine, theirs) for mine, theirs in session.execute(query)]
