"""What members may stop by themselves: any phone that stands for them, and their card."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from app.checkin.models import BindCode, MemberBinding, MemberCard
from app.checkin.services.card_codes import stop_card_codes
from app.core.audit import record_act
from app.core.db import writing


def let_go_of_phones(member_id: int, now: datetime, phone_id: int | None = None) -> int:
    """Let go of one phone of the member, or of all; returns how many. One of somebody else is not touched."""
    wanted = [MemberBinding.member_id == member_id, MemberBinding.revoked_at.is_(None)]
    if phone_id is not None:
        wanted.append(MemberBinding.id == phone_id)
    with writing() as session:
        revoked = session.execute(
            update(MemberBinding).where(*wanted).values(revoked_at=now).returning(MemberBinding.id)
        ).all()
        if revoked:
            record_act(
                session, "binding.revoke", f"member:{member_id}", None, now, count=len(revoked), by="member"
            )
        return len(revoked)


def stop_own_card(member_id: int, now: datetime) -> bool:
    """Stop the member's card, and the code printed on it; False when there was none."""
    with writing() as session:
        stop_card_codes(session, BindCode.member_id == member_id, now)
        stopped = session.execute(
            update(MemberCard)
            .where(MemberCard.member_id == member_id, MemberCard.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(MemberCard.id)
        ).all()
        if stopped:
            record_act(session, "card.revoke", f"member:{member_id}", None, now, by="member")
        return bool(stopped)
