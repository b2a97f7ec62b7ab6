"""SELECTs of a member's own page: their phones and card, and everything at once for the file to keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.attendance.queries.member import (
    AttendanceRow,
    MemberHours,
    attendance_years,
    member_attendance,
    member_hours,
)
from app.checkin.models import MemberBinding, MemberCard
from app.core.crypto import token_hash
from app.core.vocabulary import Group
from app.members.queries.member_page import GroupTime, MemberPage, own_page
from app.members.queries.visit_notes import KeptNote, visit_note
from app.members.queries.wishes import WishRow, own_wishes

# More than anyone attends in a life of meetings; a bound all the same.
_ALL_ROWS = 20_000
_ALL_WISHES = 1_000


@dataclass(frozen=True, slots=True)
class OwnPhone:
    """A phone that stands for the member; `is_this`: the one that asks."""

    id: int
    proof: str
    created_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class AccessGlance:
    """How many phones check in for a member, and when the card that works was issued."""

    phones: int
    card_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """Everything recorded about one member that the member may read: all but who of the staff did what."""

    page: MemberPage
    groups: tuple[Group, ...]
    group_rows: tuple[GroupTime, ...]
    note: KeptNote | None
    phones: tuple[OwnPhone, ...]
    card_at: datetime | None
    hours: tuple[MemberHours, ...]
    attendance: tuple[AttendanceRow, ...]
    wishes: tuple[WishRow, ...]


def access_glance(session: Session, member_id: int) -> AccessGlance:
    """What a member checks in with, in one SELECT."""
    phones = select(func.count()).where(
        MemberBinding.member_id == member_id, MemberBinding.revoked_at.is_(None)
    )
    card: Select[datetime] = select(MemberCard.created_at).where(
        MemberCard.member_id == member_id, MemberCard.revoked_at.is_(None)
    )
    return AccessGlance(
        *session.execute(select(phones.scalar_subquery(), card.limit(1).scalar_subquery())).one()
    )


def own_phones(session: Session, member_id: int, token: str) -> list[OwnPhone]:
    """The member's phones that work now: this one first, then the newest."""
    query = (
        select(
            MemberBinding.id,
            MemberBinding.proof,
            MemberBinding.created_at,
            (MemberBinding.token_hash == token_hash(token)).label("is_this"),
        )
        .where(MemberBinding.member_id == member_id, MemberBinding.revoked_at.is_(None))
        .order_by(MemberBinding.created_at.desc())
        .limit(50)
    )
    phones = [OwnPhone(*row) for row in session.execute(query)]
    return sorted(phones, key=lambda phone: not phone.is_this)


def own_groups(page: MemberPage) -> tuple[Group, ...]:
    """Groups of today as the member is told of them: not that contact was lost, to somebody who is here."""
    return tuple(group for group in page.groups if group is not Group.LOST_CONTACT)


def own_group_rows(page: MemberPage) -> tuple[GroupTime, ...]:
    """By-hand rows as the member is told of them, the latest first: neither that contact was lost nor an
    exemption that nobody has approved."""
    return tuple(
        row for row in page.group_rows if row.is_in and not row.waits and row.group is not Group.LOST_CONTACT
    )


def own_record(session: Session, member_id: int, token: str, on: date, elderly_age: int) -> OwnRecord:
    """The whole record of a member whose phone has proven who they are. Costs four queries a year studied."""
    page = own_page(session, member_id, on, elderly_age)
    years = attendance_years(session, member_id)
    return OwnRecord(
        page=page,
        groups=own_groups(page),
        group_rows=own_group_rows(page),
        note=visit_note(session, member_id),
        phones=tuple(own_phones(session, member_id, token)),
        card_at=access_glance(session, member_id).card_at,
        hours=tuple(member_hours(session, member_id, year) for year in sorted({*years, on.year})),
        attendance=tuple(member_attendance(session, member_id, _ALL_ROWS)),
        wishes=tuple(own_wishes(session, member_id, on, _ALL_WISHES)),
    )
