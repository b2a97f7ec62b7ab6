"""SELECTs of lists of sessions within a scope: by tab and filters, by days, and what waits to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date, utc_now
from app.core.vocabulary import CountMark, SessionState
from app.members.models import OrgUnit
from app.members.queries.tree import subtree_ids
from app.trainings.models import SessionKind, TrainingSession, Venue

_AHEAD = (SessionState.PUBLISHED, SessionState.OPEN)


class Tab(StrEnum):
    """Which part of all sessions a list shows."""

    UPCOMING = "upcoming"
    TODAY = "today"
    PAST = "past"
    DRAFTS = "drafts"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """What a list of sessions is narrowed to. `days` is half-open; `org_id` means its subtree."""

    tab: Tab = Tab.ALL
    kind: str | None = None
    org_id: int | None = None
    class_id: int | None = None
    days: tuple[date, date] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ListedSession:
    """One session in a list."""

    id: int
    title: str
    state: SessionState
    office_date: date
    starts_at: datetime
    ends_at: datetime
    kind_zh: str
    kind_en: str
    host_name: str
    venue_name: str | None
    declared_person_times: int | None
    declared_mark: CountMark

    def is_overdue(self, now: datetime) -> bool:
        """Published, over by the clock, and never opened: somebody has to say what happened."""
        return self.state is SessionState.PUBLISHED and self.ends_at <= now


def sessions_page(
    session: Session, wanted: SessionFilter, scope: Scope, now: datetime, *, limit: int, offset: int = 0
) -> tuple[list[ListedSession], int]:
    """The sessions of a page, and how many there are in all. What lies ahead comes soonest first."""
    conditions = [in_scope(scope, now), *_conditions(wanted, now)]
    total = session.scalar(select(func.count()).select_from(TrainingSession).where(*conditions)) or 0
    query = listed_select().where(*conditions).limit(limit).offset(offset)
    return listed(session, query.order_by(*_order(wanted.tab))), total


def sessions_between(
    session: Session, first: date, until: date, scope: Scope, now: datetime
) -> list[ListedSession]:
    """Sessions of the days from `first` until before `until`, by time; cancelled ones are left out."""
    query = listed_select().where(
        in_scope(scope, now),
        TrainingSession.office_date >= first,
        TrainingSession.office_date < until,
        TrainingSession.state != SessionState.CANCELLED,
    )
    return listed(session, query.order_by(TrainingSession.starts_at, TrainingSession.id))


def overdue_sessions(session: Session, scope: Scope, now: datetime, limit: int) -> list[ListedSession]:
    """Published sessions whose check-in window has passed without anybody opening it, the latest first."""
    query = listed_select().where(
        in_scope(scope, now),
        TrainingSession.state == SessionState.PUBLISHED,
        TrainingSession.closes_at <= now,
    )
    return listed(session, query.order_by(TrainingSession.starts_at.desc()).limit(limit))


def draft_sessions(session: Session, scope: Scope, now: datetime, limit: int) -> list[ListedSession]:
    """Drafts, the soonest first."""
    query = listed_select().where(in_scope(scope, now), TrainingSession.state == SessionState.DRAFT)
    return listed(session, query.order_by(TrainingSession.starts_at).limit(limit))


def sessions_in_scope(session: Session, session_ids: Sequence[int], scope: Scope, now: datetime) -> set[int]:
    """Those of `session_ids` that this scope may open."""
    if not session_ids:
        return set()
    query = select(TrainingSession.id).where(TrainingSession.id.in_(session_ids), in_scope(scope, now))
    return set(session.scalars(query))


def month_days(month: str) -> tuple[date, date] | None:
    """Half-open days of a month written "2026-03"; None when it is no month."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        return None
    return month_of(first) if 2000 <= first.year < 2100 else None


def month_of(day: date) -> tuple[date, date]:
    """Half-open days of the month that a day lies in."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def listed(session: Session, query: Select[*tuple[Any, ...]]) -> list[ListedSession]:
    """Rows of a narrowed `listed_select`."""
    return [ListedSession(**row._mapping) for row in session.execute(query)]


def listed_select() -> Select[*tuple[Any, ...]]:
    """SELECT of the columns of `ListedSession`, joined and not yet narrowed."""
    return (
        select(
            TrainingSession.id,
            TrainingSession.title,
            TrainingSession.state,
            TrainingSession.office_date,
            TrainingSession.starts_at,
            TrainingSession.ends_at,
            SessionKind.name_zh.label("kind_zh"),
            SessionKind.name_en.label("kind_en"),
            OrgUnit.name.label("host_name"),
            Venue.name.label("venue_name"),
            TrainingSession.declared_person_times,
            TrainingSession.declared_mark,
        )
        .join(SessionKind, SessionKind.key == TrainingSession.kind_key)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
    )


def in_scope(scope: Scope, now: datetime) -> ColumnElement[bool]:
    """Whether this scope may open a session of the query."""
    return TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now)))


def openable(reader: Scope | None) -> ColumnElement[bool]:
    """Whether a session of the query opens for this reader; for nobody without one."""
    return literal(False) if reader is None else in_scope(reader, utc_now())


def _conditions(wanted: SessionFilter, now: datetime) -> list[ColumnElement[bool]]:
    found = list(_of_tab(wanted.tab, office_date(now)))
    if wanted.kind:
        found.append(TrainingSession.kind_key == wanted.kind)
    if wanted.org_id is not None:
        found.append(TrainingSession.host_org_id.in_(subtree_ids([wanted.org_id], office_date(now))))
    if wanted.class_id is not None:
        found.append(TrainingSession.class_id == wanted.class_id)
    if wanted.days is not None:
        found.append(TrainingSession.office_date >= wanted.days[0])
        found.append(TrainingSession.office_date < wanted.days[1])
    if wanted.text.strip():
        found.append(TrainingSession.title.contains(wanted.text.strip(), autoescape=True))
    return found


def _of_tab(tab: Tab, today: date) -> list[ColumnElement[bool]]:
    match tab:
        case Tab.UPCOMING:
            # A session still open from an earlier day is not over yet.
            ahead = or_(TrainingSession.office_date >= today, TrainingSession.state == SessionState.OPEN)
            return [and_(TrainingSession.state.in_(_AHEAD), ahead)]
        case Tab.TODAY:
            return [TrainingSession.office_date == today]
        case Tab.PAST:
            return [TrainingSession.office_date < today, TrainingSession.state != SessionState.DRAFT]
        case Tab.DRAFTS:
            return [TrainingSession.state == SessionState.DRAFT]
        case Tab.ALL:
            return []


def _order(tab: Tab) -> tuple[ColumnElement[Any], ...]:
    if tab is Tab.TODAY:
        # What is going on now stands first, however long the day.
        is_open = TrainingSession.state == SessionState.OPEN
        return is_open.desc(), TrainingSession.starts_at.asc(), TrainingSession.id.asc()
    if tab in (Tab.UPCOMING, Tab.DRAFTS):
        return TrainingSession.starts_at.asc(), TrainingSession.id.asc()
    return TrainingSession.starts_at.desc(), TrainingSession.id.desc()
