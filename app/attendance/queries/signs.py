"""SELECTs of what may be odd about a session's check-ins; a fixed number however many came."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.attendance.models import Attendance, ReviewItem
from app.attendance.rules_review import (
    IN_PERSON_MODES,
    SHARED_FROM,
    DeviceUse,
    Known,
    Odd,
    Presence,
    Signs,
    two_places,
)
from app.core.vocabulary import ATTENDED_STATUSES, SELF_METHODS, Method, ReviewKind, SessionState
from app.trainings.models import TrainingSession

# What is found by looking; a tick that waits and a wrong clock are raised where they come in.
LOOKED_FOR = (
    ReviewKind.SHARED_DEVICE,
    ReviewKind.BURST_AFTER_END,
    ReviewKind.OVER_HEAD_COUNT,
    ReviewKind.TWO_PLACES,
)
_AROUND = timedelta(days=1)
_NOTICED = ("method", "came_at", "left_at", "received_at")


def sessions_to_look_over(session: Session, since: datetime) -> list[int]:
    """Sessions where people check in now, and those closed, or changed while closed, since then."""
    lately = and_(TrainingSession.state == SessionState.CLOSED, TrainingSession.updated_at >= since)
    query = select(TrainingSession.id).where(or_(TrainingSession.state == SessionState.OPEN, lately))
    return list(session.scalars(query.order_by(TrainingSession.id)))


def recorded_themselves() -> ColumnElement[bool]:
    """Rows of members who are said to be there by nobody but themselves.

    What a tablet at the door or a person of the staff records carries who set it up or who it was.
    """
    return and_(
        Attendance.method.in_(SELF_METHODS),
        Attendance.recorded_by_id.is_(None),
        Attendance.status.in_(ATTENDED_STATUSES),
    )


def signs_of(session: Session, row: TrainingSession, now: datetime) -> Signs:
    """Phones used for several members, who checked in when, and how many there are, in three queries."""
    own = and_(Attendance.session_id == row.id, recorded_themselves())
    times = (func.min(Attendance.occurred_at), func.max(Attendance.occurred_at))
    devices = session.execute(
        select(Attendance.device, func.count(), *times)
        .where(own, Attendance.device.is_not(None))
        .group_by(Attendance.device)
        .having(func.count() >= SHARED_FROM)
        .order_by(Attendance.device)
    )
    here = and_(Attendance.status.in_(ATTENDED_STATUSES), Attendance.method != Method.PERSONAL_LINK)
    by_end = and_(recorded_themselves(), Attendance.occurred_at < row.ends_at)
    counts = select(func.sum(case((by_end, 1), else_=0)), func.sum(case((here, 1), else_=0)))
    before, in_room = session.execute(counts.where(Attendance.session_id == row.id)).one()
    late = select(Attendance.occurred_at).where(own, Attendance.occurred_at >= row.ends_at)
    return Signs(
        row.id,
        [DeviceUse(str(device), members, first, last) for device, members, first, last in devices],
        int(before or 0),
        list(session.scalars(late.order_by(Attendance.occurred_at))) if now >= row.ends_at else [],
        int(in_room or 0),
        _counted_in_room(row, now),
    )


def _counted_in_room(row: TrainingSession, now: datetime) -> int | None:
    """Members counted, guests left out; None before the end, when people may come after the count."""
    if row.head_count is None or now < row.ends_at:
        return None
    return row.head_count - (row.guest_count or 0)


def at_two_places(session: Session, row: TrainingSession) -> list[Odd]:
    """Members of the session who were in person at another venue in the same time, in one query."""
    if row.venue_id is None or row.mode_key not in IN_PERSON_MODES:
        return []
    here, there = aliased(Attendance, name="here"), aliased(Attendance, name="there")
    other = aliased(TrainingSession)
    days = (row.office_date - _AROUND, row.office_date + _AROUND)
    elsewhere = and_(
        other.id != row.id,
        other.office_date.between(*days),
        other.state.in_((SessionState.OPEN, SessionState.CLOSED)),
        other.venue_id != row.venue_id,
        other.mode_key.in_(IN_PERSON_MODES),
        other.starts_at < row.ends_at,
        other.ends_at > row.starts_at,
    )
    query = (
        select(
            here.member_id,
            *(getattr(one, name) for one in (here, there) for name in _NOTICED),
            other.id,
            other.venue_id,
            other.mode_key,
            other.starts_at,
            other.ends_at,
        )
        .join(there, there.member_id == here.member_id)
        .join(other, other.id == there.session_id)
        .where(
            here.session_id == row.id,
            here.status.in_(ATTENDED_STATUSES),
            there.status.in_(ATTENDED_STATUSES),
            # Copied from the session: without it every row that these members ever had is read.
            there.office_date.between(*days),
            elsewhere,
        )
        .order_by(here.member_id, other.id)
    )
    in_room = (row.id, row.venue_id, row.mode_key, row.starts_at, row.ends_at)
    # Who it is, then what was noticed of them here and there, then the other session.
    split = 1 + len(_NOTICED), 1 + 2 * len(_NOTICED)
    found = [
        two_places(
            seen[0],
            _presence(seen[1 : split[0]], in_room),
            _presence(seen[split[0] : split[1]], seen[split[1] :]),
        )
        for seen in session.execute(query)
    ]
    return [odd for odd in found if odd is not None]


def _presence(noticed: Sequence[Any], where: Sequence[Any]) -> Presence:
    """noticed: as _NOTICED names it; where: id, venue and mode of the session, its start and its end."""
    method, came_at, left_at, received_at = noticed
    session_id, venue_id, mode_key, starts_at, ends_at = where
    since, until = came_at or starts_at, left_at or ends_at
    return Presence(session_id, venue_id, mode_key, method, since, until, received_at)


def known_items(
    session: Session, session_id: int, found: Collection[Odd]
) -> dict[tuple[int, ReviewKind, str], Known]:
    """Items of the session that looking over it finds, and those of other sessions found with it."""
    here: Any = and_(ReviewItem.session_id == session_id, ReviewItem.kind.in_(LOOKED_FOR))
    elsewhere = {odd.session_id for odd in found if odd.session_id != session_id}
    subjects = {odd.subject for odd in found if odd.session_id != session_id}
    there = and_(
        ReviewItem.session_id.in_(elsewhere),
        ReviewItem.kind == ReviewKind.TWO_PLACES,
        ReviewItem.subject.in_(subjects),
    )
    items = session.scalars(select(ReviewItem).where(or_(here, there) if elsewhere else here))
    return {
        (item.session_id, item.kind, item.subject): Known(item.id, item.state, item.evidence)
        for item in items
    }
