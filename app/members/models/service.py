"""Tables of what passes between members and those who serve them: transfers, wishes, visit notes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import RequestState, TransferState


class TransferRequest(Base):
    """One branch asks another to take a member over; nothing changes before the other one accepts."""

    __tablename__ = "transfer_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    from_org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), index=True)
    to_org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"))
    state: Mapped[TransferState] = mapped_column(words(TransferState), default=TransferState.WAITING)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The day on which the transfer took effect.
    accepted_on: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        CheckConstraint("from_org_id <> to_org_id", name="elsewhere"),
        CheckConstraint("(state = 'accepted') = (accepted_on IS NOT NULL)", name="accepted_on"),
        Index(None, "to_org_id", "state"),
    )


class CorrectionRequest(Base):
    """A member says that something recorded about them is wrong; staff correct it or say why not."""

    __tablename__ = "correction_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    # What it is about: a key of the form (name, phone, birth_date, branch, groups, attendance, other).
    about: Mapped[str] = mapped_column(String(20))
    # Sealed: people write telephone numbers and birthdays into it.
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[RequestState] = mapped_column(words(RequestState), default=RequestState.OPEN)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "state", "asked_at"),)


class VisitNote(Base):
    """What a home visit needs to know (door, good hours, large print), sealed; never medical text."""

    __tablename__ = "visit_notes"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    # JSON of the fields of app/members/rules_visits.py.
    note_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DistinctMembers(Base):
    """Somebody has looked at two members who seem to be one, and said that they are two."""

    __tablename__ = "distinct_members"

    low_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    high_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("low_id < high_id", name="order"),)
