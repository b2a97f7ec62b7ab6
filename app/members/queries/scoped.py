"""Which members a scope holds: those whose branch of the day, or else whose last branch, lies within."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.access import Scope
from app.members.models import Member, Membership
from app.members.queries.tree import subtree_ids


def find_member(session: Session, member_id: int, scope: Scope, on: date) -> Member | None:
    """The member, if within the scope on the date."""
    return session.scalars(scoped(member_id, scope, on)).first()


def lock_member(session: Session, member_id: int, scope: Scope, on: date) -> Member | None:
    """The same, held until the transaction ends: changes of one member's dates wait for each other."""
    query = scoped(member_id, scope, on).with_for_update(of=Member, key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def merged_into(session: Session, member_id: int) -> int | None:
    """Who stands for a member whose record was joined into another; None for everybody else."""
    return session.scalar(select(Member.merged_into_id).where(Member.id == member_id))


def survivor_of(session: Session, member_id: int, scope: Scope, on: date) -> int | None:
    """The same within a scope; None outside it."""
    found = merged_into(session, member_id)
    return found if found is not None and find_member(session, found, scope, on) is not None else None


def standing_org(member_id: ColumnElement[int] | InstrumentedAttribute[int], on: date) -> ScalarSelect[int]:
    """Subquery: the branch of the date; the last one of someone who has left, else the first to come."""
    return (
        select(Membership.org_id)
        .where(Membership.member_id == member_id)
        .order_by(
            case((Membership.starts_on <= on, 0), else_=1),
            case((Membership.starts_on <= on, Membership.starts_on)).desc(),
            Membership.starts_on,
        )
        .limit(1)
        .correlate_except(Membership)
        .scalar_subquery()
    )


def scoped(member_id: int, scope: Scope, on: date) -> Select[Member]:
    """SELECT of the member, if within the scope on the date."""
    standing = standing_org(literal(member_id), on)
    return select(Member).where(Member.id == member_id, standing.in_(subtree_ids(scope.org_ids, on)))
