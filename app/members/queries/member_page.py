"""Everything one member's page shows, in five SELECTs: the person, and the dated rows around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import FOREVER, Group, Post
from app.members.models import GroupMembership, Member, Membership, OrgPost, OrgUnit
from app.members.queries.as_of import MOBILE_AFTER, standing_of
from app.members.queries.masked import masked_phone
from app.members.queries.scoped import find_member
from app.members.queries.staff_names import STAFF
from app.members.rules import SINCE_EVER


@dataclass(frozen=True, slots=True)
class Dated:
    """Holds from `starts_on` until before `ends_on`."""

    starts_on: date
    ends_on: date

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day < self.ends_on

    @property
    def since(self) -> date | None:
        """The first day; None when nobody wrote it down."""
        return self.starts_on if self.starts_on > SINCE_EVER else None

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds; None while it is open."""
        return self.ends_on - timedelta(days=1) if self.ends_on < FOREVER else None


@dataclass(frozen=True, slots=True)
class BranchTime(Dated):
    """A branch and when. `before_id`: the branch that it took over from on the first day, if one did;
    `is_return`: the member was in no branch the day before; `is_departure`: in none after the last."""

    org_id: int
    org_code: str
    org_name: str
    before_id: int | None
    is_return: bool
    is_departure: bool


@dataclass(frozen=True, slots=True)
class GroupTime(Dated):
    """A by-hand row of a group. `counts_from`: the day a mobile member's six months are over.

    recorded_by: who recorded it, None when nobody is known; `recorded_at` aware UTC.
    """

    group: Group
    is_in: bool
    direction: str | None
    from_place: str | None
    to_place: str | None
    host_code: str | None
    host_name: str | None
    reason: str | None
    waits: bool
    counts_from: date | None
    recorded_by_id: int | None
    recorded_by: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class PostTime(Dated):
    """A post in a unit and when."""

    post: Post
    org_code: str
    org_name: str


@dataclass(frozen=True, slots=True)
class Person:
    """What is known about a member, and the telephone masked."""

    id: int
    name: str
    surname_pinyin: str | None
    sex: str | None
    ethnicity: str | None
    birth_date: date | None
    education: str | None
    membership_type: str | None
    joined_party_on: date | None
    confirmed_on: date | None
    job: str | None
    social_stratum: str | None
    is_migrant_worker: bool | None
    phone_masked: str | None


@dataclass(frozen=True, slots=True)
class MemberPage:
    """One member on a day; `org_id` is None and `groups` empty for someone who has left."""

    person: Person
    branches: tuple[BranchTime, ...]
    group_rows: tuple[GroupTime, ...]
    posts: tuple[PostTime, ...]
    org_id: int | None
    groups: tuple[Group, ...]
    on: date

    @property
    def branch(self) -> BranchTime | None:
        """The branch of the day."""
        return next((branch for branch in self.branches if branch.holds_on(self.on)), None)

    @property
    def rows_now(self) -> tuple[GroupTime, ...]:
        """By-hand rows that hold or are yet to begin."""
        return tuple(row for row in self.group_rows if row.ends_on > self.on)

    @property
    def rows_before(self) -> tuple[GroupTime, ...]:
        """By-hand rows that have ended."""
        return tuple(row for row in self.group_rows if row.ends_on <= self.on)

    @property
    def groups_by_rule(self) -> tuple[Group, ...]:
        """Groups of the day that no row gives: by age or by the branch."""
        by_hand = {row.group for row in self.group_rows if row.holds_on(self.on) and row.is_in}
        return tuple(group for group in self.groups if group not in by_hand)


def member_page(
    session: Session, member_id: int, scope: Scope, on: date, elderly_age: int
) -> MemberPage | None:
    """The member as of a date, latest rows first; None outside the scope."""
    member = find_member(session, member_id, scope, on)
    return _page_of(session, member, on, elderly_age) if member is not None else None


