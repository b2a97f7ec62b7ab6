"""Table of what came to light about a locked month or year."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import ExcuseReason, Method, Status


class Adjustment(Base):
    """A correction of a row of a locked period: told beside the figures, never counted in them.

    Dated by `made_at`. Unlocking the period applies it as an ordinary correction (`applied_at`). It waits
    until it is applied or withdrawn, and of one member and session one waits at a time.
    NULL before: there was no row; NULL after: it is taken back. Minutes: credited by a status that counts.
    """

    __tablename__ = "adjustments"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    status_before: Mapped[Status | None] = mapped_column(words(Status, "status_before"))
    status_after: Mapped[Status | None] = mapped_column(words(Status, "status_after"))
    excuse_reason: Mapped[ExcuseReason | None] = mapped_column(words(ExcuseReason))
    # When the member came and left; of a row that is made, how it was noticed and when.
    came_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    method: Mapped[Method | None] = mapped_column(words(Method))
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
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
