"""When two members turn out to be one: every phone and card of either goes on working, for the one kept."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.checkin.models import BindCode, MemberBinding, MemberCard, VisitRoundMember
from app.members.services.merging import MOVERS, Move


def move_access(session: Session, move: Move) -> Mapping[str, int]:
    """Whoever holds an old card in hand is not turned away at the door."""
    for table in (MemberBinding, BindCode, MemberCard, VisitRoundMember):
        session.execute(
            update(table).where(table.member_id == move.other_id).values(member_id=move.kept_id),
            execution_options={"synchronize_session": False},
        )
    return {}


MOVERS.append(move_access)
