"""SELECTs of whom a session missed: in whose reach they are, leave asked for, and what was made up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.attendance.models import Attendance, LeaveRequest, MakeUp
from app.attendance.rules_absence import ASKABLE, MISSED_STATUSES
from app.core.access import Scope
from app.core.clock import office_date
from app.core.errors import NotFound
from app.core.vocabulary import (
    COUNTED_STATUSES,
    ExcuseReason,
    LeaveState,
    MakeUpState,
    SessionState,
    Status,
)
from app.members.models import Member, OrgUnit
from app.members.queries.scoped import standing_org
from app.members.queries.tree import subtree_ids
from app.trainings.models import DeliveryMode, ExpectedAttendee, TrainingSession
from app.trainings.queries.listing import openable


def within(scope: Scope, now: datetime) -> ColumnElement[bool]:
    """An expected member's absence is the affair of the host, of the branch of that day, and of today's."""
    on = office_date(now)
    return or_(
        TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, on)),
        ExpectedAttendee.org_id.in_(subtree_ids(scope.org_ids, on)),
        standing_org(ExpectedAttendee.member_id, on).in_(subtree_ids(scope.org_ids, on)),
    )


def expected_at(
    session: Session, session_id: int, member_id: int, scope: Scope | None, now: datetime
) -> TrainingSession:
    """The session, if it expects the member and this is the scope's affair (None: the member's own).

    Raises NotFound.
    """
    query = (
        select(TrainingSession)
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .where(TrainingSession.id == session_id, ExpectedAttendee.member_id == member_id)
    )
    if scope is not None:
        query = query.where(within(scope, now))
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound()
    return row


@dataclass(frozen=True, slots=True)
class LeaveRow:
    """One request. Branch as of the session's day. `status`: what the ledger says, None: nothing yet."""

    id: int
    session_id: int
    member_id: int
    member_name: str
    org_name: str
    title: str
    office_date: date
    starts_at: datetime
    session_state: SessionState
    reason: ExcuseReason
    state: LeaveState
    asked_at: datetime
    asked_by_id: int | None
    decided_at: datetime | None
    decided_by_id: int | None
    status: Status | None

    @property
    def is_open(self) -> bool:
        return self.state is LeaveState.OPEN

    @property
    def sort_key(self) -> tuple[int]:
        return (self.id,)


def leave_page(
    session: Session, scope: Scope, now: datetime, *, is_open: bool, limit: int, offset: int
) -> tuple[list[LeaveRow], int]:
    """Requests of the scope and how many: waiting ones by the session's day, others latest first."""
    query = _leave().where(within(scope, now), *(_waiting() if is_open else _decided()))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (TrainingSession.starts_at,) if is_open else (LeaveRequest.decided_at.desc(),)
    query = query.order_by(*order, LeaveRequest.id).limit(limit).offset(offset)
    return [LeaveRow(*row) for row in session.execute(query)], total


def leave_after(
    session: Session, scope: Scope, now: datetime, state: LeaveState | None, after: int, limit: int
) -> list[LeaveRow]:
    """Requests of the scope in the order they came in, after an id; in state open, those that still wait."""
    query = _leave().where(within(scope, now), LeaveRequest.id > after)
    if state is LeaveState.OPEN:
        query = query.where(*_waiting())
    elif state is not None:
        query = query.where(LeaveRequest.state == state)
    return [LeaveRow(*row) for row in session.execute(query.order_by(LeaveRequest.id).limit(limit))]


def leave_row(
    session: Session, session_id: int, member_id: int, scope: Scope | None, now: datetime
) -> LeaveRow | None:
    """One request, if it is the scope's affair; None as the scope: the member's own."""
    query = _leave().where(LeaveRequest.session_id == session_id, LeaveRequest.member_id == member_id)
    if scope is not None:
        query = query.where(within(scope, now))
    found = session.execute(query).first()
    return LeaveRow(*found) if found else None


def leave_of_session(session: Session, session_id: int, limit: int) -> list[LeaveRow]:
    """What waits at one session, in the order it was asked; the first of it."""
    query = _leave().where(LeaveRequest.session_id == session_id, *_waiting())
    return [LeaveRow(*row) for row in session.execute(query.order_by(LeaveRequest.id).limit(limit))]


def open_leave(scope: Scope, now: datetime) -> ScalarSelect[int]:
    """SELECT of how many requests of the scope wait for a word."""
    query = _leave().where(within(scope, now), *_waiting())
    return select(func.count()).select_from(query.subquery()).scalar_subquery()


def open_leave_of(session_id: int) -> ScalarSelect[int]:
    """SELECT of how many wait at one session."""
    query = _leave().where(LeaveRequest.session_id == session_id, *_waiting())
    return select(func.count()).select_from(query.subquery()).scalar_subquery()


def own_leave(session: Session, member_id: int, session_ids: Collection[int]) -> dict[int, LeaveRequest]:
    """A member's requests for some sessions, by session."""
    query = select(LeaveRequest).where(
        LeaveRequest.member_id == member_id, LeaveRequest.session_id.in_(session_ids)
    )
    return {row.session_id: row for row in session.scalars(query)}


