"""SELECTs of what a form about a session offers: kinds, modes, venues, lecturers, classes, organisations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date
from app.core.vocabulary import OrgKind, SessionState
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import placed_on, subtree_ids
from app.trainings.models import DeliveryMode, Lecturer, SessionKind, TrainingClass, TrainingSession, Venue


@dataclass(frozen=True, slots=True)
class Named:
    """A key of a table that the office edits, with its names."""

    key: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class OrgChoice:
    """A unit to choose; `depth` counts from the topmost unit offered."""

    id: int
    code: str
    name: str
    kind: OrgKind
    depth: int


@dataclass(frozen=True, slots=True)
class LastSession:
    """The session that a new one is pre-filled from."""

    id: int
    title: str
    office_date: date


def kinds(session: Session, *, keep: str | None = None) -> list[Named]:
    """Kinds in use, in the office's order; `keep` stays offered even when it is no longer in use."""
    query = select(SessionKind.key, SessionKind.name_zh, SessionKind.name_en).where(
        SessionKind.is_active | (SessionKind.key == (keep or ""))
    )
    rows = session.execute(query.order_by(SessionKind.position, SessionKind.key))
    return [Named(**row._mapping) for row in rows]


def modes(session: Session) -> list[Named]:
    """Delivery modes in the office's order."""
    query = select(DeliveryMode.key, DeliveryMode.name_zh, DeliveryMode.name_en)
    rows = session.execute(query.order_by(DeliveryMode.position, DeliveryMode.key))
    return [Named(**row._mapping) for row in rows]


def venue_names(session: Session) -> list[str]:
    """Venues in use, by name."""
    return list(session.scalars(select(Venue.name).where(Venue.is_active).order_by(Venue.name)))


def lecturer_names(session: Session) -> list[str]:
    """Lecturers in use, by name."""
    query = select(Lecturer.name).where(Lecturer.is_active).distinct().order_by(Lecturer.name)
    return list(session.scalars(query))


def open_classes(
    session: Session, scope: Scope, now: datetime, *, keep: int | None = None, limit: int = 100
) -> list[tuple[int, str]]:
    """Classes of the scope, the newest first; `keep` is offered however old and wherever it is."""
    within = TrainingClass.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now)))
    query = (
        select(TrainingClass.id, TrainingClass.title)
        .where(within | (TrainingClass.id == (keep or 0)))
        .order_by((TrainingClass.id == (keep or 0)).desc(), TrainingClass.id.desc())
        .limit(limit)
    )
    return [(row.id, row.title) for row in session.execute(query)]


def org_choices(session: Session, scope: Scope, on: date) -> list[OrgChoice]:
    """Every unit of the scope on a date, each followed by what lies below it."""
    query = (
        select(OrgUnit.id, OrgUnit.code, OrgUnit.name, OrgUnit.kind, OrgPlacement.path)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .where(OrgUnit.id.in_(subtree_ids(scope.org_ids, on)))
    )
    rows = session.execute(query).all()
    codes = {row.id: row.code for row in rows}

    def place(path: str) -> list[str]:
        return [codes[i] for i in map(int, path.strip("/").split("/")) if i in codes]

    ordered = sorted(rows, key=lambda row: place(row.path))
    return [OrgChoice(r.id, r.code, r.name, r.kind, len(place(r.path)) - 1) for r in ordered]


def last_session(session: Session, kind: str | None, scope: Scope, now: datetime) -> LastSession | None:
    """The latest session of a kind (of any, when None) that is neither a draft nor cancelled.

    One hosted by the scope's own organisations comes before those of the units below.
    """
    query = (
        select(TrainingSession.id, TrainingSession.title, TrainingSession.office_date)
        .where(
            TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now))),
            TrainingSession.state.not_in((SessionState.DRAFT, SessionState.CANCELLED)),
        )
        .order_by(
            TrainingSession.host_org_id.in_(scope.org_ids).desc(),
            TrainingSession.starts_at.desc(),
            TrainingSession.id.desc(),
        )
        .limit(1)
    )
    if kind:
        query = query.where(TrainingSession.kind_key == kind)
    found = session.execute(query).first()
    return LastSession(**found._mapping) if found else None


def usual_kinds(session: Session, scope: Scope, since: date, now: datetime, limit: int = 6) -> list[Named]:
    """The kinds this scope holds most often, counted from a day on."""
    within = TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now)))
    query = (
        select(SessionKind.key, SessionKind.name_zh, SessionKind.name_en)
        .join(TrainingSession, TrainingSession.kind_key == SessionKind.key)
        .where(within, TrainingSession.office_date >= since, SessionKind.is_active)
        .group_by(SessionKind.key, SessionKind.name_zh, SessionKind.name_en, SessionKind.position)
        .order_by(func.count().desc(), SessionKind.position)
        .limit(limit)
    )
    return [Named(**row._mapping) for row in session.execute(query)]
