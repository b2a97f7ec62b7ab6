"""SELECTs that turn a code into a session, and a token or card into a member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from app.checkin.models import MemberBinding, MemberCard
from app.core.vocabulary import Group, SessionState
from app.members.models import GroupMembership, Member, Membership, OrgPlacement, OrgUnit
from app.trainings.models import ExpectedAttendee, SessionKind, TrainingSession, Venue


@dataclass(frozen=True, slots=True)
class CodeSession:
    """What check-in needs to know of a session."""

    id: int
    state: SessionState
    secret: bytes


@dataclass(frozen=True, slots=True)
class PrintedSession:
    """What a code on paper needs to know of a session. version None: none is valid."""

    id: int
    state: SessionState
    secret: bytes
    version: int | None
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class SessionCardInfo:
    """What a member is shown of a session before and after checking in."""

    id: int
    title: str
    kind_zh: str
    kind_en: str
    host_name: str
    venue_name: str | None
    starts_at: datetime
    ends_at: datetime
    state: SessionState


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """The member behind a token or card; revoked: it once was good."""

    member_id: int
    name: str
    revoked: bool


def code_session(session: Session, session_id: int) -> CodeSession | None:
    """A session's secret and state."""
    query = select(TrainingSession.id, TrainingSession.state, TrainingSession.code_secret)
    found = session.execute(query.where(TrainingSession.id == session_id)).first()
    return CodeSession(*found) if found else None


def printed_session(session: Session, session_id: int) -> PrintedSession | None:
    """What decides whether a session's code on paper passes."""
    query = select(
        TrainingSession.id,
        TrainingSession.state,
        TrainingSession.code_secret,
        TrainingSession.printed_code_version,
        TrainingSession.opens_at,
        TrainingSession.closes_at,
    )
    found = session.execute(query.where(TrainingSession.id == session_id)).first()
    return PrintedSession(*found) if found else None


def open_sessions_for(session: Session, member_id: int, today: date) -> list[CodeSession]:
    """Open sessions that a member's short code may mean.

    Those that expect the member, and those hosted by the member's branch, by the unit that hosts a
    mobile member, or by anything above either: a guess then has few sessions to hit.
    """
    branch = select(Membership.org_id).where(
        Membership.member_id == member_id, Membership.starts_on <= today, Membership.ends_on > today
    )
    host = select(GroupMembership.host_org_id).where(
        GroupMembership.member_id == member_id,
        GroupMembership.group == Group.MOBILE,
        GroupMembership.starts_on <= today,
        GroupMembership.ends_on > today,
    )
    paths = select(OrgPlacement.path).where(
        or_(OrgPlacement.org_id.in_(branch), OrgPlacement.org_id.in_(host)),
        OrgPlacement.starts_on <= today,
        OrgPlacement.ends_on > today,
    )
    line = {int(part) for path in session.scalars(paths) for part in path.split("/") if part}
    expected = exists().where(
        ExpectedAttendee.session_id == TrainingSession.id, ExpectedAttendee.member_id == member_id
    )
    query = select(TrainingSession.id, TrainingSession.state, TrainingSession.code_secret).where(
        TrainingSession.state == SessionState.OPEN, or_(expected, TrainingSession.host_org_id.in_(line))
    )
    return [CodeSession(*row) for row in session.execute(query)]


def session_info(session: Session, session_id: int) -> SessionCardInfo | None:
    """Title, host, place and times, for a member's eyes."""
    query = (
        select(
            TrainingSession.id,
            TrainingSession.title,
            SessionKind.name_zh,
            SessionKind.name_en,
            OrgUnit.name,
            Venue.name,
            TrainingSession.starts_at,
            TrainingSession.ends_at,
            TrainingSession.state,
        )
        .join(SessionKind, SessionKind.key == TrainingSession.kind_key)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
        .where(TrainingSession.id == session_id)
    )
    found = session.execute(query).first()
    return SessionCardInfo(*found) if found else None


def holders_of_tokens(session: Session, hashes: Sequence[bytes]) -> dict[bytes, TokenHolder]:
    """Members behind bound-phone tokens, by token hash."""
    if not hashes:
        return {}
    query = (
        select(MemberBinding.token_hash, Member.id, Member.name, MemberBinding.revoked_at.is_not(None))
        .join(Member, Member.id == MemberBinding.member_id)
        .where(MemberBinding.token_hash.in_(hashes))
    )
    return {row[0]: TokenHolder(*row[1:]) for row in session.execute(query)}


def holder_of_card(session: Session, card_hash: bytes) -> TokenHolder | None:
    """The member behind a card."""
    return _card_holder(session, MemberCard.token_hash == card_hash)


def holder_of_card_number(session: Session, number: int) -> TokenHolder | None:
    """The member whose card bears this number."""
    return _card_holder(session, MemberCard.id == number)


def _card_holder(session: Session, which: ColumnElement[bool]) -> TokenHolder | None:
    query = (
        select(Member.id, Member.name, MemberCard.revoked_at.is_not(None))
        .join(MemberCard, MemberCard.member_id == Member.id)
        .where(which)
    )
    found = session.execute(query).first()
    return TokenHolder(*found) if found else None


def member_name(session: Session, member_id: int) -> str | None:
    """A member's name by id."""
    return session.scalar(select(Member.name).where(Member.id == member_id))
