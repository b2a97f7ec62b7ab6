"""Every SELECT over schedules and deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import (
    Instructor,
    InstructorAssignment,
    RoleGrant,
    StaffUser,
    TeamAssignment,
    TeamOfficial,
)
from app.core.access import Scope
from app.core.clock import office_date
from app.core.vocabulary import DeliveryState
from app.deliveries.models import ReportDelivery, ReportSchedule
from app.deliveries.rules import months_due
from app.members.models import OrgUnit
from app.members.queries.tree import covers_all, subtree_ids
from app.reports.rules import Period

# What became of how many months is shown beside a schedule; and trouble older than that is no news.
_SHOWN = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class Month:
    """What became of one month's report of a schedule."""

    first_on: date
    state: DeliveryState
    made_at: datetime | None
    opened_at: datetime | None
    mailed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule and its latest months, the newest first."""

    id: int
    report: str
    org_code: str
    org_name: str
    username: str
    display_name: str
    email: str | None
    language: str
    is_active: bool
    months: tuple[Month, ...]

    @property
    def has_trouble(self) -> bool:
        return any(month.state in _TROUBLE for month in self.months)


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A report in somebody's inbox. in_reach: the reader may still see the unit it is about."""

    id: int
    report: str
    org_code: str
    org_name: str
    first_on: date
    made_at: datetime | None
    opened_at: datetime | None
    file_key: str
    file_name: str
    in_reach: bool


_TROUBLE = (DeliveryState.GIVEN_UP, DeliveryState.WITHHELD)


def schedule_rows(
    session: Session, scope: Scope, today: date, *, limit: int, offset: int = 0
) -> tuple[list[ScheduleRow], int]:
    """The schedules of units within the scope, those that run first; and how many there are."""
    query = _schedules(scope, today).order_by(ReportSchedule.is_active.desc(), ReportSchedule.id.desc())
    total = session.scalar(select(func.count()).select_from(_schedules(scope, today).subquery()))
    return _rows(session, query.limit(limit).offset(offset), today), total or 0


def schedule_row(session: Session, schedule_id: int, scope: Scope, today: date) -> ScheduleRow | None:
    """One schedule, if it is of a unit within the scope."""
    rows = _rows(session, _schedules(scope, today).where(ReportSchedule.id == schedule_id), today)
    return rows[0] if rows else None


def _schedules(scope: Scope, today: date) -> Any:
    return (
        select(
            ReportSchedule,
            OrgUnit.code.label("org_code"),
            OrgUnit.name,
            StaffUser.username,
            StaffUser.display_name,
        )
        .join(OrgUnit, OrgUnit.id == ReportSchedule.org_id)
        .join(StaffUser, StaffUser.id == ReportSchedule.user_id)
        .where(ReportSchedule.org_id.in_(subtree_ids(scope.org_ids, today)))
    )


def _rows(session: Session, query: Any, today: date) -> list[ScheduleRow]:
    found = session.execute(query).all()
    months = _months(session, [row[0].id for row in found], today)
    return [
        ScheduleRow(
            each.id,
            each.report,
            code,
            name,
            username,
            shown,
            each.email,
            each.language,
            each.is_active,
            tuple(months.get(each.id, ())),
        )
        for each, code, name, username, shown in found
    ]


def _months(session: Session, schedule_ids: list[int], today: date) -> dict[int, list[Month]]:
    query = (
        select(ReportDelivery)
        .where(ReportDelivery.schedule_id.in_(schedule_ids), ReportDelivery.first_on > today - _SHOWN)
        .order_by(ReportDelivery.first_on.desc())
    )
    found: dict[int, list[Month]] = {}
    for row in session.scalars(query):
        month = Month(row.first_on, row.state, row.made_at, row.opened_at, row.mailed_at)
        found.setdefault(row.schedule_id, []).append(month)
    return found


def receivers(session: Session, scope: Scope, today: date) -> list[tuple[str, str]]:
    """(user name, shown name) of the active users at units within the scope, and of the asking one."""
    query = (
        select(StaffUser.username, StaffUser.display_name)
        .where(_receives(session, scope, today))
        .order_by(StaffUser.display_name, StaffUser.username)
    )
    return [(username, shown) for username, shown in session.execute(query)]


def may_receive(session: Session, user_id: int, scope: Scope, today: date) -> bool:
    """Whether the user is one of `receivers`."""
    query = select(StaffUser.id).where(StaffUser.id == user_id, _receives(session, scope, today))
    return session.scalar(query) is not None


