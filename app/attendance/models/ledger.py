"""Tables of the attendance ledger and of the dated study-hour rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import ExcuseReason, Method, ReviewKind, ReviewState, Status

# SQLite uses a partial index only for the same words; `queries.counted` says them.
IS_COUNTED = "is_held IS {true} AND status IN ('present', 'late', 'left_early', 'made_up')"
# Methods of LOW_ASSURANCE_METHODS.
IS_LOW_ASSURANCE = " AND method IN ('printed_code')"


class Attendance(Base):
    """One member at one session: a fact that reports read without joining anything to it.

    Session and member together are the key, so a member is recorded once however many phones
    post at the same time. What describes the session is copied here and rewritten in the same
    transaction when the session changes; branch and groups are those of the session's date and
    stay as they were when the member later moves.
    """

    __tablename__ = "attendance"

    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    status: Mapped[Status] = mapped_column(words(Status))
    excuse_reason: Mapped[ExcuseReason | None] = mapped_column(words(ExcuseReason))
    # True: came without being expected; counts everywhere but in the attendance rate.
    is_extra: Mapped[bool] = mapped_column(default=False)
    method: Mapped[Method] = mapped_column(words(Method))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    # Opaque id of the browser or reader that recorded it.
    device: Mapped[str | None] = mapped_column(String(64))
    # Chosen by the client, so that a repeated request can be recognised as one.
    nonce: Mapped[str | None] = mapped_column(String(64))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Known only for those who came late or signed out: minutes count from the one and until the other.
    came_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # The missed session for which this coming counts; it counts there, and here in no figure.
    made_up_for_id: Mapped[int | None] = mapped_column(ForeignKey("training_sessions.id"))

    # The session, copied. `is_held`: closed and not cancelled, and not counted for another session
    # (`made_up_for_id`); only such rows count in figures.
    is_held: Mapped[bool] = mapped_column(default=False)
    office_date: Mapped[date] = mapped_column(Date)
    kind_key: Mapped[str] = mapped_column(ForeignKey("session_kinds.key"))
    mode_key: Mapped[str] = mapped_column(ForeignKey("delivery_modes.key"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("training_classes.id"))
    # Credited minutes, and the part of them in the day's first half, whose cap needs both.
    minutes: Mapped[int] = mapped_column()
    morning_minutes: Mapped[int] = mapped_column(default=0)

    # The member's branch and set of Group bits on `office_date`.
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"))
    groups: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint("morning_minutes BETWEEN 0 AND minutes", name="minutes"),
        CheckConstraint("(status = 'excused') OR excuse_reason IS NULL", name="excuse_reason"),
        Index(None, "member_id", "office_date"),
        Index(None, "office_date"),
        # Of rows that count alone, with all that the yearly summaries are made of: the rest of a row is
        # not read for them, and a check-in, which counts in nothing yet, costs no entry here.
        Index(
            "ix_attendance_counted", "member_id", "office_date", "kind_key", "mode_key", "status", "class_id",
            "minutes", "morning_minutes", "session_id",
            # SQLite looks it up in the row otherwise, to be sure of what the index says already.
            "is_held",
            sqlite_where=text(IS_COUNTED.format(true="1")),
            postgresql_where=text(IS_COUNTED.format(true="true")),
        ),
        Index(
            "ix_attendance_of_classes", "class_id", "member_id", "office_date", "kind_key", "status",
            "is_held",
            sqlite_where=text(IS_COUNTED.format(true="1") + " AND class_id IS NOT NULL"),
            postgresql_where=text(IS_COUNTED.format(true="true") + " AND class_id IS NOT NULL"),
        ),
        # Every report says how many of its rows are among these few.
        Index(
            "ix_attendance_low_assurance", "office_date", "org_id", "session_id", "is_held",
            sqlite_where=text(IS_COUNTED.format(true="1") + IS_LOW_ASSURANCE),
            postgresql_where=text(IS_COUNTED.format(true="true") + IS_LOW_ASSURANCE),
        ),
    )  # fmt: skip


class AttendanceChange(Base):
    """History of one attendance row: what it said before and after, who changed it and why."""

    __tablename__ = "attendance_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    # NULL before: the row was made; NULL after: it was taken back.
    status_before: Mapped[Status | None] = mapped_column(words(Status, "status_before"))
    status_after: Mapped[Status | None] = mapped_column(words(Status, "status_after"))
    reason: Mapped[str] = mapped_column(String(200))
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "session_id", "member_id"),)


class ReviewItem(Base):
    """Something odd about a session, with what a person decided about it; nothing is blocked meanwhile.

    One for each session, kind and subject, so that looking again raises nothing twice. A tick of an
    offline round that came too late (`late_tick`) is kept here whole and recorded when found fine.
    """

    __tablename__ = "review_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"))
    kind: Mapped[ReviewKind] = mapped_column(words(ReviewKind))
    # What it is about, opaque: a device, a tick's id, a minute; empty for the session as a whole.
    subject: Mapped[str] = mapped_column(String(110), default="")
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    # Counts and times only; who is concerned is read from the ledger when it is looked at.
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[ReviewState] = mapped_column(words(ReviewState), default=ReviewState.OPEN)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Of a tick that waits: what its phone said, and who noted it.
    status: Mapped[Status | None] = mapped_column(words(Status))
    method: Mapped[Method | None] = mapped_column(words(Method))
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    device: Mapped[str | None] = mapped_column(String(64))
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))

    __table_args__ = (
        UniqueConstraint("session_id", "kind", "subject"),
        Index(None, "state", "session_id"),
    )


class HourPolicy(Base):
    """How minutes become study hours from a year on; a later row never rewrites earlier years."""

    __tablename__ = "hour_policies"

    from_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    minutes_per_hour: Mapped[int] = mapped_column()
    half_day_cap_minutes: Mapped[int] = mapped_column()
    day_cap_minutes: Mapped[int] = mapped_column()
    # Yearly requirement of a member, and of a branch secretary or committee member.
    member_hours: Mapped[int] = mapped_column()
    post_hours: Mapped[int] = mapped_column()
    # Central trainings a post holder attends at least, a year.
    post_central_classes: Mapped[int] = mapped_column()