def _waiting() -> list[ColumnElement[bool]]:
    """A cancelled session's requests fall away, and those of somebody who came after all."""
    came = and_(Attendance.status.is_not(None), Attendance.status.in_(COUNTED_STATUSES))
    return [
        LeaveRequest.state == LeaveState.OPEN,
        TrainingSession.state.in_(ASKABLE),
        or_(Attendance.status.is_(None), ~came),
    ]


def _decided() -> list[ColumnElement[bool]]:
    return [LeaveRequest.state.in_((LeaveState.APPROVED, LeaveState.DECLINED))]


def _leave() -> Select[*tuple[Any, ...]]:
    return (
        select(
            LeaveRequest.id,
            LeaveRequest.session_id,
            LeaveRequest.member_id,
            Member.name,
            OrgUnit.name,
            TrainingSession.title,
            TrainingSession.office_date,
            TrainingSession.starts_at,
            TrainingSession.state,
            LeaveRequest.reason,
            LeaveRequest.state,
            LeaveRequest.asked_at,
            LeaveRequest.asked_by_id,
            LeaveRequest.decided_at,
            LeaveRequest.decided_by_id,
            Attendance.status,
        )
        .join(TrainingSession, TrainingSession.id == LeaveRequest.session_id)
        .join(Member, Member.id == LeaveRequest.member_id)
        .join(
            ExpectedAttendee,
            and_(
                ExpectedAttendee.session_id == LeaveRequest.session_id,
                ExpectedAttendee.member_id == LeaveRequest.member_id,
            ),
        )
        .join(OrgUnit, OrgUnit.id == ExpectedAttendee.org_id)
        .outerjoin(
            Attendance,
            and_(
                Attendance.session_id == LeaveRequest.session_id,
                Attendance.member_id == LeaveRequest.member_id,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class MissedRow:
    """A session that a member missed, and how it is or was made up.

    status: what the missed session says, or said before it was made up; None: not recorded.
    state None: nothing is planned yet. via_title, via_on: the session that makes up for it.
    """

    session_id: int
    office_date: date
    title: str
    minutes: int
    status: Status | None
    state: MakeUpState | None
    mode_zh: str | None
    mode_en: str | None
    via_session_id: int | None
    via_title: str | None
    via_on: date | None
    done_on: date | None
    may_open: bool


def missed_by(
    session: Session,
    member_id: int,
    days: tuple[date, date],
    limit: int,
    *,
    done: bool = False,
    reader: Scope | None = None,
) -> list[MissedRow]:
    """What a member missed between two days and can make up, the latest first; done: with what is made up;
    reader: whose `may_open` is asked."""
    via, row = _VIA, Attendance
    missed = missed_rows(row)
    query = (
        select(
            TrainingSession.id,
            TrainingSession.office_date,
            TrainingSession.title,
            TrainingSession.credited_minutes,
            func.coalesce(MakeUp.status_before, row.status),
            MakeUp.state,
            DeliveryMode.name_zh,
            DeliveryMode.name_en,
            via.c.id,
            via.c.title,
            via.c.office_date,
            MakeUp.done_on,
            openable(reader),
            (MakeUp.state == MakeUpState.DONE).label("is_done"),
        )
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .outerjoin(row, _same_key(row))
        .outerjoin(MakeUp, _same_key(MakeUp))
        .outerjoin(DeliveryMode, DeliveryMode.key == MakeUp.mode_key)
        .outerjoin(via, via.c.id == MakeUp.via_session_id)
        .where(
            ExpectedAttendee.member_id == member_id,
            TrainingSession.state == SessionState.CLOSED,
            TrainingSession.office_date.between(*days),
            or_(missed, MakeUp.state == MakeUpState.DONE) if done else missed,
        )
        .order_by(TrainingSession.office_date.desc(), TrainingSession.id)
        .limit(limit)
    )
    return [_missed_row(found) for found in session.execute(query)]


def missed_rows(row: Any) -> ColumnElement[bool]:
    """Whether an expected member's row, joined, says that they missed a session that is over.

    No row tells something only where others have one: a session of which nobody was recorded, or only a
    head count, misses nobody in particular.
    """
    other = aliased(Attendance)
    anybody = exists().where(other.session_id == TrainingSession.id)
    return or_(row.status.in_(MISSED_STATUSES), and_(row.status.is_(None), anybody))


def _missed_row(found: Any) -> MissedRow:
    session_id, day, title, minutes, status, *rest, is_done = found
    # Nothing was said of a session before it was made up without a row.
    said = None if is_done and status == Status.MADE_UP else Status(status) if status else None
    return MissedRow(session_id, day, title, minutes, said, *rest)


_VIA = TrainingSession.__table__.alias("via")


def _same_key(table: Any) -> ColumnElement[bool]:
    return and_(
        table.session_id == ExpectedAttendee.session_id, table.member_id == ExpectedAttendee.member_id
    )


def counted_elsewhere(session_id: int) -> ScalarSelect[int]:
    """SELECT of how many who came to a session came to make up another: they count there."""
    mine = Attendance.session_id == session_id, Attendance.made_up_for_id.is_not(None)
    return select(func.count()).where(*mine).scalar_subquery()


def ids_of(rows: Sequence[LeaveRow]) -> set[int]:
    """Staff who asked for or decided some requests."""
    return {by for row in rows for by in (row.asked_by_id, row.decided_by_id) if by is not None}
