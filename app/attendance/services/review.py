"""Puts odd things before a person, once each; nothing is blocked for being odd."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.attendance.models import ReviewItem
from app.core.db import is_postgresql
from app.core.vocabulary import Method, ReviewKind, ReviewState, Status


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. `evidence`: counts and times only. The rest is for a tick that waits."""

    kind: ReviewKind
    subject: str
    evidence: dict[str, Any]
    member_id: int | None = None
    status: Status | None = None
    method: Method | None = None
    occurred_at: datetime | None = None
    device: str | None = None
    noted_by_id: int | None = None


def raise_item(session: Session, session_id: int, found: Finding, now: datetime) -> bool:
    """Note the finding inside the caller's transaction; False when it was noted before, decided or not."""
    insert = postgresql_insert if is_postgresql(session) else sqlite_insert
    values = {name: getattr(found, name) for name in found.__slots__}
    statement = (
        insert(ReviewItem)
        .values(session_id=session_id, raised_at=now, state=ReviewState.OPEN, **values)
        .on_conflict_do_nothing()
        .returning(ReviewItem.id)
    )
    return session.execute(statement).first() is not None
