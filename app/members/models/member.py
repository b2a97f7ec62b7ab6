"""Tables of members: the person, and dated membership in branches and groups."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, UtcDateTime, words
from app.core.vocabulary import FOREVER, Group


def _prefix_text(length: int) -> String:
    """Text in byte order on both databases, so that its index serves prefixes and sorting alike."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Member(Base):
    """A member of the district's organisations. ID numbers have no column and are never stored."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(_prefix_text(80), index=True)
    # Lower case, no spaces ("zhangsan"), and initials ("zs"); for prefix search.
    pinyin: Mapped[str] = mapped_column(_prefix_text(200), index=True)
    pinyin_initials: Mapped[str] = mapped_column(_prefix_text(40), index=True)
    # Read instead of the dictionary's guess where a surname is read otherwise (单 Shan).
    surname_pinyin: Mapped[str | None] = mapped_column(String(20))
    sex: Mapped[str | None] = mapped_column(String(4))
    ethnicity: Mapped[str | None] = mapped_column(String(20))
    birth_date: Mapped[date | None] = mapped_column(Date)
    education: Mapped[str | None] = mapped_column(String(40))
    # 人员类别: full or probationary member, as the roster words it.
    membership_type: Mapped[str | None] = mapped_column(String(20))
    joined_party_on: Mapped[date | None] = mapped_column(Date)
    confirmed_on: Mapped[date | None] = mapped_column(Date)
    job: Mapped[str | None] = mapped_column(String(100))
    social_stratum: Mapped[str | None] = mapped_column(String(60))
    is_migrant_worker: Mapped[bool | None] = mapped_column()
    # AES-GCM; the key is outside the database.
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Keyed blind indexes of the whole number and of its last four digits.
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    phone_tail_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    # The same person was recorded twice: everything now stands under the other row, this one is a signpost.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """A member belongs to one branch from `starts_on` until before `ends_on`."""

    __tablename__ = "memberships"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    # The day the branch accepted the member: a transfer takes effect then.
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)
    org_id: Mapped[int] = mapped_column(ForeignKey("org_units.id"))

    __table_args__ = (
        CheckConstraint("starts_on < ends_on", name="span"),
        # With the member, so that a branch's members are found without reading the rows.
        Index(None, "org_id", "starts_on", "ends_on", "member_id"),
    )


class GroupMembership(Base):
    """A member is (or by hand is not) in a group from `starts_on` until before `ends_on`.

    Groups by rule (elderly by age, new_org, rural and retired by the branch) need no row; a row
    for one of them overrides the rule while it lasts.
    """

    __tablename__ = "group_memberships"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    group: Mapped[Group] = mapped_column("group_key", words(Group), primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date] = mapped_column(Date, default=FOREVER)
    # False: by hand outside the group, whatever the rule says.
    is_in: Mapped[bool] = mapped_column(default=True)
    # mobile only: "out" (away from here) or "in" (come from elsewhere), from, to and place.
    direction: Mapped[str | None] = mapped_column(String(3))
    from_place: Mapped[str | None] = mapped_column(String(100))
    to_place: Mapped[str | None] = mapped_column(String(100))
    host_org_id: Mapped[int | None] = mapped_column(ForeignKey("org_units.id"))
    # Why, in a few words ("户籍迁出"); never for exempt.
    reason: Mapped[str | None] = mapped_column(String(100))
    # exempt counts only once a second person has approved it; no reason text is ever kept.
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("starts_on < ends_on", name="span"),
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint("group_key <> 'exempt' OR reason IS NULL", name="no_reason"),
        Index(None, "group_key", "starts_on"),
    )
