"""Everything one member's page shows, in five SELECTs: the person, and the dated rows around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import FOREVER, Group, Post
from app.members.models import GroupMembership, Member, Membership, OrgPost, OrgUnit
from app.members.queries.as_of import MOBILE_AFTER, standing_of
from app.members.queries.masked import masked_phone
from app.members.queries.scoped import find_member
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
    """A branch and when."""

    org_code: str
    org_name: str


@dataclass(frozen=True, slots=True)
class GroupTime(Dated):
    """A by-hand row of a group. `counts_from`: the day a mobile member's six months are over."""

    group: Group
    is_in: bool
    direction: str | None
    from_place: str | None
    to_place: str | None
    host_name: str | None
    waits: bool
    counts_from: date | None


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
        branches=_branches(session, member_id),
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


def _branches(session: Session, member_id: int) -> tuple[BranchTime, ...]:
    query = (
        select(Membership.starts_on, Membership.ends_on, OrgUnit.code, OrgUnit.name)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(Membership.member_id == member_id)
        .order_by(Membership.starts_on.desc())
    )
    return tuple(BranchTime(*row) for row in session.execute(query))


def _group_rows(session: Session, member_id: int) -> tuple[GroupTime, ...]:
    query = (
        select(GroupMembership, OrgUnit.name)
        .outerjoin(OrgUnit, OrgUnit.id == GroupMembership.host_org_id)
        .where(GroupMembership.member_id == member_id)
        .order_by(GroupMembership.starts_on.desc(), GroupMembership.group)
    )
    return tuple(_group_time(row, host) for row, host in session.execute(query))


def _group_time(row: GroupMembership, host_name: str | None) -> GroupTime:
    return GroupTime(
        group=row.group,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        is_in=row.is_in,
        direction=row.direction,
        from_place=row.from_place,
        to_place=row.to_place,
        host_name=host_name,
        waits=row.group is Group.EXEMPT and row.approved_by_id is None,
        counts_from=row.starts_on + MOBILE_AFTER if row.group is Group.MOBILE else None,
    )


def _posts(session: Session, member_id: int) -> tuple[PostTime, ...]:
    query = (
        select(OrgPost.starts_on, OrgPost.ends_on, OrgPost.post, OrgUnit.code, OrgUnit.name)
        .join(OrgUnit, OrgUnit.id == OrgPost.org_id)
        .where(OrgPost.member_id == member_id)
        .order_by(OrgPost.starts_on.desc(), OrgUnit.code)
    )
    return tuple(PostTime(*row) for row in session.execute(query))
