"""Tables of reports that are made by rule, and of what was delivered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import DeliveryState


class ReportSchedule(Base):
    """A report that somebody wants on the first of each month about the month before."""

    __tablename__ = "report_schedules"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Who reads it, and by whose scope it is made.
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    # Name of the form, as in its address.
    report: Mapped[str] = mapped_column(String(40))
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"))
    # Also sent there; NULL: to the inbox alone.
    email: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(10))
    is_active: Mapped[bool] = mapped_column(default=True)
    # Months that were over by then are not made: nobody had asked for them, or it was paused.
    wanted_since: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("user_id", "report", "org_id"),)


class ReportDelivery(Base):
    """One month's report of a schedule: made once, however often the scheduler asks."""

    __tablename__ = "report_deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedules.id"))
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    state: Mapped[DeliveryState] = mapped_column(words(DeliveryState))
    # Somebody makes it (or, once it is made, sends the mail) until then; afterwards another may try.
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of the sealed file; NULL before it is made and after it has been thrown away.
    file_key: Mapped[str | None] = mapped_column(String(64))
    file_name: Mapped[str | None] = mapped_column(String(120))

    __table_args__ = (UniqueConstraint("schedule_id", "first_on"), Index(None, "state", "leased_until"))
