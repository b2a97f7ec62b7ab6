"""Everything one unit's page shows: where it hangs and hung, what it is and was, tags, posts, members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from app.core.access import Scope
from app.core.vocabulary import Group, OrgKind, OrgSector, OrgTag, Post
from app.members.models import (
    Member,
    Membership,
    OrgFormerName,
    OrgFormerNature,
    OrgPlacement,
    OrgPost,
    OrgTagRow,
    OrgUnit,
)
from app.members.queries.as_of import members_as_of
from app.members.queries.closing import units_below
from app.members.queries.member_page import Dated
from app.members.queries.tree import ClosedUnit, OrgRow, children, closed_units, org_by_code, subtree_ids
from app.members.rules import SINCE_EVER


@dataclass(frozen=True, slots=True)
class PostTime(Dated):
    """Who holds a post in the unit, and when."""

    post: Post
    member_id: int
    name: str


@dataclass(frozen=True, slots=True)
class TagTime(Dated):
    """A tag of the unit, and when."""

    tag: OrgTag


@dataclass(frozen=True, slots=True)
class NatureTime(Dated):
    """What the unit was, and when."""

    kind: OrgKind
    sector: OrgSector | None


@dataclass(frozen=True, slots=True)
class ParentTime(Dated):
    """Under which unit it hangs, and when; None for a root."""

    code: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class NameTime(Dated):
    """What the unit was called, and until when."""

    name: str


@dataclass(frozen=True, slots=True)
class OrgPage:
    """One unit on a day; of a closed one, on its last day. Everything that is dated comes latest first."""

    row: OrgRow
    on: date
    closed: ClosedUnit | None
    above: tuple[tuple[str, str], ...]  # (code, name) from the root down, within the scope
    children: tuple[OrgRow, ...]
    units_below: int
    members: int
    by_group: tuple[tuple[Group, int], ...]  # groups overlap: each is counted whole
    tags: tuple[TagTime, ...]
    posts: tuple[PostTime, ...]
    names: tuple[NameTime, ...]
    natures: tuple[NatureTime, ...]
    parents: tuple[ParentTime, ...]

    @property
    def tags_now(self) -> tuple[OrgTag, ...]:
        return tuple(sorted(row.tag for row in self.tags if row.holds_on(self.on)))

    @property
    def posts_now(self) -> tuple[PostTime, ...]:
        """Those held on the day, the secretary first."""
        held = [row for row in self.posts if row.holds_on(self.on)]
        return tuple(sorted(held, key=lambda row: (list(Post).index(row.post), row.starts_on)))

    @property
    def posts_else(self) -> tuple[PostTime, ...]:
        """Those that have ended, or are yet to begin."""
        return tuple(row for row in self.posts if not row.holds_on(self.on))

    @property
    def last_move(self) -> ParentTime | None:
        """The latest move, where there was one: what a mistake can be taken back to stands after it."""
        return self.parents[0] if len(self.parents) > 1 else None

    @property
    def has_history(self) -> bool:
        return bool(self.names or self.natures or len(self.parents) > 1)


def org_page(session: Session, code: str, scope: Scope, on: date, elderly_age: int) -> OrgPage | None:
    """A unit as of a date, or a closed one as of its last day; None outside the scope."""
    closed = None
    row = org_by_code(session, code, scope, on)
    if row is None:
        closed = next(iter(closed_units(session, scope, on, code)), None)
        if closed is None:
            return None
        row, on = closed.row, closed.closed_on - timedelta(days=1)
    members, by_group = group_counts(session, row.id, on, elderly_age)
    return OrgPage(
        row=row,
        on=on,
        closed=closed,
        above=_above(session, row, scope, on),
        children=tuple(children(session, row.id, on)),
        units_below=units_below(session, row.id, on),
        members=members,
        by_group=by_group,
        tags=org_tags(session, row.id),
        posts=org_posts(session, row.id),
        names=_names(session, row.id),
        natures=_natures(session, row.id),
        parents=_parents(session, row.id),
    )


def group_counts(
    session: Session, org_id: int, on: date, elderly_age: int
) -> tuple[int, tuple[tuple[Group, int], ...]]:
    """Members of a subtree on a date, and how many of them are in each group (groups overlap)."""
    standing = (
        members_as_of(on, elderly_age)
        .where(Membership.org_id.in_(subtree_ids([org_id], on)))
        .subquery("standing")
    )
    sums = [
        func.coalesce(func.sum(case((standing.c.groups.bitwise_and(group.bit) != 0, 1), else_=0)), 0)
        for group in Group
    ]
    members, *counts = session.execute(select(func.count(), *sums).select_from(standing)).one()
    return members, tuple((group, int(n)) for group, n in zip(Group, counts, strict=True))


def org_posts(session: Session, org_id: int) -> tuple[PostTime, ...]:
    """Every post of a unit, held, past or to come, the latest first."""
    query = (
        select(OrgPost.starts_on, OrgPost.ends_on, OrgPost.post, Member.id, Member.name)
        .join(Member, Member.id == OrgPost.member_id)
        .where(OrgPost.org_id == org_id)
        .order_by(OrgPost.starts_on.desc(), Member.pinyin, OrgPost.post)
    )
    return tuple(PostTime(*row) for row in session.execute(query))


def org_tags(session: Session, org_id: int) -> tuple[TagTime, ...]:
    """Every tag that a unit has, had or is to have, the latest first."""
    query = select(OrgTagRow.starts_on, OrgTagRow.ends_on, OrgTagRow.tag).where(OrgTagRow.org_id == org_id)
    return tuple(TagTime(*row) for row in session.execute(query.order_by(OrgTagRow.starts_on.desc())))


def _names(session: Session, org_id: int) -> tuple[NameTime, ...]:
    query = select(OrgFormerName.ends_on, OrgFormerName.name).where(OrgFormerName.org_id == org_id)
    rows = session.execute(query.order_by(OrgFormerName.ends_on)).all()
    starts = [SINCE_EVER, *(row.ends_on for row in rows)]
    found = [NameTime(start, row.ends_on, row.name) for start, row in zip(starts, rows, strict=False)]
    return tuple(reversed(found))


def _natures(session: Session, org_id: int) -> tuple[NatureTime, ...]:
    row = OrgFormerNature
    query = select(row.starts_on, row.ends_on, row.kind, row.sector).where(row.org_id == org_id)
    return tuple(NatureTime(*found) for found in session.execute(query.order_by(row.ends_on.desc())))


def _parents(session: Session, org_id: int) -> tuple[ParentTime, ...]:
    """Rows that differ further up only are one: the unit itself has not moved."""
    parent = aliased(OrgUnit)
    query = (
        select(OrgPlacement.starts_on, OrgPlacement.ends_on, parent.code, parent.name)
        .outerjoin(parent, parent.id == OrgPlacement.parent_id)
        .where(OrgPlacement.org_id == org_id)
        .order_by(OrgPlacement.starts_on)
    )
    found: list[ParentTime] = []
    for starts_on, ends_on, code, name in session.execute(query):
        same = bool(found) and found[-1].code == code and found[-1].ends_on == starts_on
        first = found.pop().starts_on if same else starts_on
        found.append(ParentTime(first, ends_on, code, name))
    return tuple(reversed(found))


def _above(session: Session, row: OrgRow, scope: Scope, on: date) -> tuple[tuple[str, str], ...]:
    ids = [int(part) for part in row.path.strip("/").split("/")[:-1]]
    if not ids:
        return ()
    query = select(OrgUnit.id, OrgUnit.code, OrgUnit.name).where(
        OrgUnit.id.in_(ids), OrgUnit.id.in_(subtree_ids(scope.org_ids, on))
    )
    known = {org_id: (code, name) for org_id, code, name in session.execute(query)}
    return tuple(known[org_id] for org_id in ids if org_id in known)
