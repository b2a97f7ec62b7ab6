"""Mobile members whom a unit hosts: they live near it, study with it, and count at home.

The hosting staff learn a hosted member's name and home branch, and nothing more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import Group
from app.members.models import GroupMembership, Member, Membership, OrgUnit
from app.members.queries.search import matches
from app.members.queries.tree import subtree_ids


@dataclass(frozen=True, slots=True)
class HostedMember:
    """A hosted member by name and home branch."""

    id: int
    name: str
    org_name: str


def hosted_members(
    session: Session, scope: Scope, on: date, *, q: str = "", limit: int
) -> list[HostedMember]:
    """Members of other branches whom a unit of the scope hosts on a date, by pinyin."""
    query = (
        select(Member.id, Member.name, OrgUnit.name)
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(
            Membership.starts_on <= on,
            Membership.ends_on > on,
            Membership.org_id.not_in(subtree_ids(scope.org_ids, on)),
            Member.id.in_(_hosted(scope, on)),
            *([matches(q)] if q else []),
        )
        .order_by(Member.pinyin, Member.id)
        .limit(limit)
    )
    return [HostedMember(*row) for row in session.execute(query)]


def hosted_among(session: Session, member_ids: Collection[int], scope: Scope, on: date) -> set[int]:
    """Those of `member_ids` whom a unit of the scope hosts on a date."""
    query = _hosted(scope, on).where(GroupMembership.member_id.in_(member_ids))
    return set(session.scalars(query))


def _hosted(scope: Scope, on: date) -> Select[int]:
    """Ids of members with a row of the date that names a unit of the scope as host; from its first day:
    six months must pass before somebody counts as mobile, not before somebody may study."""
    return select(GroupMembership.member_id).where(
        GroupMembership.group == Group.MOBILE,
        GroupMembership.is_in.is_(True),
        GroupMembership.starts_on <= on,
        GroupMembership.ends_on > on,
        GroupMembership.host_org_id.in_(subtree_ids(scope.org_ids, on)),
    )
