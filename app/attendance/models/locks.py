"""Tables of locked months and years, and of what came to light afterwards."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import ExcuseReason, Status


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


class Adjustment(Base):
    """A correction of a row of a locked period: told beside the figures, never counted in them.

    Dated by `made_at`. Unlocking the period applies it as an ordinary correction (`applied_at`).
    Minutes are what the row would be credited; NULL before: there was no row, NULL after: it is taken back.
    """

    __tablename__ = "adjustments"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    status_before: Mapped[Status | None] = mapped_column(words(Status, "status_before"))
    status_after: Mapped[Status | None] = mapped_column(words(Status, "status_after"))
    excuse_reason: Mapped[ExcuseReason | None] = mapped_column(words(ExcuseReason))
    minutes_before: Mapped[int] = mapped_column()
    minutes_after: Mapped[int] = mapped_column()
    # The session's day, and the member's branch and groups on it.
    office_date: Mapped[date] = mapped_column(Date, index=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"))
    groups: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(String(200))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "session_id", "member_id"),)
