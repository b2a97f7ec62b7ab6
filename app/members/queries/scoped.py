"""Which members a scope holds: those whose branch of the day, or else whose last branch, lies within."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.members.models import Member, Membership
from app.members.queries.tree import subtree_ids


def find_member(session: Session, member_id: int, scope: Scope, on: date) -> Member | None:
    """The member, if within the scope on the date."""
    return session.scalars(_scoped(member_id, scope, on)).first()


def lock_member(session: Session, member_id: int, scope: Scope, on: date) -> Member | None:
    """The same, held until the transaction ends: changes of one member's dates wait for each other."""
    query = _scoped(member_id, scope, on).with_for_update(of=Member)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def _scoped(member_id: int, scope: Scope, on: date) -> Select[Member]:
    # The row of the date; for someone who has left, the last one; for someone yet to come, the first.
    standing = (
        select(Membership.org_id)
        .where(Membership.member_id == member_id)
        .order_by(
            case((Membership.starts_on <= on, 0), else_=1),
            case((Membership.starts_on <= on, Membership.starts_on)).desc(),
            Membership.starts_on,
        )
        .limit(1)
        .scalar_subquery()
    )
    return select(Member).where(Member.id == member_id, standing.in_(subtree_ids(scope.org_ids, on)))
