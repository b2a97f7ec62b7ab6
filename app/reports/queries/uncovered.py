"""The list behind every coverage figure: who has not been reached, and how they could be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.attendance.queries.counted import is_counted
from app.core.vocabulary import Group
from app.members.models import Member, OrgUnit
from app.members.queries.masked import masked_phone
from app.reports.queries.coverage import reached_members
from app.reports.queries.cut import cut_rows
from app.reports.queries.place import Place
from app.reports.rules import FIRST_PAGE, Key, Period, Slice, Snapshot, suggested_mode


@dataclass(frozen=True, slots=True)
class UncoveredItem:
    """A member of the day without a counted attendance in the period; `groups` as of that day."""

    member: int
    name: str
    org_code: str
    org_name: str
    groups: tuple[Group, ...]
    # None without a number.
    phone_masked: str | None
    # The latest counted session up to the day asked, in any period; None: never.
    last_attended_on: date | None
    # Key of a delivery mode.
    suggested_mode: str

    @property
    def is_lost(self) -> bool:
        return Group.LOST_CONTACT in self.groups


@dataclass(frozen=True, slots=True)
class Uncovered:
    """`count` of all, the asked part of them by branch code and member id, and the key to go on after."""

    count: int
    items: tuple[UncoveredItem, ...]
    next: Key | None


def uncovered(
    session: Session,
    period: Period,
    snapshot: Snapshot,
    place: Place,
    group: Group | None = None,
    cut: Slice = FIRST_PAGE,
) -> Uncovered:
    """Members of the coverage's denominator who are not in its numerator, exactly."""
    reached = reached_members(session, period, snapshot, place, covered=False)
    conditions = [reached.c.groups.bitwise_and(group.bit) != 0] if group is not None else []
    count = session.scalar(select(func.count()).select_from(reached).where(*conditions)) or 0
    last = (
        select(func.max(Attendance.office_date))
        .where(
            Attendance.member_id == reached.c.member_id,
            *is_counted(),
            Attendance.office_date <= snapshot.on,
        )
        .scalar_subquery()
    )
    query = (
        select(
            reached.c.member_id,
            Member.name,
            OrgUnit.code,
            OrgUnit.name,
            reached.c.groups,
            Member.phone_sealed,
            last,
        )
        .select_from(reached)
        .join(Member, Member.id == reached.c.member_id)
        .join(OrgUnit, OrgUnit.id == reached.c.org_id)
        .where(*conditions)
    )
    items, following = cut_rows(session, query, (OrgUnit.code, reached.c.member_id), cut)
    found = tuple(_item(*row) for row in items)
    return Uncovered(count, found, (found[-1].org_code, found[-1].member) if following else None)


def _item(
    member: int, name: str, code: str, org_name: str, bits: int, sealed: bytes | None, last: date | None
) -> UncoveredItem:
    groups = Group.from_bits(bits)
    return UncoveredItem(
        member, name, code, org_name, groups, masked_phone(sealed), last, suggested_mode(groups)
    )
