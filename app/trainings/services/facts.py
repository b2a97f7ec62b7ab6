"""Keeps attendance rows true to their session: what is copied there is rewritten when it changes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from app.core.db import Base
from app.core.vocabulary import SessionState
from app.trainings.models import TrainingSession
from app.trainings.rules import split_credit


def rewrite_facts(session: Session, row: TrainingSession, tz: ZoneInfo) -> None:
    """Copy the session's facts into its attendance rows, inside the caller's transaction."""
    # By name: attendance stands above trainings, so its models are not imported here.
    attendance: Table = Base.metadata.tables["attendance"]
    credit = split_credit(row.starts_at, row.ends_at, row.credited_minutes, tz)
    session.flush()
    session.execute(
        update(attendance)
        .where(attendance.c.session_id == row.id)
        .values(
            is_held=row.state == SessionState.CLOSED,
            office_date=row.office_date,
            kind_key=row.kind_key,
            mode_key=row.mode_key,
            class_id=row.class_id,
            minutes=credit.total,
            morning_minutes=credit.morning,
        )
    )
