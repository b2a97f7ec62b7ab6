"""Tables of leave that is asked for, and of study that is made up."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import ExcuseReason, LeaveState, MakeUpState, Status


class LeaveRequest(Base):
    """A member asks to be excused from one session, or staff ask for them; never with medical text.

    The ledger says `excused` once it is approved, and not before.
    """

    __tablename__ = "leave_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    reason: Mapped[ExcuseReason] = mapped_column(words(ExcuseReason))
    state: Mapped[LeaveState] = mapped_column(words(LeaveState), default=LeaveState.OPEN)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # NULL: by the member.
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))

    __table_args__ = (UniqueConstraint("session_id", "member_id"), Index(None, "state", "session_id"))


class MakeUp(Base):
    """How a missed session is made up: planned, and later done; counts once, at the session that was missed.

    via_session_id: the session in which it is made up; NULL: by itself, for instance at a visit.
    """

    __tablename__ = "make_ups"

    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    via_session_id: Mapped[int | None] = mapped_column(ForeignKey("training_sessions.id"))
    mode_key: Mapped[str] = mapped_column(ForeignKey("delivery_modes.key"))
    state: Mapped[MakeUpState] = mapped_column(words(MakeUpState))
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    planned_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    done_on: Mapped[date | None] = mapped_column(Date)
    # What was studied; the missed session credits no more than its own minutes.
    minutes: Mapped[int | None] = mapped_column()
    # What the missed session's row said before it was made up; NULL: there was none.
    status_before: Mapped[Status | None] = mapped_column(words(Status, "status_before"))
    excuse_before: Mapped[ExcuseReason | None] = mapped_column(words(ExcuseReason, "excuse_before"))

    __table_args__ = (
        CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name="done"),
        Index(None, "member_id", "state"),
        # Whoever comes once makes up one session.
        Index(None, "via_session_id", "member_id", unique=True),
    )
