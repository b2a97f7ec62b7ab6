"""SELECTs behind personal links: whose a link is, and who of a session's expected list is sent one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.vocabulary import SessionState, Status
from app.members.models import Member, Membership, OrgUnit
from app.trainings.models import ExpectedAttendee, TrainingSession


@dataclass(frozen=True, slots=True)
class LinkSession:
    """A session as its links need it, and the member of one of them; name None: not a member any more."""

    state: SessionState
    secret: bytes
    name: str | None


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody on the expected list who can still check in by a link. Branch as of the session's day."""

    member_id: int
    name: str
    org_code: str
    org_name: str
    status: Status | None


def link_session(session: Session, session_id: int, member_id: int) -> LinkSession | None:
    """The session with the member's name, if they are one on its day; None without a session."""
    member = (
        select(Member.name)
        .where(Member.id == member_id, Member.merged_into_id.is_(None), _is_member(Member.id))
        .correlate(TrainingSession)
        .scalar_subquery()
    )
    query = select(TrainingSession.state, TrainingSession.code_secret, member)
    found = session.execute(query.where(TrainingSession.id == session_id)).first()
    return LinkSession(*found) if found else None


def invited(session: Session, session_id: int, *, limit: int | None, offset: int = 0) -> list[Invited]:
    """Those whom a link can be sent to, by branch and name."""
    query = (
        _invited(session_id)
        .with_only_columns(Member.id, Member.name, OrgUnit.code, OrgUnit.name, Attendance.status)
        .join(OrgUnit, OrgUnit.id == ExpectedAttendee.org_id)
        .outerjoin(
            Attendance,
            (Attendance.session_id == ExpectedAttendee.session_id)
            & (Attendance.member_id == ExpectedAttendee.member_id),
        )
        .order_by(OrgUnit.code, Member.pinyin, Member.id)
    )
    return [Invited(*row) for row in session.execute(query.limit(limit).offset(offset))]


def invited_count(session: Session, session_id: int) -> int:
    """How many `invited` are."""
    return session.scalar(_invited(session_id).with_only_columns(func.count())) or 0


def _invited(session_id: int) -> Select[int]:
    return (
        select(ExpectedAttendee.member_id)
        .join(Member, Member.id == ExpectedAttendee.member_id)
        .join(TrainingSession, TrainingSession.id == ExpectedAttendee.session_id)
        .where(
            ExpectedAttendee.session_id == session_id,
            Member.merged_into_id.is_(None),
            _is_member(Member.id),
        )
    )


def _is_member(member_id: ColumnElement[int] | object) -> ColumnElement[bool]:
    day: ColumnElement[date] = TrainingSession.office_date  # type: ignore[assignment]
    return exists().where(
        Membership.member_id == member_id, Membership.starts_on <= day, Membership.ends_on > day
    )
