"""SELECTs of sessions by start, part after part: for programs and calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date
from app.core.vocabulary import SessionState
from app.members.models import OrgUnit
from app.members.queries.tree import subtree_ids
from app.trainings.models import TrainingSession, Venue


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which sessions are wanted; both days included, `org_id` with everything below it."""

    first: date | None = None
    last: date | None = None
    states: tuple[SessionState, ...] = ()
    org_id: int | None = None


@dataclass(frozen=True, slots=True)
class FeedSession:
    """One session; `sort_key` continues a list after it."""

    id: int
    title: str
    kind: str
    mode: str
    state: SessionState
    class_id: int | None
    host_code: str
    host_name: str
    venue: str | None
    starts_at: datetime
    ends_at: datetime
    note: str | None
    updated_at: datetime

    @property
    def sort_key(self) -> tuple[str, int]:
        return self.starts_at.isoformat(), self.id


def feed_sessions(
    session: Session,
    scope: Scope,
    wanted: FeedFilter,
    now: datetime,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> list[FeedSession]:
    """Sessions whose host lies within the scope, by start; after the row with this start and id."""
    today = office_date(now)
    query = _rows().where(TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, today)))
    if wanted.org_id is not None:
        query = query.where(TrainingSession.host_org_id.in_(subtree_ids([wanted.org_id], today)))
    if wanted.first is not None:
        query = query.where(TrainingSession.office_date >= wanted.first)
    if wanted.last is not None:
        query = query.where(TrainingSession.office_date <= wanted.last)
    if wanted.states:
        query = query.where(TrainingSession.state.in_(wanted.states))
    if after is not None:
        starts_at, last_id = after
        same = and_(TrainingSession.starts_at == starts_at, TrainingSession.id > last_id)
        query = query.where(or_(TrainingSession.starts_at > starts_at, same))
    query = query.order_by(TrainingSession.starts_at, TrainingSession.id).limit(limit)
    return [FeedSession(*row) for row in session.execute(query)]


def _rows() -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = (
        select(
            TrainingSession.id,
            TrainingSession.title,
            TrainingSession.kind_key,
            TrainingSession.mode_key,
            TrainingSession.state,
            TrainingSession.class_id,
            OrgUnit.code,
            OrgUnit.name,
            Venue.name,
            TrainingSession.starts_at,
            TrainingSession.ends_at,
            TrainingSession.note,
            TrainingSession.updated_at,
        )
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
    )
    return query
