"""Reads and writes the dated branch rows of one member, as spans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.errors import NotFound
from app.members.models import Member, Membership
from app.members.queries.scoped import lock_member
from app.members.rules import BranchSpan


def require_member(session: Session, member_id: int, scope: Scope, on: date) -> Member:
    """The member, locked for a change; raises NotFound outside the scope."""
    member = lock_member(session, member_id, scope, on)
    if member is None:
        raise NotFound()
    return member


def branch_spans(session: Session, member_id: int) -> list[BranchSpan]:
    """Every branch of a member, by date."""
    query = select(Membership).where(Membership.member_id == member_id).order_by(Membership.starts_on)
    return [BranchSpan(row.starts_on, row.ends_on, row.org_id) for row in session.scalars(query)]


def write_branch_spans(session: Session, member_id: int, spans: Sequence[BranchSpan]) -> bool:
    """Make the rows say exactly `spans`; whether anything changed."""
    rows = session.scalars(select(Membership).where(Membership.member_id == member_id))
    known = {row.starts_on: row for row in rows}
    changed = False
    for span in spans:
        row = known.pop(span.starts_on, None)
        if row is None:
            session.add(
                Membership(
                    member_id=member_id, starts_on=span.starts_on, ends_on=span.ends_on, org_id=span.org_id
                )
            )
            changed = True
        elif (row.ends_on, row.org_id) != (span.ends_on, span.org_id):
            row.ends_on, row.org_id = span.ends_on, span.org_id
            changed = True
    for row in known.values():
        session.delete(row)
        changed = True
    session.flush()
    return changed
