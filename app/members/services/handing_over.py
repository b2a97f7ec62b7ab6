"""Hands the members of one unit over to another, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.orm import Session

from app.members.models import Member, Membership
from app.members.rules import BranchSpan, after_merge

# Both databases take more parameters than this in one statement.
_CHUNK = 500


def hand_over_members(session: Session, from_id: int, into_id: int, day: date) -> int:
    """Whoever belongs to one unit on a day or later belongs to the other then; returns how many members.

    The members are locked first, in the order of their ids: changes of one member's dates wait.
    """
    inside = select(Membership.member_id).where(Membership.org_id == from_id, Membership.ends_on > day)
    locked = select(Member.id).where(Member.id.in_(inside)).order_by(Member.id).with_for_update()
    ids = session.scalars(locked).all()
    for start in range(0, len(ids), _CHUNK):
        _hand_over(session, ids[start : start + _CHUNK], (from_id, into_id), day)
    session.expire_all()
    return len(ids)


def _hand_over(session: Session, ids: Sequence[int], units: tuple[int, int], day: date) -> None:
    columns = (Membership.member_id, Membership.starts_on, Membership.ends_on, Membership.org_id)
    query = select(*columns).where(Membership.member_id.in_(ids)).order_by(*columns[:2])
    gone: list[tuple[int, date]] = []
    new = []
    for member_id, rows in groupby(session.execute(query), key=lambda row: row.member_id):
        before = [BranchSpan(row.starts_on, row.ends_on, row.org_id) for row in rows]
        after = after_merge(before, *units, day)
        gone += [(member_id, span.starts_on) for span in before if span not in after]
        new += [
            {"member_id": member_id, "starts_on": s.starts_on, "ends_on": s.ends_on, "org_id": s.org_id}
            for s in after
            if s not in before
        ]
    # Replaced, not changed one by one: a few statements for a whole branch.
    if gone:
        key = tuple_(Membership.member_id, Membership.starts_on)
        session.execute(delete(Membership).where(key.in_(gone)))
    if new:
        session.execute(insert(Membership), new)
