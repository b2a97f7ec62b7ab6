"""Puts odd things before a person, once each; nothing is blocked for being odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.attendance.models import ReviewItem
from app.attendance.rules import Arrival
from app.core.db import is_postgresql
from app.core.vocabulary import Method, ReviewKind, ReviewState, Status
from app.trainings.rules import Stay

# In the evidence of a tick that tells of leaving, not of coming.
LEAVING = "leaving"


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


def times_of(seen: Arrival) -> dict[str, str | None]:
    """When somebody came and left, as evidence of a tick that waits; the clock that told it is put right."""
    return {
        "came_at": seen.came_at.isoformat() if seen.came_at else None,
        "left_at": seen.left_at.isoformat() if seen.left_at else None,
    }


def stay_of(evidence: Mapping[str, Any]) -> Stay | None:
    """What `times_of` kept; None for a tick that was kept without it."""
    if "came_at" not in evidence:
        return None
    came_at, left_at = evidence["came_at"], evidence["left_at"]
    return Stay(
        datetime.fromisoformat(came_at) if came_at else None,
        datetime.fromisoformat(left_at) if left_at else None,
    )
