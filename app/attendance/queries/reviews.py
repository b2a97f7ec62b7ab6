"""SELECTs of what waits for a person's look, within a scope: the items, and who is concerned now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, ReviewItem
from app.core.access import Scope
from app.core.clock import office_date
from app.core.vocabulary import ATTENDED_STATUSES, SELF_METHODS, Method, ReviewKind, ReviewState, Status
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.tree import subtree_ids
from app.trainings.models import TrainingSession


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """decided: those a person has decided, instead of those that wait; None: both."""

    decided: bool | None = False
    state: ReviewState | None = None
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One item with its session, and the member it is about where it is about one."""

    id: int
    session_id: int
    title: str
    office_date: date
    starts_at: datetime
    ends_at: datetime
    kind: ReviewKind
    subject: str
    evidence: dict[str, Any]
    state: ReviewState
    raised_at: datetime
    decided_by_id: int | None
    decided_at: datetime | None
    member_id: int | None
    member_name: str | None
    org_name: str | None
    status: Status | None
    method: Method | None
    occurred_at: datetime | None
    device: str | None
    noted_by_id: int | None

    @property
    def sort_key(self) -> tuple[int]:
        return (self.id,)

    @property
    def first_at(self) -> datetime | None:
        return _moment(self.evidence.get("first_at"))

    @property
    def last_at(self) -> datetime | None:
        return _moment(self.evidence.get("last_at"))

    @property
    def how_many(self) -> int:
        """People, or records of a phone, that it is about."""
        found = self.evidence.get("members") or self.evidence.get("count") or 0
        return found if isinstance(found, int) else 0

    @property
    def minutes_off(self) -> int | None:
        """By how much a phone's clock was wrong, where it said what it took the time for."""
        found = self.evidence.get("offset_seconds")
        return abs(found) // 60 if isinstance(found, int) else None

    @property
    def other_session_id(self) -> int | None:
        """The other session of a member at two places."""
        text = self.subject.partition(".")[0]
        return int(text) if self.kind is ReviewKind.TWO_PLACES and text.isdecimal() else None

    @property
    def shared_device(self) -> str | None:
        """The phone whose rows are concerned, where the item is about one."""
        if self.kind is ReviewKind.SHARED_DEVICE:
            return self.subject
        return self.device if self.kind is ReviewKind.WRONG_CLOCK and self.member_id is None else None


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody's row that an item is about. `is_there`: it says they attended."""

    member_id: int
    name: str
    org_name: str
    occurred_at: datetime
    method: Method
    status: Status
    is_extra: bool

    @property
    def is_there(self) -> bool:
        return self.status in ATTENDED_STATUSES


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """The session that a member is also recorded at; title and id only where the reader may see it."""

    session_id: int | None
    title: str | None
    starts_at: datetime
    ends_at: datetime


def reviews_page(
    session: Session, wanted: ReviewFilter, scope: Scope, now: datetime, *, limit: int, offset: int = 0
) -> tuple[list[ReviewRow], int]:
    """Items of the scope's sessions, the latest first, and how many there are."""
    conditions = _conditions(wanted, scope, now)
    counted = select(func.count()).select_from(ReviewItem).join(TrainingSession, _OF_SESSION)
    total = session.scalar(counted.where(*conditions)) or 0
    order = (ReviewItem.decided_at.desc() if wanted.decided else ReviewItem.raised_at.desc(),)
    query = _rows().where(*conditions).order_by(*order, ReviewItem.id.desc()).limit(limit).offset(offset)
    return [_row(row) for row in session.execute(query)], total


def reviews_after(
    session: Session, wanted: ReviewFilter, scope: Scope, now: datetime, after: int, limit: int
) -> list[ReviewRow]:
    """The same, the oldest first, after one item."""
    query = _rows().where(*_conditions(wanted, scope, now), ReviewItem.id > after)
    return [_row(row) for row in session.execute(query.order_by(ReviewItem.id).limit(limit))]


def review_in_scope(session: Session, item_id: int, scope: Scope, now: datetime) -> ReviewRow | None:
    """One item, if the host of its session lies within the scope."""
    conditions = _conditions(ReviewFilter(decided=None), scope, now)
    row = session.execute(_rows().where(ReviewItem.id == item_id, *conditions)).first()
    return _row(row) if row else None


def open_reviews(scope: Scope, now: datetime) -> ScalarSelect[int]:
    """SELECT of how many items of the scope wait."""
    query = select(func.count()).select_from(ReviewItem).join(TrainingSession, _OF_SESSION)
    return query.where(*_conditions(ReviewFilter(), scope, now)).scalar_subquery()


def open_reviews_of(session_id: int) -> ScalarSelect[int]:
    """SELECT of how many items of one session wait."""
    waiting = (ReviewItem.session_id == session_id, ReviewItem.state == ReviewState.OPEN)
    return select(func.count()).select_from(ReviewItem).where(*waiting).scalar_subquery()


