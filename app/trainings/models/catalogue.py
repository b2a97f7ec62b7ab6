"""Tables the office edits once and chooses from: kinds, modes, venues, lecturers."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class SessionKind(Base):
    """A kind of session (集中培训, 主题党日 …); the first rows come with the migration."""

    __tablename__ = "session_kinds"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column()
    is_active: Mapped[bool] = mapped_column(default=True)


class DutyRule(Base):
    """How often a branch owes a session of a kind, from a year on; earlier years keep their rule."""

    __tablename__ = "duty_rules"

    kind_key: Mapped[str] = mapped_column(ForeignKey("session_kinds.key"), primary_key=True)
    from_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Monthly, quarterly or yearly; NULL: no duty from then on.
    frequency: Mapped[str | None] = mapped_column(String(10))

    __table_args__ = (CheckConstraint("frequency IN ('monthly', 'quarterly', 'yearly')", name="frequency"),)


class DeliveryMode(Base):
    """A way of delivering a session (现场集中, 送学上门, 线上送学 …)."""

    __tablename__ = "delivery_modes"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column()


class Venue(Base):
    """A place of study (阵地)."""

    __tablename__ = "venues"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    address: Mapped[str | None] = mapped_column(String(200))
    capacity: Mapped[int | None] = mapped_column()
    org_id: Mapped[int | None] = mapped_column(ForeignKey("org_units.id"))
    is_active: Mapped[bool] = mapped_column(default=True)


class Lecturer(Base):
    """Someone who speaks at sessions; a member of the district or a guest."""

    __tablename__ = "lecturers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    # Unit and duty as announced, for instance "区委党校 副教授".
    title: Mapped[str | None] = mapped_column(String(120))
    # True: an exemplary member (先进典型) rather than a lecturer of the district's team.
    is_exemplar: Mapped[bool] = mapped_column(default=False)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    is_active: Mapped[bool] = mapped_column(default=True)
