"""What still hangs on a unit from a day on, and what a merge would move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.core.vocabulary import OrgKind
from app.members.models import Membership, OrgPlacement, OrgPost, OrgTagRow, OrgUnit
from app.members.queries.tree import placed_on


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What would change hands on a day: members, units directly below; and what would end."""

    members: int
    units: int
    posts: int
    tags: int


def members_from(session: Session, org_id: int, day: date) -> int:
    """Members who belong to the unit itself on a day or on a later one."""
    query = select(func.count(Membership.member_id.distinct())).where(
        Membership.org_id == org_id, Membership.ends_on > day
    )
    return session.scalar(query) or 0


def open_children(session: Session, org_id: int, day: date) -> list[tuple[int, str, OrgKind]]:
    """(id, name, kind) of the units that hang directly below one on a day or later."""
    query = (
        select(OrgUnit.id, OrgUnit.name, OrgUnit.kind)
        .join(OrgPlacement, OrgPlacement.org_id == OrgUnit.id)
        .where(OrgPlacement.parent_id == org_id, OrgPlacement.ends_on > day)
        .distinct()
        .order_by(OrgUnit.name)
    )
    return [(unit_id, name, kind) for unit_id, name, kind in session.execute(query)]


def merge_preview(session: Session, org_id: int, day: date) -> MergePreview:
    """What a merge on the day would move and end."""
    counts = [
        select(func.count()).select_from(table).where(table.org_id == org_id, table.ends_on > day)
        for table in (OrgPost, OrgTagRow)
    ]
    posts, tags = session.execute(select(*[count.scalar_subquery() for count in counts])).one()
    units = len(open_children(session, org_id, day))
    return MergePreview(members_from(session, org_id, day), units, posts, tags)


def units_below(session: Session, org_id: int, on: date) -> int:
    """How many units are below one on a date, at any depth."""
    query = select(func.count()).where(
        and_(placed_on(on), OrgPlacement.path.like(f"%/{org_id}/%"), OrgPlacement.org_id != org_id)
    )
    return session.scalar(query) or 0
