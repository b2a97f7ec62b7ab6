"""Tables of the organisation tree: units, their dated places in the tree, tags and posts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import FOREVER, OrgKind, OrgSector, OrgTag, Post


class OrgUnit(Base):
    """An organisation of the tree (党组织). Where it hangs is in `OrgPlacement`, dated."""

    __tablename__ = "org_units"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[OrgKind] = mapped_column(words(OrgKind))
    # Decides new_org, rural and retired by rule; NULL where the office has not said.
    sector: Mapped[OrgSector | None] = mapped_column(words(OrgSector))
    opened_on: Mapped[date | None] = mapped_column(Date)
    # The first day on which it is no more; the unit that took its members over, where one did.
    closed_on: Mapped[date] = mapped_column(Date, default=FOREVER)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("org_units.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OrgPlacement(Base):
    """Where a unit hangs from `starts_on` until before `ends_on`; a move ends one row and starts another."""

    __tablename__ = "org_placements"

    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("org_units.id"))
    # "/1/5/17/": ids from the root to the unit itself, so that a subtree is one LIKE.
    path: Mapped[str] = mapped_column(String(400))

    __table_args__ = (
        CheckConstraint("starts_on < ends_on", name="span"),
        Index(None, "parent_id"),
        Index(None, "path"),
    )


class OrgTagRow(Base):
    """A dated tag on a unit (示范 model, 指导 under guidance)."""

    __tablename__ = "org_tags"

    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    tag: Mapped[OrgTag] = mapped_column(words(OrgTag), primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)

    __table_args__ = (CheckConstraint("starts_on < ends_on", name="span"),)


class OrgPost(Base):
    """A member's dated post in a unit; feeds the yearly study-hour rule."""

    __tablename__ = "org_posts"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    post: Mapped[Post] = mapped_column(words(Post), primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)

    __table_args__ = (
        CheckConstraint("starts_on < ends_on", name="span"),
        Index(None, "org_id", "starts_on"),
    )


class OrgFormerName(Base):
    """What a unit was called until before `ends_on`; rosters go on using old names for years."""

    __tablename__ = "org_former_names"

    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))


class OrgFormerNature(Base):
    """What a unit was (kind and sector) from `starts_on` until before `ends_on`; `OrgUnit` says what it is.

    Rows exist only for units that have changed: groups by rule and duties of a past day read them
    (`former_on` in queries/tree.py), so that a change never rewrites a year that is over.
    """

    __tablename__ = "org_former_natures"

    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[OrgKind] = mapped_column(words(OrgKind))
    sector: Mapped[OrgSector | None] = mapped_column(words(OrgSector))

    __table_args__ = (CheckConstraint("starts_on < ends_on", name="span"),)


class RosterColumn(Base):
    """Which column of an office's own roster holds what, as somebody of that office once said."""

    __tablename__ = "roster_columns"

    # The office: the topmost unit that the importing person answers for.
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"), primary_key=True)
    # The header as it is compared (rules_columns.plain_header).
    header: Mapped[str] = mapped_column(String(100), primary_key=True)
    # A field of rules_columns.ROSTER; blank: this column is not read.
    field: Mapped[str] = mapped_column(String(40))
