"""SELECTs of one member's ledger: what was recorded, and the hours of a year."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, extract, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.attendance.models import Adjustment, Attendance, HourPolicy
from app.attendance.queries.adjustments import waits
from app.attendance.queries.hours import day_minutes, policy_of
from app.core.access import Scope
from app.core.clock import today
from app.core.vocabulary import CENTRAL_KIND, COUNTED_STATUSES, ExcuseReason, Group, Method, Status
from app.members.models import OrgPost, OrgUnit
from app.members.queries.as_of import members_as_of
from app.trainings.models import SessionKind, TrainingSession, Venue
from app.trainings.queries.listing import openable


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One session of a member's ledger. `is_counted`: closed, not cancelled, and attended or made up.

    may_open: whether the reader may open the session (as far as it was asked).
    """

    session_id: int
    office_date: date
    starts_at: datetime
    title: str
    kind_key: str
    kind_zh: str
    kind_en: str
    host_name: str
    venue_name: str | None
    status: Status
    excuse_reason: ExcuseReason | None
    method: Method
    minutes: int
    is_extra: bool
    is_counted: bool
    may_open: bool

    @property
    def sort_key(self) -> tuple[date, datetime, int]:
        return self.office_date, self.starts_at, self.session_id


@dataclass(frozen=True, slots=True)
class MemberHours:
    """A member's year against its rule; hours to the hundredth."""

    year: int
    minutes: int
    hours: float
    make_up_hours: float
    required_hours: int
    shortfall_hours: float
    central_classes: int
    required_central_classes: int
    is_exempt: bool
    # Of any year: something waits for one of the member's rows of a locked period.
    has_adjustments: bool = False


def member_attendance(
    session: Session,
    member_id: int,
    limit: int = 50,
    offset: int = 0,
    *,
    year: int | None = None,
    after: tuple[date, datetime, int] | None = None,
    reader: Scope | None = None,
) -> list[AttendanceRow]:
    """What was recorded of a member (of one year, or ever), the latest session first; after the row with
    this `sort_key`. reader: whose `may_open` is asked."""
    query = (
        select(
            Attendance.session_id,
            Attendance.office_date,
            TrainingSession.starts_at,
            TrainingSession.title,
            Attendance.kind_key,
            SessionKind.name_zh.label("kind_zh"),
            SessionKind.name_en.label("kind_en"),
            OrgUnit.name.label("host_name"),
            Venue.name.label("venue_name"),
            Attendance.status,
            Attendance.excuse_reason,
            Attendance.method,
            Attendance.minutes,
            Attendance.is_extra,
            and_(Attendance.is_held, Attendance.status.in_(COUNTED_STATUSES)).label("is_counted"),
            openable(reader).label("may_open"),
        )
        .join(TrainingSession, TrainingSession.id == Attendance.session_id)
        .join(SessionKind, SessionKind.key == TrainingSession.kind_key)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
        .where(Attendance.member_id == member_id, *([_in_year(year)] if year is not None else []))
        .order_by(Attendance.office_date.desc(), TrainingSession.starts_at.desc(), Attendance.session_id)
        .limit(limit)
        .offset(offset)
    )
    if after is not None:
        start = tuple_(Attendance.office_date, TrainingSession.starts_at)
        same = and_(start == tuple_(*after[:2]), Attendance.session_id > after[2])
        query = query.where(or_(start < tuple_(*after[:2]), same))
    return [AttendanceRow(**row._mapping) for row in session.execute(query)]


def attendance_years(session: Session, member_id: int) -> dict[int, int]:
    """Rows recorded of a member by year, the latest year first; years without a row are missing."""
    year = extract("year", Attendance.office_date)
    query = (
        select(year, func.count())
        .where(Attendance.member_id == member_id)
        .group_by(year)
        .order_by(year.desc())
    )
    return {int(row[0]): row[1] for row in session.execute(query)}


def counts_of_members(session: Session, member_ids: Collection[int]) -> dict[int, int]:
    """How many attendance rows each of some members has, whatever they say."""
    query = (
        select(Attendance.member_id, func.count())
        .where(Attendance.member_id.in_(member_ids))
        .group_by(Attendance.member_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def member_hours(session: Session, member_id: int, year: int, on: date | None = None) -> MemberHours:
    """Credited hours of one member's year, by the same caps as the report of study hours.

    on: the day whose posts and exemption decide what is required; by default today, or the year's
    last day once it is over. Nothing is required of a member without a hard demand (exempt).
    """
    on = on or max(date(year, 1, 1), min(today(), date(year, 12, 31)))
    policy = policy_of(session, year)
    minutes, made_up, central, is_exempt, has_post, waits_any = _year_of(session, member_id, year, on, policy)
    required = 0 if is_exempt else policy.post_hours if has_post else policy.member_hours
    hours = _hours(minutes, policy)
    return MemberHours(
        year=year,
        minutes=minutes,
        hours=hours,
        make_up_hours=_hours(made_up, policy),
        required_hours=required,
        shortfall_hours=round(max(0.0, required - hours), 2),
        central_classes=central,
        required_central_classes=policy.post_central_classes if has_post and not is_exempt else 0,
        is_exempt=is_exempt,
        has_adjustments=waits_any,
    )


def _counted(member_id: int, year: int) -> ColumnElement[bool]:
    return and_(
        Attendance.member_id == member_id,
        Attendance.is_held.is_(True),
        Attendance.status.in_(COUNTED_STATUSES),
        _in_year(year),
    )


def _in_year(year: int) -> ColumnElement[bool]:
    return Attendance.office_date.between(date(year, 1, 1), date(year, 12, 31))


def _year_of(
    session: Session, member_id: int, year: int, on: date, policy: HourPolicy
) -> tuple[int, int, int, bool, bool, bool]:
    """In one SELECT: minutes of the year after both caps, the part of them made up, central trainings,
    and whether on a day nothing is required of the member, and whether the member holds a post then."""
    days = (
        select(
            day_minutes(policy).label("minutes"),
            day_minutes(policy, Attendance.status == Status.MADE_UP).label("made_up"),
        )
        .where(_counted(member_id, year))
        .group_by(Attendance.office_date)
        .subquery("days")
    )
    # A central training without a class is one by itself.
    training = func.coalesce(Attendance.class_id, -Attendance.session_id)
    central = select(func.count(training.distinct())).where(
        _counted(member_id, year), Attendance.kind_key == CENTRAL_KIND
    )
    # The age matters for no group that is asked for here.
    standing = members_as_of(on, 60, member_id).subquery("standing")
    # A post counts for who is in a branch on the day.
    post = exists().where(
        OrgPost.member_id == standing.c.member_id, OrgPost.starts_on <= on, OrgPost.ends_on > on
    )
    query = select(
        select(func.coalesce(func.sum(days.c.minutes), 0)).scalar_subquery(),
        select(func.coalesce(func.sum(days.c.made_up), 0)).scalar_subquery(),
        central.scalar_subquery(),
        func.coalesce(select(standing.c.groups).scalar_subquery(), 0),
        exists(select(standing.c.member_id).where(post)),
        exists().where(Adjustment.member_id == member_id, waits()),
    )
    minutes, made_up, classes, groups, has_post, waiting = session.execute(query).one()
    is_exempt = bool(groups & Group.EXEMPT.bit)
    return int(minutes), int(made_up), classes, is_exempt, bool(has_post), bool(waiting)


def _hours(minutes: int, policy: HourPolicy) -> float:
    """Hours to the hundredth, as in the report of study hours."""
    return round(minutes / policy.minutes_per_hour, 2)
