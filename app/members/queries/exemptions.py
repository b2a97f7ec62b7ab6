"""Exemptions that wait for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, func, select, tuple_
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import Group
from app.members.models import GroupMembership, Member, Membership, OrgUnit
from app.members.queries.member_page import Dated
from app.members.queries.staff_names import STAFF
from app.members.queries.tree import subtree_ids


@dataclass(frozen=True, slots=True)
class WaitingExemption(Dated):
    """An exemption that nobody has approved; recorded_by None: nobody is known to have recorded it."""

    member_id: int
    member_name: str
    org_code: str
    org_name: str
    recorded_by_id: int | None
    recorded_by: str | None
    recorded_at: datetime

    @property
    def sort_key(self) -> tuple[datetime, int, date]:
        return self.recorded_at, self.member_id, self.starts_on


def waiting_exemptions(
    session: Session,
    scope: Scope,
    on: date,
    *,
    limit: int,
    offset: int = 0,
    after: tuple[datetime, int, date] | None = None,
) -> list[WaitingExemption]:
    """Of members whose branch of the date lies within the scope, the longest waiting first.

    after: a row's `sort_key`; what is answered while somebody reads on moves nothing past them.
    """
    query = (
        select(
            GroupMembership.starts_on,
            GroupMembership.ends_on,
            Member.id,
            Member.name,
            OrgUnit.code,
            OrgUnit.name,
            GroupMembership.created_by_id,
            STAFF.c.display_name,
            GroupMembership.created_at,
        )
        .join(Member, Member.id == GroupMembership.member_id)
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .outerjoin(STAFF, STAFF.c.id == GroupMembership.created_by_id)
        .where(*_waiting(scope, on))
        .order_by(GroupMembership.created_at, Member.id, GroupMembership.starts_on)
        .limit(limit)
        .offset(offset)
    )
    if after is not None:
        key = tuple_(GroupMembership.created_at, Member.id, GroupMembership.starts_on)
        query = query.where(key > tuple_(*after))
    return [WaitingExemption(*row) for row in session.execute(query)]


def waiting_exemption_count(session: Session, scope: Scope, on: date, *, not_by: int | None = None) -> int:
    """How many wait; with `not_by`, only those that this user may approve."""
    mine = and_(GroupMembership.created_by_id.is_not(None), GroupMembership.created_by_id != not_by)
    query = (
        select(func.count() if not_by is None else func.sum(case((mine, 1), else_=0)))
        .select_from(GroupMembership)
        .join(Membership, Membership.member_id == GroupMembership.member_id)
        .where(*_waiting(scope, on))
    )
    return int(session.scalar(query) or 0)


def _waiting(scope: Scope, on: date) -> list[ColumnElement[bool]]:
    return [
        GroupMembership.group == Group.EXEMPT,
        GroupMembership.approved_by_id.is_(None),
        Membership.starts_on <= on,
        Membership.ends_on > on,
        Membership.org_id.in_(subtree_ids(scope.org_ids, on)),
    ]
