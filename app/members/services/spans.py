"""Reads and writes the dated branch rows of one member, as spans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import Text, day_text, lazy
from app.members.models import Member, Membership
from app.members.queries.scoped import lock_member
from app.members.queries.tree import names_by_id, placed_days
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


def require_places(
    session: Session, before: Sequence[BranchSpan], after: Sequence[BranchSpan], field: str
) -> None:
    """What the branches `after` say anew begins and ends while their units have a place in the tree.

    Days that `before` says already may stay. The caller holds the tree. Raises InvalidInput at `field`:
    too_early, unit_closed.
    """
    new = [span for span in after if span not in before]
    days = placed_days(session, {span.org_id for span in new})
    for span in new:
        first, end = days[span.org_id]
        known = [old for old in before if old.org_id == span.org_id]
        if span.starts_on < first and not any(old.starts_on <= span.starts_on < old.ends_on for old in known):
            name = names_by_id(session, [span.org_id])[span.org_id]
            raise InvalidInput.field(field, "too_early", not_yet_there(name, first))
        if span.ends_on > end and not any(old.starts_on < span.ends_on <= old.ends_on for old in known):
            name = names_by_id(session, [span.org_id])[span.org_id]
            words = lazy("%(name)s已于 %(day)s 撤销,组织关系不能留在那里。", name=name, day=day_text(end))
            raise InvalidInput.field(field, "unit_closed", words)


def not_yet_there(name: str, first: date) -> Text:
    """That a unit has no members before its first day."""
    return lazy("%(name)s从 %(day)s 起才有,日期不能早于这一天。", name=name, day=day_text(first))


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
