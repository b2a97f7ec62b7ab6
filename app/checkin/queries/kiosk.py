"""SELECTs of kiosks, and of the people whom somebody at one may find: name and branch, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.checkin.models import Kiosk
from app.core.access import Scope
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.hosted import hosted_members
from app.members.queries.members import MemberFilter, member_list
from app.members.queries.search import matches
from app.members.queries.staff_names import STAFF
from app.trainings.models import ExpectedAttendee, TrainingSession


@dataclass(frozen=True, slots=True)
class RunningKiosk:
    """A kiosk that works now, as the session's staff see it."""

    id: int
    created_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KnownKiosk:
    """A kiosk that was neither ended nor is over; who set it up must still be asked about."""

    id: int
    session_id: int
    created_by_id: int


@dataclass(frozen=True, slots=True)
class Namesake:
    """Somebody who may be meant; the branch tells namesakes apart."""

    id: int
    name: str
    org_name: str


def kiosk_by_token(session: Session, hashed: bytes, now: datetime) -> KnownKiosk | None:
    """The kiosk whose token has this hash, while it lasts."""
    query = select(Kiosk.id, Kiosk.session_id, Kiosk.created_by_id).where(
        Kiosk.token_hash == hashed, Kiosk.revoked_at.is_(None), Kiosk.expires_at > now
    )
    found = session.execute(query).first()
    return KnownKiosk(*found) if found else None


def running_kiosks(session: Session, session_id: int, now: datetime) -> list[RunningKiosk]:
    """The session's kiosks that were neither ended nor are over, oldest first."""
    query = (
        select(Kiosk.id, STAFF.c.display_name, Kiosk.created_at, Kiosk.expires_at)
        .join(STAFF, STAFF.c.id == Kiosk.created_by_id)
        .where(Kiosk.session_id == session_id, Kiosk.revoked_at.is_(None), Kiosk.expires_at > now)
        .order_by(Kiosk.id)
    )
    return [RunningKiosk(*row) for row in session.execute(query)]


def namesakes(
    session: Session, row: TrainingSession, text: str, scope: Scope, elderly_age: int, *, limit: int
) -> list[Namesake]:
    """The first people that a text may mean, whom the scope may record at the session.

    Those expected come first, wherever they belong, then members of the scope, then those it hosts.
    """
    found = {person.id: person for person in _expected(session, row.id, text, limit)}
    if len(found) < limit:
        wanted = MemberFilter(row.office_date, elderly_age, q=text)
        for member in member_list(session, scope, wanted, limit=limit):
            found.setdefault(member.id, Namesake(member.id, member.name, member.org_name))
    if len(found) < limit:
        for hosted in hosted_members(session, scope, row.office_date, q=text, limit=limit):
            found.setdefault(hosted.id, Namesake(hosted.id, hosted.name, hosted.org_name))
    return list(found.values())[:limit]


def namesake(session: Session, member_id: int, on: date) -> Namesake | None:
    """One person by name and the branch of the day."""
    query = (
        select(Member.id, Member.name, OrgUnit.name)
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(Member.id == member_id, Membership.starts_on <= on, Membership.ends_on > on)
    )
    found = session.execute(query).first()
    return Namesake(*found) if found else None


def _expected(session: Session, session_id: int, text: str, limit: int) -> list[Namesake]:
    query = (
        select(Member.id, Member.name, OrgUnit.name)
        .join(ExpectedAttendee, ExpectedAttendee.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == ExpectedAttendee.org_id)
        .where(ExpectedAttendee.session_id == session_id, matches(text))
        .order_by(case((Member.name == text.strip(), 0), else_=1), Member.pinyin, Member.id)
        .limit(limit)
    )
    return [Namesake(*found) for found in session.execute(query)]
