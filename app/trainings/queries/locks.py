"""SELECTs of the months and years whose figures stand still."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from app.core.vocabulary import SessionState
from app.trainings.models import LockedPeriod, TrainingSession

# Neither published nor open: what no longer changes by itself.
UNFINISHED = (SessionState.PUBLISHED, SessionState.OPEN)


def locked_on(session: Session, day: date) -> bool:
    """Whether the figures of the day stand still.

    Says so for as long as the transaction holds a session or the calendar (`core.db`); else for the moment.
    """
    return bool(session.scalar(select(exists().where(*_in_force(day, day)))))


def locked_within(session: Session, first: date, last: date) -> bool:
    """Whether any day from `first` to `last` is locked."""
    return bool(session.scalar(select(exists().where(*_in_force(first, last)))))


def covering_lock(session: Session, first: date, last: date) -> LockedPeriod | None:
    """A lock in force over all days from `first` to `last`."""
    query = select(LockedPeriod).where(
        LockedPeriod.unlocked_at.is_(None), LockedPeriod.first_on <= first, LockedPeriod.last_on >= last
    )
    return session.scalars(query.order_by(LockedPeriod.id).limit(1)).first()


def is_locked_day(day: Any) -> ColumnElement[bool]:
    """The same of a column of days."""
    return exists().where(
        LockedPeriod.unlocked_at.is_(None), LockedPeriod.first_on <= day, LockedPeriod.last_on >= day
    )


def unfinished_sessions(session: Session, first: date, last: date, most: int) -> list[tuple[str, date]]:
    """(title, day) of sessions published or open in these days, the first `most`."""
    query = (
        select(TrainingSession.title, TrainingSession.office_date)
        .where(TrainingSession.office_date.between(first, last), TrainingSession.state.in_(UNFINISHED))
        .order_by(TrainingSession.office_date, TrainingSession.id)
        .limit(most)
    )
    return [(title, day) for title, day in session.execute(query)]


def _in_force(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (LockedPeriod.unlocked_at.is_(None), LockedPeriod.first_on <= last, LockedPeriod.last_on >= first)
