"""A sealed telephone number to try the keys on; nothing of it is shown."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.members.models import Member


def any_sealed_phone(session: Session) -> bytes | None:
    """The sealed number of the member added last who has one."""
    query = select(Member.phone_sealed).where(Member.phone_sealed.is_not(None)).order_by(Member.id.desc())
    return session.scalar(query.limit(1))
