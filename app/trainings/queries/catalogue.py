"""SELECTs of the lists that the office edits: kinds, venues and lecturers, with how often each was used."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.trainings.models import Lecturer, SessionKind, SessionLecturer, TrainingSession, Venue


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind of session; `used` counts its sessions."""

    key: str
    name_zh: str
    name_en: str
    is_active: bool
    used: int


@dataclass(frozen=True, slots=True)
class VenueRow:
    """A venue; `used` counts its sessions."""

    id: int
    name: str
    address: str | None
    capacity: int | None
    is_active: bool
    used: int


@dataclass(frozen=True, slots=True)
class LecturerRow:
    """A lecturer; `used` counts the sessions with a part in them."""

    id: int
    name: str
    title: str | None
    is_exemplar: bool
    is_active: bool
    used: int


def kind_rows(session: Session) -> list[KindRow]:
    """Every kind in the office's order."""
    query = (
        select(
            SessionKind.key,
            SessionKind.name_zh,
            SessionKind.name_en,
            SessionKind.is_active,
            func.count(TrainingSession.id).label("used"),
        )
        .outerjoin(TrainingSession, TrainingSession.kind_key == SessionKind.key)
        .group_by(SessionKind.key)
        .order_by(SessionKind.position, SessionKind.key)
    )
    return [KindRow(**row._mapping) for row in session.execute(query)]


def venue_row(session: Session, venue_id: int) -> VenueRow:
    """One venue; raises NotFound."""
    found = venue_rows(session, only=venue_id)
    if not found:
        raise NotFound()
    return found[0]


def venue_rows(
    session: Session, *, limit: int | None = None, offset: int = 0, only: int | None = None
) -> list[VenueRow]:
    """Venues by name, those in use first."""
    query = (
        select(
            Venue.id,
            Venue.name,
            Venue.address,
            Venue.capacity,
            Venue.is_active,
            func.count(TrainingSession.id).label("used"),
        )
        .outerjoin(TrainingSession, TrainingSession.venue_id == Venue.id)
        .group_by(Venue.id)
        .order_by(Venue.is_active.desc(), Venue.name, Venue.id)
        .limit(limit)
        .offset(offset)
    )
    if only is not None:
        query = query.where(Venue.id == only)
    return [VenueRow(**row._mapping) for row in session.execute(query)]


def lecturer_row(session: Session, lecturer_id: int) -> LecturerRow:
    """One lecturer; raises NotFound."""
    found = lecturer_rows(session, only=lecturer_id)
    if not found:
        raise NotFound()
    return found[0]


def lecturer_rows(
    session: Session, *, limit: int | None = None, offset: int = 0, only: int | None = None
) -> list[LecturerRow]:
    """Lecturers by name, those in use first."""
    query = (
        select(
            Lecturer.id,
            Lecturer.name,
            Lecturer.title,
            Lecturer.is_exemplar,
            Lecturer.is_active,
            func.count(SessionLecturer.session_id).label("used"),
        )
        .outerjoin(SessionLecturer, SessionLecturer.lecturer_id == Lecturer.id)
        .group_by(Lecturer.id)
        .order_by(Lecturer.is_active.desc(), Lecturer.name, Lecturer.id)
        .limit(limit)
        .offset(offset)
    )
    if only is not None:
        query = query.where(Lecturer.id == only)
    return [LecturerRow(**row._mapping) for row in session.execute(query)]


def venue_count(session: Session) -> int:
    """How many venues there are."""
    return session.scalar(select(func.count()).select_from(Venue)) or 0


def lecturer_count(session: Session) -> int:
    """How many lecturers there are."""
    return session.scalar(select(func.count()).select_from(Lecturer)) or 0
