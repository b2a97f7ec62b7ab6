"""Tables of instructors (指导员) and supervision teams (督导组) and the branches they look after, dated.

Who has an account sees exactly those branches, read only, while the assignment lasts
(`app/accounts/queries`); who has none is a name beside the branch.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime
from app.core.vocabulary import FOREVER


class Instructor(Base):
    """Someone from outside a branch who helps it to study."""

    __tablename__ = "instructors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    # Where they come from and what they are there ("区委党校 讲师").
    work_place: Mapped[str | None] = mapped_column(String(100))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InstructorAssignment(Base):
    """An instructor looks after a unit and all below it from `starts_on` until before `ends_on`."""

    __tablename__ = "instructor_assignments"

    instructor_id: Mapped[int] = mapped_column(ForeignKey("instructors.id"), primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)

    __table_args__ = (CheckConstraint("starts_on < ends_on", name="span"), Index(None, "org_id", "starts_on"))


class SupervisionTeam(Base):
    """A team of officials that supervises branches together."""

    __tablename__ = "supervision_teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TeamOfficial(Base):
    """An official belongs to a team from `starts_on` until before `ends_on`."""

    __tablename__ = "team_officials"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("supervision_teams.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    work_place: Mapped[str | None] = mapped_column(String(100))
    is_leader: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"), index=True)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)

    __table_args__ = (CheckConstraint("starts_on < ends_on", name="span"),)


class TeamAssignment(Base):
    """A team supervises a unit and all below it from `starts_on` until before `ends_on`."""

    __tablename__ = "team_assignments"

    team_id: Mapped[int] = mapped_column(ForeignKey("supervision_teams.id"), primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)

    __table_args__ = (CheckConstraint("starts_on < ends_on", name="span"), Index(None, "org_id", "starts_on"))
