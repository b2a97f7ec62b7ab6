"""What an attendance row copies from its session, as columns and as a value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam

from app.core.vocabulary import SessionState
from app.trainings.models import TrainingSession


@dataclass(frozen=True, slots=True)
class SessionCopy:
    """State, span, day and credit of a session; read inside the transaction that writes a row of it."""

    state: SessionState
    starts_at: datetime
    ends_at: datetime
    office_date: date
    kind_key: str
    mode_key: str
    class_id: int | None
    credited_minutes: int
    effective_minutes: int | None
    late_after_minutes: int | None


# In the order of the fields.
COPIED: tuple[Any, ...] = tuple(getattr(TrainingSession, field.name) for field in fields(SessionCopy))


def still_says() -> list[ColumnElement[bool]]:
    """Conditions: the session's row is as `as_it_was` gives it."""
    return [
        column.is_not_distinct_from(bindparam(f"was_{column.key}", type_=column.type)) for column in COPIED
    ]


def as_it_was(copy: SessionCopy) -> dict[str, Any]:
    """What `still_says` leaves open."""
    return {f"was_{column.key}": getattr(copy, column.key) for column in COPIED}
