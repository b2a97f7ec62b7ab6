"""Everything one member's page shows, in three SELECTs: the person, and the dated rows around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, Row, Select, String, cast, literal, null, select, union_all
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import FOREVER, Group, Post, TransferState
from app.members.models import GroupMembership, Member, Membership, OrgPost, OrgUnit, TransferRequest
from app.members.queries.as_of import MOBILE_AFTER, members_as_of
from app.members.queries.masked import masked_phone
from app.members.queries.scoped import scoped
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
class UnitTimes:
    """Branches and posts of a member, the latest first; asked: name of the branch that was asked to take
    the member over and has not answered."""

    branches: tuple[BranchTime, ...]
    posts: tuple[PostTime, ...]
    asked: str | None


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
    """One member on a day; `org_id` is None and `groups` empty for someone who has left.

    asked: name of the branch that has been asked to take the member over and has not answered.
    """

    person: Person
    branches: tuple[BranchTime, ...]
    group_rows: tuple[GroupTime, ...]
    posts: tuple[PostTime, ...]
    org_id: int | None
    groups: tuple[Group, ...]
    asked: str | None
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
    return _page_of(session, member_id, scoped(member_id, scope, on), on, elderly_age)


def own_page(session: Session, member_id: int, on: date, elderly_age: int) -> MemberPage:
    """The same for the member, whose phone has proven who they are; raises NoResultFound."""
    page = _page_of(session, member_id, select(Member).where(Member.id == member_id), on, elderly_age)
    if page is None:
        raise NoResultFound()
    return page


def _page_of(
    session: Session, member_id: int, query: Select[Member], on: date, elderly_age: int
) -> MemberPage | None:
    standing = members_as_of(on, elderly_age, member_id).subquery("standing")
    found = session.execute(
        query.add_columns(standing.c.org_id, standing.c.groups).outerjoin(
            standing, standing.c.member_id == Member.id
        )
    ).first()
    if found is None:
        return None
    member, org_id, groups = found
    units = units_of_member(session, member_id)
    return MemberPage(
        person=person_of(member),
        branches=units.branches,
        group_rows=_group_rows(session, member_id),
        posts=units.posts,
        org_id=org_id,
        groups=Group.from_bits(groups or 0),
        asked=units.asked,
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


def units_of_member(session: Session, member_id: int) -> UnitTimes:
    """Every unit that a member was, is or asks to be in, in one SELECT."""
    times = union_all(
        select(
            Membership.org_id,
            literal(False).label("is_asked"),
            cast(null(), String).label("post"),
            Membership.starts_on,
            Membership.ends_on,
        ).where(Membership.member_id == member_id),
        select(
            OrgPost.org_id, literal(False), cast(OrgPost.post, String), OrgPost.starts_on, OrgPost.ends_on
        ).where(OrgPost.member_id == member_id),
        select(
            TransferRequest.to_org_id, literal(True), null(), literal(FOREVER, Date), literal(FOREVER, Date)
        ).where(TransferRequest.member_id == member_id, TransferRequest.state == TransferState.WAITING),
    ).subquery("times")
    query = (
        select(times.c.is_asked, times.c.post, times.c.starts_on, times.c.ends_on)
        .add_columns(OrgUnit.id, OrgUnit.code, OrgUnit.name)
        .join(OrgUnit, OrgUnit.id == times.c.org_id)
        .order_by(times.c.starts_on.desc(), OrgUnit.code)
    )
    rows = session.execute(query).all()
    return UnitTimes(
        branches=_branches([row for row in rows if row.post is None and not row.is_asked]),
        posts=tuple(
            PostTime(row.starts_on, row.ends_on, Post(row.post), row.code, row.name)
            for row in rows
            if row.post is not None
        ),
        asked=next((row.name for row in rows if row.is_asked), None),
    )


def _branches(rows: Sequence[Row[Any]]) -> tuple[BranchTime, ...]:
    """rows: those of branches, the latest first."""
    ended = {row.ends_on: row.id for row in rows}
    begun = {row.starts_on for row in rows}
    return tuple(
        BranchTime(
            row.starts_on,
            row.ends_on,
            row.id,
            row.code,
            row.name,
            before_id=ended.get(row.starts_on),
            is_return=row is not rows[-1] and row.starts_on not in ended,
            is_departure=row.ends_on < FOREVER and row.ends_on not in begun,
        )
        for row in rows
    )


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
