"""Tables of classes and sessions, who speaks, who is invited and who is expected."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import AudienceKind, CountMark, Group, LecturerRole, SessionState
from app.trainings.models.catalogue import Lecturer, Venue


class TrainingClass(Base):
    """A training class (班次): one or more sessions; its person-times count each member once."""

    __tablename__ = "training_classes"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    kind_key: Mapped[str] = mapped_column(ForeignKey("session_kinds.key"))
    host_org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TrainingSession(Base):
    """One session (场次). Times are instants in UTC; `office_date` is the office's day of the start."""

    __tablename__ = "training_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    kind_key: Mapped[str] = mapped_column(ForeignKey("session_kinds.key"))
    mode_key: Mapped[str] = mapped_column(ForeignKey("delivery_modes.key"))
    state: Mapped[SessionState] = mapped_column(words(SessionState), default=SessionState.DRAFT)
    class_id: Mapped[int | None] = mapped_column(ForeignKey("training_classes.id"), index=True)
    host_org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"))
    venue_id: Mapped[int | None] = mapped_column(ForeignKey("venues.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    office_date: Mapped[date] = mapped_column(Date)
    # The scheduler opens check-in at `opens_at` and closes it at `closes_at`.
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    credited_minutes: Mapped[int] = mapped_column()
    # Minutes that were delivered where a session broke off early; the credit shrinks in proportion.
    effective_minutes: Mapped[int | None] = mapped_column()
    # Who checks in more than this many minutes after the start is late; None: nobody is, by rule.
    late_after_minutes: Mapped[int | None] = mapped_column()
    # Members are asked to sign out when they leave.
    asks_sign_out: Mapped[bool] = mapped_column(default=False)
    # Where an online session is watched.
    join_url: Mapped[str | None] = mapped_column(String(500))
    # 256 random bits; every code of the session is derived from it and the server's clock.
    code_secret: Mapped[bytes] = mapped_column(LargeBinary(32))
    # Which printing of the code on paper is valid; None: there is none.
    printed_code_version: Mapped[int | None] = mapped_column()
    # People counted in the room, guests from elsewhere included; for comparison, never added to a figure.
    head_count: Mapped[int | None] = mapped_column()
    guest_count: Mapped[int | None] = mapped_column()
    # A head count reported without names; never added into the recorded person-times.
    declared_person_times: Mapped[int | None] = mapped_column()
    declared_mark: Mapped[CountMark] = mapped_column(words(CountMark), default=CountMark.EXACT)
    note: Mapped[str | None] = mapped_column(String(500))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    venue: Mapped[Venue | None] = relationship(lazy="raise")
    lecturers: Mapped[list[SessionLecturer]] = relationship(
        lazy="raise", order_by="SessionLecturer.position", cascade="all, delete-orphan"
    )
    audience: Mapped[list[AudienceRule]] = relationship(lazy="raise", cascade="all, delete-orphan")

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="span"),
        CheckConstraint("opens_at < closes_at", name="check_in_span"),
        CheckConstraint("credited_minutes BETWEEN 0 AND 1440", name="credited_minutes"),
        CheckConstraint("declared_person_times >= 0", name="declared_person_times"),
        CheckConstraint("effective_minutes BETWEEN 0 AND 1440", name="effective_minutes"),
        CheckConstraint("late_after_minutes BETWEEN 0 AND 1440", name="late_after_minutes"),
        CheckConstraint("guest_count >= 0 AND guest_count <= head_count", name="guest_count"),
        Index(None, "office_date", "state"),
        Index(None, "host_org_id", "office_date"),
        Index(None, "venue_id", "starts_at"),
        Index(None, "state", "opens_at"),
        Index(None, "state", "closes_at"),
    )


class SessionLecturer(Base):
    """A lecturer's role in one session; several may share one."""

    __tablename__ = "session_lecturers"

    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), primary_key=True)
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"), primary_key=True, index=True)
    role: Mapped[LecturerRole] = mapped_column(words(LecturerRole), default=LecturerRole.LECTURER)
    position: Mapped[int] = mapped_column(default=0)

    lecturer: Mapped[Lecturer] = relationship(lazy="raise")


class AudienceRule(Base):
    """One line of a session's audience: a branch with all below it, a group, or a named member.

    Branches and groups together mean "those groups within those branches"; named members are
    added to that. No line at all: open to everyone, nobody expected.
    """

    __tablename__ = "audience_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), index=True)
    kind: Mapped[AudienceKind] = mapped_column(words(AudienceKind))
    org_id: Mapped[int | None] = mapped_column(ForeignKey("org_units.id"), index=True)
    group: Mapped[Group | None] = mapped_column("group_key", words(Group))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    __table_args__ = (
        CheckConstraint(
            "(kind = 'org' AND org_id IS NOT NULL AND group_key IS NULL AND member_id IS NULL)"
            " OR (kind = 'group' AND group_key IS NOT NULL AND org_id IS NULL AND member_id IS NULL)"
            " OR (kind = 'member' AND member_id IS NOT NULL AND org_id IS NULL AND group_key IS NULL)",
            name="one_target",
        ),
    )


class ExpectedAttendee(Base):
    """A member on the expected list, fixed at publishing with the branch and groups of the session's date."""

    __tablename__ = "expected_attendees"

    session_id: Mapped[int] = mapped_column(ForeignKey("training_sessions.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"))
    # Set of Group bits as of the session's date.
    groups: Mapped[int] = mapped_column()
