"""SELECTs of everything that one session's page says about the session itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date
from app.core.errors import NotFound
from app.core.vocabulary import AudienceKind, CountMark, Group, LecturerRole, SessionState
from app.members.models import Member, OrgUnit
from app.members.queries.tree import subtree_ids
from app.trainings.commands import Clash
from app.trainings.models import (
    AudienceRule,
    DeliveryMode,
    Lecturer,
    SessionKind,
    SessionLecturer,
    TrainingClass,
    TrainingSession,
    Venue,
)
from app.trainings.queries.audience import audience_members, clashes
from app.trainings.rules import split_credit


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks at a session, and as what."""

    lecturer_id: int
    name: str
    title: str | None
    role: LecturerRole


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is invited, by name. Empty: everyone may come and nobody is expected."""

    orgs: tuple[tuple[str, str], ...]  # (code, name)
    groups: tuple[Group, ...]
    members: tuple[tuple[int, str], ...]  # (id, name)
    org_ids: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.orgs or self.groups or self.members)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One session with the names of what it refers to."""

    id: int
    title: str
    state: SessionState
    kind_key: str
    kind_zh: str
    kind_en: str
    mode_key: str
    mode_zh: str
    mode_en: str
    host_org_id: int
    host_code: str
    host_name: str
    venue_id: int | None
    venue_name: str | None
    class_id: int | None
    class_title: str | None
    office_date: date
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    credited_minutes: int
    declared_person_times: int | None
    declared_mark: CountMark
    note: str | None
    closes_at: datetime
    late_after_minutes: int | None
    asks_sign_out: bool
    effective_minutes: int | None
    join_url: str | None
    printed_code_version: int | None
    head_count: int | None
    guest_count: int | None

    @property
    def length_minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


def session_facts(session: Session, session_id: int, scope: Scope, now: datetime) -> SessionFacts:
    """The session, if its host lies within the scope; raises NotFound."""
    query = _facts().where(
        TrainingSession.id == session_id,
        TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now))),
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound()
    return SessionFacts(**row._mapping)


def whole_credit(facts: SessionFacts, tz: ZoneInfo) -> int:
    """Minutes that an attendance from the start to the end is credited."""
    credit = split_credit(
        facts.starts_at, facts.ends_at, facts.credited_minutes, tz, effective=facts.effective_minutes
    )
    return credit.total


def _facts() -> Select[Any]:
    columns = (
        "id", "title", "state", "kind_key", "mode_key", "host_org_id", "venue_id", "class_id", "office_date",
        "starts_at", "ends_at", "opens_at", "credited_minutes", "declared_person_times", "declared_mark",
        "note", "closes_at", "late_after_minutes", "asks_sign_out", "effective_minutes", "join_url",
        "printed_code_version", "head_count", "guest_count",
    )  # fmt: skip
    return (
        select(
            *[getattr(TrainingSession, name) for name in columns],
            SessionKind.name_zh.label("kind_zh"),
            SessionKind.name_en.label("kind_en"),
            DeliveryMode.name_zh.label("mode_zh"),
            DeliveryMode.name_en.label("mode_en"),
            OrgUnit.code.label("host_code"),
            OrgUnit.name.label("host_name"),
            Venue.name.label("venue_name"),
            TrainingClass.title.label("class_title"),
        )
        .join(SessionKind, SessionKind.key == TrainingSession.kind_key)
        .join(DeliveryMode, DeliveryMode.key == TrainingSession.mode_key)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
        .outerjoin(TrainingClass, TrainingClass.id == TrainingSession.class_id)
    )


def speakers(session: Session, session_id: int) -> list[Speaker]:
    """Lecturers of a session in their order."""
    query = (
        select(SessionLecturer.lecturer_id, Lecturer.name, Lecturer.title, SessionLecturer.role)
        .join(SessionLecturer, SessionLecturer.lecturer_id == Lecturer.id)
        .where(SessionLecturer.session_id == session_id)
        .order_by(SessionLecturer.position, Lecturer.id)
    )
    return [Speaker(**row._mapping) for row in session.execute(query)]


def audience(session: Session, session_id: int) -> Audience:
    """The lines of a session's audience with their names."""
    query = (
        select(
            AudienceRule.kind,
            AudienceRule.group,
            AudienceRule.org_id,
            OrgUnit.code,
            OrgUnit.name.label("org_name"),
            Member.id.label("member_id"),
            Member.name.label("member_name"),
        )
        .outerjoin(OrgUnit, OrgUnit.id == AudienceRule.org_id)
        .outerjoin(Member, Member.id == AudienceRule.member_id)
        .where(AudienceRule.session_id == session_id)
        .order_by(AudienceRule.id)
    )
    rows = session.execute(query).all()
    return Audience(
        orgs=tuple((row.code, row.org_name) for row in rows if row.kind is AudienceKind.ORG),
        groups=tuple(row.group for row in rows if row.kind is AudienceKind.GROUP),
        members=tuple((row.member_id, row.member_name) for row in rows if row.kind is AudienceKind.MEMBER),
        org_ids=tuple(row.org_id for row in rows if row.kind is AudienceKind.ORG),
    )


def session_clashes(
    session: Session,
    facts: SessionFacts,
    speaking: Sequence[Speaker],
    invited: Audience,
    scope: Scope,
    now: datetime,
    elderly_age: int,
) -> tuple[Clash, ...]:
    """Clashes of the session with others, in four queries at most; drafts of the scope only."""
    return clashes(
        session,
        session_id=facts.id,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        venue_id=facts.venue_id,
        lecturer_ids=[speaker.lecturer_id for speaker in speaking],
        invited=_invited(facts, invited, elderly_age),
        hosts=subtree_ids(scope.org_ids, office_date(now)),
    )


def invited_count(session: Session, facts: SessionFacts, invited: Audience, elderly_age: int) -> int:
    """How many members the audience names as things stand: what publishing would fix."""
    members = _invited(facts, invited, elderly_age).subquery("invited")
    return session.scalar(select(func.count()).select_from(members)) or 0


def _invited(facts: SessionFacts, invited: Audience, elderly_age: int) -> Select[int, int, int]:
    members = [member_id for member_id, _name in invited.members]
    return audience_members(
        facts.office_date, elderly_age, facts.host_org_id, invited.org_ids, invited.groups, members
    )
