"""SELECTs that turn an audience into members, and sessions into clashes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from app.core.vocabulary import Group, SessionState
from app.members.queries.as_of import members_as_of
from app.members.queries.tree import subtree_ids
from app.trainings.commands import Clash
from app.trainings.models import ExpectedAttendee, Lecturer, SessionLecturer, TrainingSession, Venue

_LIVE = (SessionState.DRAFT, SessionState.PUBLISHED, SessionState.OPEN, SessionState.CLOSED)


def audience_members(
    on: date,
    elderly_age: int,
    host_org_id: int,
    org_ids: Sequence[int],
    groups: Sequence[Group],
    member_ids: Sequence[int],
) -> Select[int, int, int]:
    """SELECT member_id, org_id, groups of those invited, with branch and groups as of `on`.

    Groups narrow the branches; groups alone mean those groups below the host; named members are
    added whatever their branch. Nothing given: no rows.
    """
    standing = members_as_of(on, elderly_age).subquery("standing")
    within: ColumnElement[bool] = false()
    if org_ids or groups:
        within = standing.c.org_id.in_(subtree_ids(org_ids or [host_org_id], on))
        bits = sum(group.bit for group in groups)
        within = and_(within, standing.c.groups.op("&")(bits) != 0) if bits else within
    named = standing.c.member_id.in_(list(member_ids)) if member_ids else false()
    return select(standing.c.member_id, standing.c.org_id, standing.c.groups).where(or_(within, named))


def clashes(
    session: Session,
    *,
    session_id: int,
    starts_at: datetime,
    ends_at: datetime,
    venue_id: int | None,
    lecturer_ids: Sequence[int],
    invited: Select[int, int, int],
    hosts: Select[int],
) -> tuple[Clash, ...]:
    """Other sessions that overlap in time and share the venue, a lecturer, or expected members.

    hosts: the organisations whose drafts the reader may see; drafts of others are nobody's business yet.
    """
    overlap = and_(
        TrainingSession.id != session_id,
        TrainingSession.starts_at < ends_at,
        TrainingSession.ends_at > starts_at,
        TrainingSession.state.in_(_LIVE),
        or_(TrainingSession.state != SessionState.DRAFT, TrainingSession.host_org_id.in_(hosts)),
    )
    what = (TrainingSession.id, TrainingSession.title, TrainingSession.starts_at, TrainingSession.ends_at)
    found: list[Clash] = []
    if venue_id is not None:
        by_venue = select(*what, Venue.name).join(Venue).where(overlap, TrainingSession.venue_id == venue_id)
        found += [Clash("venue", *row) for row in session.execute(by_venue)]
    if lecturer_ids:
        by_lecturer = (
            select(*what, Lecturer.name)
            .join(SessionLecturer, SessionLecturer.session_id == TrainingSession.id)
            .join(Lecturer)
            .where(overlap, Lecturer.id.in_(lecturer_ids))
        )
        found += [Clash("lecturer", *row) for row in session.execute(by_lecturer)]
    expecting = select(ExpectedAttendee.session_id).join(
        TrainingSession, TrainingSession.id == ExpectedAttendee.session_id
    )
    if session.scalar(expecting.where(overlap).limit(1)) is None:
        # Nobody is expected elsewhere: whom a whole district invites need not be worked out.
        return tuple(found)
    shared = func.count(ExpectedAttendee.member_id)
    members = invited.subquery("invited")
    by_audience = (
        select(*what, shared)
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .join(members, members.c.member_id == ExpectedAttendee.member_id)
        .where(overlap)
        .group_by(*what)
        .order_by(shared.desc())
        .limit(20)
    )
    found += [Clash("audience", *row[:4], members=row[4]) for row in session.execute(by_audience)]
    return tuple(found)
