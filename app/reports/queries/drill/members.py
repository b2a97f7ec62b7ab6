"""Members behind a number of the coverage report."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.core.vocabulary import Group
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.as_of import members_as_of
from app.reports.queries.coverage import reached_members
from app.reports.queries.cut import cut_rows
from app.reports.queries.drill.behind import Lines, MemberLine
from app.reports.queries.place import Place, inside_on
from app.reports.rules import Period, Slice, Snapshot


@dataclass(frozen=True, slots=True)
class MembersAsked:
    """Which members of the day: of one group, without the exempt, reached or not (None: both)."""

    group: Group | None = None
    required: bool = False
    covered: bool | None = None


def members_behind(
    session: Session, period: Period, snapshot: Snapshot, place: Place, asked: MembersAsked, cut: Slice
) -> Lines:
    """Members of the day behind a coverage cell."""
    reached = reached_members(session, period, snapshot, place, asked.covered)
    conditions: list[ColumnElement[bool]] = []
    if asked.group is not None:
        conditions.append(reached.c.groups.bitwise_and(asked.group.bit) != 0)
    if asked.required:
        conditions.append(reached.c.groups.bitwise_and(Group.EXEMPT.bit) == 0)
    count = session.scalar(select(func.count()).select_from(reached).where(*conditions)) or 0
    query = (
        select(reached.c.member_id, Member.name, OrgUnit.name, reached.c.groups, reached.c.covered)
        .select_from(reached)
        .join(Member, Member.id == reached.c.member_id)
        .join(OrgUnit, OrgUnit.id == reached.c.org_id)
        .where(*conditions)
    )
    found, _more = cut_rows(session, query, (OrgUnit.code, reached.c.member_id), cut)
    items = tuple(
        MemberLine(member, name, org_name, groups=Group.from_bits(bits), covered=bool(covered))
        for member, name, org_name, bits, covered in found
    )
    return Lines(count, items, {})


def member_of_place(session: Session, member_id: int, snapshot: Snapshot, place: Place) -> str | None:
    """The member's name when the member belongs to the place on the snapshot's day, else None."""
    standing = members_as_of(snapshot.on, snapshot.elderly_age, member_id).where(
        inside_on(place, Membership.org_id, snapshot.on)
    )
    if session.execute(standing).first() is None:
        return None
    return session.scalar(select(Member.name).where(Member.id == member_id))
