"""The one definition of who belongs where, and to which groups, on a date."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from dateutil.relativedelta import relativedelta
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import Group, OrgSector
from app.members.models import GroupMembership, Member, Membership, OrgFormerNature, OrgUnit
from app.members.queries.tree import SECTOR_THEN, former_on, subtree_ids

# A mobile member counts once the absence has lasted six months (published rule).
MOBILE_AFTER = relativedelta(months=6)
NEW_ORG_SECTORS = (OrgSector.NON_PUBLIC, OrgSector.SOCIAL_ORG)


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's branch and groups on one date; `groups` is a set of Group bits."""

    member_id: int
    org_id: int
    groups: int


def latest_birth_date(on: date, full_years: int) -> date:
    """The latest birth date of someone who has `full_years` full years on `on`.

    29 February turns a year older on 1 March of a common year.
    """
    try:
        return on.replace(year=on.year - full_years)
    except ValueError:  # `on` is 29 February and the birth year has none
        return date(on.year - full_years, 2, 28)


def members_as_of(
    on: date,
    elderly_age: int,
    member_id: int | ColumnElement[int] | None = None,
    member_ids: Collection[int] | None = None,
    everyone: bool = False,
) -> Select[int, int, int]:
    """SELECT member_id, org_id, groups: every member who belonged to a branch on the date, once;
    or only `member_id`, or only those of `member_ids`.

    everyone: nothing that is added will narrow it, and so it is read in the order of the members. By
    branches each page of a large table would be read again and again, and SQLite cannot know it.

    `groups` is the set of Group bits of that date: elderly by age; mobile by a row that has lasted
    six months; new_org, rural and retired by what the branch was then, unless a row says otherwise;
    lost_contact by a row; exempt by an approved row. Source: domain.md, "Member groups".
    """
    only = [member_id] if member_id is not None else member_ids
    return _of_everybody(on, elderly_age, everyone) if only is None else _members_as_of(on, elderly_age, only)


@lru_cache(maxsize=64)
def _of_everybody(on: date, elderly_age: int, everyone: bool) -> Select[int, int, int]:
    """Made once for a day: making the statement costs a page milliseconds."""
    return _members_as_of(on, elderly_age, None, everyone)


@lru_cache(maxsize=64)
def _of_one(on: date, elderly_age: int) -> Select[int, int, int]:
    """The same of the member `asked_id`."""
    return _members_as_of(on, elderly_age, [bindparam("asked_id", type_=Integer)])


def _members_as_of(
    on: date,
    elderly_age: int,
    only: Collection[int | ColumnElement[int]] | None,
    everyone: bool = False,
) -> Select[int, int, int]:
    hand = _by_hand(on, only)
    # A branch has one nature, and so it gives one of these groups at most.
    by_branch = case(*[(rule, group.bit) for group, rule in _BY_BRANCH.items()], else_=0)
    by_rule = case((is_old(on, elderly_age), Group.ELDERLY.bit), else_=0) + by_branch
    undecided = func.coalesce(hand.c.undecided, _ALL_BITS)
    bits = by_rule.bitwise_and(undecided) + func.coalesce(hand.c.is_in, 0)
    # A column plus nothing is looked up in no index: members come first, and theirs is looked up.
    joined = Member.id + 0 if everyone else Member.id
    query = (
        select(Membership.member_id, Membership.org_id, bits.label("groups"))
        .join(Member, joined == Membership.member_id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .outerjoin(OrgFormerNature, former_on(on))
        .outerjoin(hand, hand.c.member_id == Membership.member_id)
        .where(Membership.starts_on <= on, Membership.ends_on > on)
    )
    return query if only is None else query.where(Membership.member_id.in_(only))


_ALL_BITS = sum(group.bit for group in Group)
# Groups that the branch gives by what it was then (`former_on` joined).
_BY_BRANCH: dict[Group, ColumnElement[bool]] = {
    Group.NEW_ORG: SECTOR_THEN.in_(NEW_ORG_SECTORS),
    Group.RURAL: SECTOR_THEN == OrgSector.VILLAGE,
    Group.RETIRED: SECTOR_THEN == OrgSector.RETIRED,
}


def is_old(on: date, elderly_age: int) -> ColumnElement[bool]:
    """Whether a member is elderly by the rule."""
    return Member.birth_date <= latest_birth_date(on, elderly_age)


def units_giving(group: Group, on: date) -> Select[int] | None:
    """SELECT id: units whose members are in the group by rule on the date; None where none gives it."""
    if group not in _BY_BRANCH:
        return None
    return select(OrgUnit.id).outerjoin(OrgFormerNature, former_on(on)).where(_BY_BRANCH[group])


def hand_row(group: Group, on: date) -> ColumnElement[bool]:
    """Whether a row of `GroupMembership` says something about the group on the date."""
    return and_(
        GroupMembership.group == group,
        GroupMembership.starts_on <= on,
        GroupMembership.ends_on > on,
        *_counts(group, on),
    )


def _counts(group: Group, on: date) -> list[ColumnElement[bool]]:
    """What a row needs beside its days: six months of absence, or a second person's approval."""
    if group is Group.MOBILE:
        return [GroupMembership.starts_on <= on - MOBILE_AFTER]
    return [GroupMembership.approved_by_id.is_not(None)] if group is Group.EXEMPT else []


def _by_hand(on: date, member_ids: Collection[int | ColumnElement[int]] | None) -> Subquery:
    """Subquery: members with rows of the date, with two sets of Group bits: what the rows put them into, and
    what they say nothing about."""
    is_in: ColumnElement[int] = literal(0, Integer)
    undecided: ColumnElement[int] = literal(0, Integer)
    for group in Group:
        counts = and_(GroupMembership.group == group, *_counts(group, on))
        said = func.max(case((counts, case((GroupMembership.is_in, 1), else_=0))))
        is_in += func.coalesce(said, 0) * group.bit
        undecided += case((said.is_(None), group.bit), else_=0)
    query = (
        select(GroupMembership.member_id, is_in.label("is_in"), undecided.label("undecided"))
        .where(GroupMembership.starts_on <= on, GroupMembership.ends_on > on)
        .group_by(GroupMembership.member_id)
    )
    if member_ids is not None:
        query = query.where(GroupMembership.member_id.in_(member_ids))
    return query.subquery("by_hand")


def standing_of(session: Session, member_id: int, on: date, elderly_age: int) -> Standing | None:
    """One member's branch and groups on a date; None when no branch had the member then."""
    found = session.execute(_of_one(on, elderly_age), {"asked_id": member_id}).first()
    return Standing(*found) if found else None


def members_in_scope(session: Session, member_ids: Collection[int], scope: Scope, on: date) -> set[int]:
    """Those of `member_ids` whose branch of the date lies within the scope."""
    query = select(Membership.member_id).where(
        Membership.member_id.in_(member_ids),
        Membership.starts_on <= on,
        Membership.ends_on > on,
        Membership.org_id.in_(subtree_ids(scope.org_ids, on)),
    )
    return set(session.scalars(query))
