"""SELECTs behind name, phone tail and branch: which branch somebody means, and who might be meant there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.members.models import Member, Membership, OrgUnit
from app.members.roster.rules_branches import bare_name
from app.members.roster.rules_row import plain_text


def branches_called(session: Session, typed: str) -> list[int]:
    """Units with this code in any case, else those with this whole name, official prefix or not.

    Never by a part of a name: "支部" would then be every branch.
    """
    code = plain_text(typed).replace(" ", "").upper()
    found = list(session.scalars(select(OrgUnit.id).where(func.upper(OrgUnit.code) == code)))
    bare = bare_name(typed)
    if found or not bare:
        return found
    rows = session.execute(select(OrgUnit.id, OrgUnit.name))
    return [row.id for row in rows if bare_name(row.name) == bare]


def members_with_phone_tail(
    session: Session, tail_index: bytes, org_ids: Sequence[int], on: date
) -> list[tuple[int, str]]:
    """(id, name) of the units' members of the day whose number ends so."""
    query = (
        select(Member.id, Member.name)
        .join(Membership, Membership.member_id == Member.id)
        .where(
            Member.phone_tail_index == tail_index,
            Membership.org_id.in_(org_ids),
            Membership.starts_on <= on,
            Membership.ends_on > on,
        )
    )
    return [(row.id, row.name) for row in session.execute(query)]
