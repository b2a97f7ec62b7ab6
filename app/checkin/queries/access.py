"""SELECTs of a member's bound phones, for those who serve the member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkin.models import MemberBinding


@dataclass(frozen=True, slots=True)
class BoundPhone:
    """When and how a phone was bound."""

    id: int
    proof: str
    created_at: datetime


def bound_phones(session: Session, member_id: int) -> list[BoundPhone]:
    """The member's phones that work now, newest first."""
    query = (
        select(MemberBinding.id, MemberBinding.proof, MemberBinding.created_at)
        .where(MemberBinding.member_id == member_id, MemberBinding.revoked_at.is_(None))
        .order_by(MemberBinding.created_at.desc())
        .limit(50)
    )
    return [BoundPhone(*row) for row in session.execute(query)]