def own_page(session: Session, member_id: int, on: date, elderly_age: int) -> MemberPage:
    """The same for the member, whose phone has proven who they are; raises NoResultFound."""
    return _page_of(session, session.get_one(Member, member_id), on, elderly_age)


def _page_of(session: Session, member: Member, on: date, elderly_age: int) -> MemberPage:
    member_id = member.id
    standing = standing_of(session, member_id, on, elderly_age)
    return MemberPage(
        person=person_of(member),
        branches=branch_times(session, member_id),
        group_rows=_group_rows(session, member_id),
        posts=_posts(session, member_id),
        org_id=standing.org_id if standing else None,
        groups=Group.from_bits(standing.groups) if standing else (),
        on=on,
    )


def person_of(member: Member) -> Person:
    """The row as what pages and the API show."""
    return Person(
        id=member.id,
        name=member.name,
        surname_pinyin=member.surname_pinyin,
        sex=member.sex,
        ethnicity=member.ethnicity,
        birth_date=member.birth_date,
        education=member.education,
        membership_type=member.membership_type,
        joined_party_on=member.joined_party_on,
        confirmed_on=member.confirmed_on,
        job=member.job,
        social_stratum=member.social_stratum,
        is_migrant_worker=member.is_migrant_worker,
        phone_masked=masked_phone(member.phone_sealed),
    )


def branch_times(session: Session, member_id: int) -> tuple[BranchTime, ...]:
    """Every branch of a member, the latest first."""
    query = (
        select(Membership.starts_on, Membership.ends_on, OrgUnit.id, OrgUnit.code, OrgUnit.name)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(Membership.member_id == member_id)
        .order_by(Membership.starts_on)
    )
    rows = session.execute(query).all()
    ended = {row.ends_on: row.id for row in rows}
    begun = {row.starts_on for row in rows}
    branches = [
        BranchTime(
            *row,
            before_id=ended.get(row.starts_on),
            is_return=at > 0 and row.starts_on not in ended,
            is_departure=row.ends_on < FOREVER and row.ends_on not in begun,
        )
        for at, row in enumerate(rows)
    ]
    return tuple(reversed(branches))


def _group_rows(session: Session, member_id: int) -> tuple[GroupTime, ...]:
    query = (
        select(GroupMembership, OrgUnit, STAFF.c.display_name)
        .outerjoin(OrgUnit, OrgUnit.id == GroupMembership.host_org_id)
        .outerjoin(STAFF, STAFF.c.id == GroupMembership.created_by_id)
        .where(GroupMembership.member_id == member_id)
        .order_by(GroupMembership.starts_on.desc(), GroupMembership.group)
    )
    return tuple(_group_time(*found) for found in session.execute(query))


def _group_time(row: GroupMembership, host: OrgUnit | None, recorded_by: str | None) -> GroupTime:
    return GroupTime(
        group=row.group,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        is_in=row.is_in,
        direction=row.direction,
        from_place=row.from_place,
        to_place=row.to_place,
        host_code=host.code if host else None,
        host_name=host.name if host else None,
        reason=row.reason,
        waits=row.group is Group.EXEMPT and row.approved_by_id is None,
        counts_from=row.starts_on + MOBILE_AFTER if row.group is Group.MOBILE else None,
        recorded_by_id=row.created_by_id,
        recorded_by=recorded_by,
        recorded_at=row.created_at,
    )


def _posts(session: Session, member_id: int) -> tuple[PostTime, ...]:
    query = (
        select(OrgPost.starts_on, OrgPost.ends_on, OrgPost.post, OrgUnit.code, OrgUnit.name)
        .join(OrgUnit, OrgUnit.id == OrgPost.org_id)
        .where(OrgPost.member_id == member_id)
        .order_by(OrgPost.starts_on.desc(), OrgUnit.code)
    )
    return tuple(PostTime(*row) for row in session.execute(query))
