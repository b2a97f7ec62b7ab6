"""SELECTs that put names to members chosen by hand, within a scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.tree import subtree_ids


@dataclass(frozen=True, slots=True)
class NamedMember:
    """A member to choose, told apart by the branch."""

    id: int
    name: str
    org_name: str


def named_members(
    session: Session, member_ids: Sequence[int], scope: Scope, on: date, *, keep: Collection[int] = ()
) -> list[NamedMember]:
    """Those of `member_ids` who belong to the scope on a date, or who are in `keep`, in pinyin order."""
    if not member_ids:
        return []
    query = (
        select(Member.id, Member.name, OrgUnit.name.label("org_name"))
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(
            Member.id.in_(member_ids),
            Membership.starts_on <= on,
            Membership.ends_on > on,
            Membership.org_id.in_(subtree_ids(scope.org_ids, on)) | Member.id.in_(keep),
        )
        .order_by(Member.pinyin, Member.id)
    )
    return [NamedMember(**row._mapping) for row in session.execute(query)]