def _receives(session: Session, scope: Scope, today: date) -> ColumnElement[bool]:
    units = subtree_ids(scope.org_ids, today)
    at_unit: ColumnElement[bool] = RoleGrant.org_id.in_(units)
    if covers_all(session, scope.org_ids, today):
        at_unit = or_(at_unit, RoleGrant.org_id.is_(None))

    def holds(row: Any) -> ColumnElement[bool]:
        return and_(row.starts_on <= today, row.ends_on > today)

    as_instructor = (
        select(Instructor.user_id)
        .join(InstructorAssignment, InstructorAssignment.instructor_id == Instructor.id)
        .where(InstructorAssignment.org_id.in_(units), holds(InstructorAssignment))
    )
    as_official = (
        select(TeamOfficial.user_id)
        .join(TeamAssignment, TeamAssignment.team_id == TeamOfficial.team_id)
        .where(TeamAssignment.org_id.in_(units), holds(TeamAssignment), holds(TeamOfficial))
    )
    return and_(
        StaffUser.is_active,
        or_(
            StaffUser.id == scope.user_id,
            StaffUser.id.in_(select(RoleGrant.user_id).where(at_unit)),
            StaffUser.id.in_(as_instructor),
            StaffUser.id.in_(as_official),
        ),
    )


def missing_deliveries(session: Session, today: date) -> list[tuple[int, Period]]:
    """(schedule, month) of what is due by `today` and has no row yet."""
    wanted = [
        (schedule_id, month)
        for schedule_id, since in session.execute(
            select(ReportSchedule.id, ReportSchedule.wanted_since).where(ReportSchedule.is_active)
        )
        for month in months_due(office_date(since), today)
    ]
    if not wanted:
        return []
    oldest = min(month.first for _, month in wanted)
    there = select(ReportDelivery.schedule_id, ReportDelivery.first_on)
    noted = {tuple(row) for row in session.execute(there.where(ReportDelivery.first_on >= oldest))}
    return [each for each in wanted if (each[0], each[1].first) not in noted]


def inbox(
    session: Session, reads: Scope | None, user_id: int, today: date, *, limit: int, offset: int = 0
) -> tuple[list[InboxItem], int]:
    """The user's reports, the newest first, and how many there are. reads: where the user reads reports."""
    in_reach: Any = (
        OrgUnit.id.in_(subtree_ids(reads.org_ids, today)) if reads is not None else OrgUnit.id.is_(None)
    )
    mine = and_(ReportSchedule.user_id == user_id, ReportDelivery.state == DeliveryState.READY)
    joined = ReportSchedule.id == ReportDelivery.schedule_id
    query = (
        select(ReportDelivery, ReportSchedule.report, OrgUnit.code, OrgUnit.name, in_reach)
        .join(ReportSchedule, joined)
        .join(OrgUnit, OrgUnit.id == ReportSchedule.org_id)
        .where(mine)
        .order_by(ReportDelivery.first_on.desc(), ReportDelivery.id.desc())
        .limit(limit)
        .offset(offset)
    )
    items = [_item(*row) for row in session.execute(query)]
    total = session.scalar(select(func.count(ReportDelivery.id)).join(ReportSchedule, joined).where(mine))
    return items, total or 0


def inbox_item(
    session: Session, delivery_id: int, reads: Scope | None, user_id: int, today: date
) -> InboxItem | None:
    """One of the user's reports, if the user may still see the unit it is about."""
    if reads is None:
        return None
    query = (
        select(ReportDelivery, ReportSchedule.report, OrgUnit.code, OrgUnit.name)
        .join(ReportSchedule, ReportSchedule.id == ReportDelivery.schedule_id)
        .join(OrgUnit, OrgUnit.id == ReportSchedule.org_id)
        .where(
            ReportDelivery.id == delivery_id,
            ReportDelivery.state == DeliveryState.READY,
            ReportSchedule.user_id == user_id,
            OrgUnit.id.in_(subtree_ids(reads.org_ids, today)),
        )
    )
    row = session.execute(query).first()
    return _item(*row, True) if row is not None else None


def _item(row: ReportDelivery, report: str, code: str, name: str, in_reach: bool) -> InboxItem:
    return InboxItem(
        row.id,
        report,
        code,
        name,
        row.first_on,
        row.made_at,
        row.opened_at,
        str(row.file_key),
        str(row.file_name),
        bool(in_reach),
    )


def unopened_and_stopped(session: Session, user_id: int, scope: Scope | None, today: date) -> tuple[int, int]:
    """How many reports in the user's inbox were never opened, and how many of units within the scope were
    given up or withheld lately (none without a scope); both in one question, for the first page."""
    opened = (
        _count()
        .where(
            ReportSchedule.user_id == user_id,
            ReportDelivery.state == DeliveryState.READY,
            ReportDelivery.opened_at.is_(None),
        )
        .scalar_subquery()
    )
    if scope is None:
        return session.scalar(select(opened)) or 0, 0
    stopped = (
        _count()
        .where(
            ReportDelivery.state.in_(_TROUBLE),
            ReportDelivery.first_on > today - _SHOWN,
            ReportSchedule.is_active,
            ReportSchedule.org_id.in_(subtree_ids(scope.org_ids, today)),
        )
        .scalar_subquery()
    )
    row = session.execute(select(opened, stopped)).one()
    return int(row[0]), int(row[1])


def _count() -> Select[int]:
    return select(func.count(ReportDelivery.id)).join(
        ReportSchedule, ReportSchedule.id == ReportDelivery.schedule_id
    )


def kept_files(session: Session) -> set[str]:
    """Keys of the files that some delivery names."""
    return set(session.scalars(select(ReportDelivery.file_key).where(ReportDelivery.file_key.is_not(None))))
