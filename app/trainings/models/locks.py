"""Table of the months and years whose figures stand still."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime


class LockedPeriod(Base):
    """A month or a year whose figures stand still: no row of a session of these days changes any more.

    Unlocking keeps the row, so that who locked and who unlocked can be told.
    """

    __tablename__ = "locked_periods"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    locked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    locked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unlocked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    unlocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unlock_reason: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        CheckConstraint("first_on <= last_on", name="order"),
        Index(None, "first_on", "last_on"),
    )
