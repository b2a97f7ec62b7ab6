"""SELECTs of the sessions in which a member can make up what they missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.attendance.models import Attendance, MakeUp
from app.core.access import Scope
from app.core.clock import office_date
from app.core.vocabulary import ATTENDED_STATUSES, VISIT_MODES, SessionState
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.scoped import standing_org
from app.members.queries.tree import placed_on, subtree_ids
from app.trainings.models import ExpectedAttendee, TrainingSession, Venue

# What is still to come, soonest first; a glance for each session that was missed.
OFFERED = 3


@dataclass(frozen=True, slots=True)
class WayThere:
    """A session that can make up for another; has_come: the member was there already, as a guest."""

    session_id: int
    title: str
    office_date: date
    starts_at: datetime
    venue_name: str | None
    has_come: bool


def ways_for(
    session: Session, member_id: int, missed_ids: Sequence[int], now: datetime
) -> dict[int, list[WayThere]]:
    """Suitable sessions for each of some missed ones: of its class anywhere, or of its kind in the member's
    branch or a unit above it; open or to come, or over where the member came without being expected.

    Not those that expect the member anyway (they would count twice), nor what makes up another session.
    """
    if not missed_ids:
        return {}
    row, missed = TrainingSession, aliased(TrainingSession)
    near = _units_above(member_id, office_date(now))
    alike = or_(
        row.class_id == missed.class_id, and_(row.kind_key == missed.kind_key, row.host_org_id.in_(near))
    )
    came = came_there(member_id)
    there = row.id, row.title, row.office_date, row.starts_at, Venue.name.label("venue_name")
    place = func.row_number().over(partition_by=missed.id, order_by=(came.desc(), row.starts_at, row.id))
    fitting = (
        select(missed.id.label("missed_id"), place.label("place"), *there, came.label("has_come"))
        .select_from(row)
        .join(missed, alike)
        .outerjoin(Venue, Venue.id == row.venue_id)
        .where(
            missed.id.in_(missed_ids),
            row.id != missed.id,
            or_(~came, row.office_date >= missed.office_date),
            _possible(member_id, came, now),
        )
        .subquery("fitting")
    )
    query = select(fitting).where(fitting.c.place <= OFFERED).order_by(fitting.c.missed_id, fitting.c.place)
    ways: dict[int, list[WayThere]] = {missed_id: [] for missed_id in missed_ids}
    for missed_id, _place, via_id, title, day, starts_at, venue, has_come in session.execute(query):
        ways[missed_id].append(WayThere(via_id, title, day, starts_at, venue, bool(has_come)))
    return ways


def is_way(
    session: Session, missed: TrainingSession, via: TrainingSession, member_id: int, scope: Scope, on: date
) -> bool:
    """Whether staff may choose this session: their own, of its class, or of a unit above the member."""
    if missed.class_id is not None and missed.class_id == via.class_id:
        return True
    near = _units_above(member_id, on)
    query = select(TrainingSession.id).where(
        TrainingSession.id == via.id,
        or_(
            TrainingSession.host_org_id.in_(near),
            TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, on)),
        ),
    )
    return session.scalar(query) is not None


def came_there(member_id: int) -> ColumnElement[bool]:
    """Whether the member came to the session, and it counts for no other."""
    return exists().where(
        Attendance.session_id == TrainingSession.id,
        Attendance.member_id == member_id,
        Attendance.status.in_(ATTENDED_STATUSES),
        Attendance.made_up_for_id.is_(None),
    )


def _possible(member_id: int, came: ColumnElement[bool], now: datetime) -> ColumnElement[bool]:
    row = TrainingSession
    ahead = and_(row.state.in_((SessionState.PUBLISHED, SessionState.OPEN)), row.closes_at > now)
    expected = exists().where(ExpectedAttendee.session_id == row.id, ExpectedAttendee.member_id == member_id)
    taken = exists().where(MakeUp.via_session_id == row.id, MakeUp.member_id == member_id)
    # A visit goes to the homes it was made for.
    ahead = and_(ahead, row.mode_key.not_in(VISIT_MODES))
    return and_(or_(ahead, and_(row.state == SessionState.CLOSED, came)), ~expected, ~taken)


def _units_above(member_id: int, on: date) -> Select[int]:
    """SELECT id: the member's branch and every unit above it."""
    branch = standing_org(literal(member_id), on)
    is_above = OrgPlacement.path.like(literal("%/") + cast(OrgUnit.id, String) + "/%")
    return select(OrgUnit.id).join(OrgPlacement, is_above).where(OrgPlacement.org_id == branch, placed_on(on))
