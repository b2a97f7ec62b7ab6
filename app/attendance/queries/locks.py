"""SELECTs of locks as their page lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Adjustment
from app.attendance.queries.adjustments import waits
from app.members.queries.staff_names import STAFF
from app.trainings.models import LockedPeriod


@dataclass(frozen=True, slots=True)
class LockRow:
    """One lock; `waiting`: adjustments of its days. Unlocked ones are kept."""

    id: int
    first_on: date
    last_on: date
    locked_by: str | None
    locked_at: datetime
    unlocked_by: str | None
    unlocked_at: datetime | None
    unlock_reason: str | None
    waiting: int

    @property
    def year(self) -> int:
        return self.first_on.year

    @property
    def month(self) -> int | None:
        """None: the whole year."""
        return self.first_on.month if self.first_on.month == self.last_on.month else None


def lock_rows(session: Session, *, limit: int, offset: int = 0) -> tuple[list[LockRow], int]:
    """Locks in force before those that were undone, the latest days first; and how many there are."""
    order = (LockedPeriod.unlocked_at.is_not(None), LockedPeriod.last_on.desc(), LockedPeriod.first_on)
    query = _rows().order_by(*order, LockedPeriod.id.desc()).limit(limit).offset(offset)
    total = session.scalar(select(func.count()).select_from(LockedPeriod)) or 0
    return [LockRow(**row._mapping) for row in session.execute(query)], total


def lock_row(session: Session, lock_id: int) -> LockRow | None:
    """One lock."""
    row = session.execute(_rows().where(LockedPeriod.id == lock_id)).first()
    return LockRow(**row._mapping) if row else None


def _rows() -> Select[tuple[Any, ...]]:
    locker, unlocker = STAFF.alias("locker"), STAFF.alias("unlocker")
    waiting = (
        select(func.count())
        .where(waits(), Adjustment.office_date.between(LockedPeriod.first_on, LockedPeriod.last_on))
        .scalar_subquery()
    )
    return (
        select(
            LockedPeriod.id,
            LockedPeriod.first_on,
            LockedPeriod.last_on,
            locker.c.display_name.label("locked_by"),
            LockedPeriod.locked_at,
            unlocker.c.display_name.label("unlocked_by"),
            LockedPeriod.unlocked_at,
            LockedPeriod.unlock_reason,
            waiting.label("waiting"),
        )
        .outerjoin(locker, locker.c.id == LockedPeriod.locked_by_id)
        .outerjoin(unlocker, unlocker.c.id == LockedPeriod.unlocked_by_id)
    )
