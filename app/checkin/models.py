"""Tables of what lets a member check in: phones, codes, cards, tickets, kiosks, rounds; and receipts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import Status


class MemberBinding(Base):
    """A browser or app that stands for a member until revoked; only a hash of its token is kept."""

    __tablename__ = "member_bindings"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    # How the member proved who they are: one_time_code, name_and_phone, api.
    proof: Mapped[str] = mapped_column(String(20))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BindCode(Base):
    """A one-time code that a branch hands to a member to bind a phone."""

    __tablename__ = "bind_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    # Keyed: eight digits alone could be tried out by whoever sees the table.
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MemberCard(Base):
    """A printed card: a random 160-bit id as QR. Kept as a hash, and sealed to print it again."""

    __tablename__ = "member_cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "member_id", "revoked_at"),)


class SpentTicket(Base):
    """The id of a ticket that has recorded an attendance; kept until the ticket would have expired."""

    __tablename__ = "spent_tickets"

    ticket_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BatchReceipt(Base):
    """What an offline tick was answered, so that sending it again hears the same and changes nothing."""

    __tablename__ = "batch_receipts"

    device: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Made on the device, once for each tick.
    item_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    result: Mapped[str] = mapped_column(String(20))
    status: Mapped[Status] = mapped_column(words(Status))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Kiosk(Base):
    """A tablet at the door of one session: it may record there and nothing else. Only a hash is kept."""

    __tablename__ = "kiosks"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    # Who set it up: what it records is recorded on their behalf, within what they may do.
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VisitRound(Base):
    """A round of home visits on one phone; its token may send ticks of its people and nothing else."""

    __tablename__ = "visit_rounds"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The names on the phone are not readable after this; ticks that wait there may still be sent.
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VisitRoundMember(Base):
    """A member of a round, under an id that means nothing outside it."""

    __tablename__ = "visit_round_members"

    round_id: Mapped[int] = mapped_column(ForeignKey("visit_rounds.id"), primary_key=True)
    ref: Mapped[str] = mapped_column(String(22), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
