"""Refuses what would move the figures of a locked month or year."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import hold_calendar
from app.core.errors import PeriodLocked
from app.core.i18n import day_text, lazy
from app.core.vocabulary import SessionState
from app.trainings.models import SessionLecturer, TrainingSession
from app.trainings.queries.locks import locked_on

# What of a session any figure or form reads. Its title, place, note and address are words about it.
_COUNTED = (
    "kind_key", "mode_key", "class_id", "host_org_id", "starts_at", "ends_at", "office_date",
    "credited_minutes", "effective_minutes", "late_after_minutes", "declared_person_times", "declared_mark",
)  # fmt: skip


def require_unlocked(session: Session, *days: date) -> None:
    """Raises PeriodLocked if a day is locked; none of them will be before the transaction ends."""
    hold_calendar(session, alone=False)
    for day in days:
        if locked_on(session, day):
            raise PeriodLocked(
                lazy(
                    "%(day)s 所在的月份或年份已锁定,数字不再变动。确需改动时,请管理员先解锁。",
                    day=day_text(day),
                )
            )


def counted_facts(session: Session, row: TrainingSession) -> tuple[Any, ...]:
    """What of the session figures read, lecturers included: compared before and after a change."""
    session.flush()
    query = select(SessionLecturer.lecturer_id, SessionLecturer.role).where(
        SessionLecturer.session_id == row.id
    )
    lecturers = sorted((lecturer_id, role.value) for lecturer_id, role in session.execute(query))
    return (*(getattr(row, name) for name in _COUNTED), *lecturers)


def require_may_change(
    session: Session, row: TrainingSession, before: tuple[Any, ...], day_before: date
) -> bool:
    """Whether a change of a session moves what figures read. Raises PeriodLocked where that is locked.

    A draft counts in nothing: it may leave a locked day, and may not come to one.
    """
    moves = counted_facts(session, row) != before
    if moves and row.state is not SessionState.DRAFT:
        require_unlocked(session, day_before, row.office_date)
    elif row.office_date != day_before:
        require_unlocked(session, row.office_date)
    return moves