def waiting_ticks(session: Session, rows: Collection[ReviewRow]) -> dict[tuple[int, str], int]:
    """How many late ticks wait of the phones that some items came from, by session and phone."""
    phones = {(row.session_id, row.device) for row in rows if row.kind is ReviewKind.LATE_TICK and row.device}
    if not phones:
        return {}
    query = (
        select(ReviewItem.session_id, ReviewItem.device, func.count())
        .where(
            ReviewItem.kind == ReviewKind.LATE_TICK,
            ReviewItem.state == ReviewState.OPEN,
            tuple_(ReviewItem.session_id, ReviewItem.device).in_(phones),
        )
        .group_by(ReviewItem.session_id, ReviewItem.device)
    )
    return {(row[0], str(row[1])): row[2] for row in session.execute(query)}


def concerned(session: Session, rows: Sequence[ReviewRow]) -> dict[int, list[Concerned]]:
    """Whose rows the items are about, as the ledger has them now, by item; in one query for all."""
    conditions = [(row, wanted) for row in rows if (wanted := _rows_of(row)) is not None]
    if not conditions:
        return {}
    query = (
        select(
            Attendance.session_id,
            Attendance.device,
            Attendance.recorded_by_id,
            Attendance.member_id,
            Member.name,
            OrgUnit.name.label("org_name"),
            Attendance.occurred_at,
            Attendance.method,
            Attendance.status,
            Attendance.is_extra,
        )
        .join(Member, Member.id == Attendance.member_id)
        .join(OrgUnit, OrgUnit.id == Attendance.org_id)
        .where(
            Attendance.session_id.in_({row.session_id for row in rows}),
            or_(*[condition for _row, condition in conditions]),
        )
        .order_by(Attendance.occurred_at, Attendance.member_id)
    )
    found: dict[int, list[Concerned]] = defaultdict(list)
    for seen in session.execute(query):
        for row, _condition in conditions:
            if _is_of(row, seen):
                found[row.id].append(Concerned(**{n: getattr(seen, n) for n in Concerned.__slots__}))
    return dict(found)


def other_places(
    session: Session, rows: Sequence[ReviewRow], scope: Scope, now: datetime
) -> dict[int, OtherPlace]:
    """The other session of every item about two places, by item."""
    wanted = {row.other_session_id for row in rows} - {None}
    if not wanted:
        return {}
    seen = TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now)))
    columns = (TrainingSession.title, TrainingSession.starts_at, TrainingSession.ends_at)
    query = select(TrainingSession.id, *columns, seen.label("seen")).where(TrainingSession.id.in_(wanted))
    found = {
        row.id: OtherPlace(
            row.id if row.seen else None, row.title if row.seen else None, row.starts_at, row.ends_at
        )
        for row in session.execute(query)
    }
    return {row.id: found[row.other_session_id] for row in rows if row.other_session_id in found}


_OF_SESSION = TrainingSession.id == ReviewItem.session_id


def _conditions(wanted: ReviewFilter, scope: Scope, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now)))
    ]
    if wanted.decided is not None:
        is_open = ReviewItem.state == ReviewState.OPEN
        found.append(~is_open if wanted.decided else is_open)
    if wanted.state is not None:
        found.append(ReviewItem.state == wanted.state)
    if wanted.session_id is not None:
        found.append(ReviewItem.session_id == wanted.session_id)
    return found


def _rows() -> Select[Any]:
    # The branch of the session's day: a tick that waits has no row of its own to read it from.
    that_day = and_(
        Membership.member_id == ReviewItem.member_id,
        Membership.starts_on <= TrainingSession.office_date,
        Membership.ends_on > TrainingSession.office_date,
    )
    of_item = [name for name in ReviewRow.__slots__ if name in ReviewItem.__table__.columns]
    of_session = ("title", "office_date", "starts_at", "ends_at")
    return (
        select(
            *[getattr(ReviewItem, name) for name in of_item],
            *[getattr(TrainingSession, name) for name in of_session],
            Member.name.label("member_name"),
            OrgUnit.name.label("org_name"),
        )
        .join(TrainingSession, _OF_SESSION)
        .outerjoin(Member, Member.id == ReviewItem.member_id)
        .outerjoin(Membership, that_day)
        .outerjoin(OrgUnit, OrgUnit.id == Membership.org_id)
    )


def _row(row: Any) -> ReviewRow:
    return ReviewRow(**row._mapping)


def _rows_of(row: ReviewRow) -> ColumnElement[bool] | None:
    """Which attendance rows of its session an item is about; None for none."""
    here = Attendance.session_id == row.session_id
    if row.kind is ReviewKind.BURST_AFTER_END and row.first_at and row.last_at:
        times = Attendance.occurred_at.between(row.first_at, row.last_at)
        return and_(here, times, Attendance.method.in_(SELF_METHODS))
    if row.shared_device is not None:
        return and_(here, Attendance.device == row.shared_device)
    if row.member_id is not None:
        return and_(here, Attendance.member_id == row.member_id)
    return None


def _is_of(row: ReviewRow, seen: Any) -> bool:
    """The same, of a row that was read for several items."""
    if seen.session_id != row.session_id:
        return False
    itself = seen.method in SELF_METHODS and seen.recorded_by_id is None
    if row.kind is ReviewKind.BURST_AFTER_END:
        first, last = row.first_at, row.last_at
        return itself and bool(first and last and first <= seen.occurred_at <= last)
    if row.shared_device is not None:
        of_phone: bool = seen.device == row.shared_device
        return of_phone and (itself or row.kind is ReviewKind.WRONG_CLOCK)
    same: bool = seen.member_id == row.member_id
    return same


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
