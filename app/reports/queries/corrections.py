"""Form 10: every change of a row and every adjustment, of the sessions of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, null, or_, select, true, union_all
from sqlalchemy.orm import Session

from app.attendance.models import Adjustment, Attendance, AttendanceChange
from app.attendance.queries.adjustments import waits
from app.attendance.reasons import reason_words
from app.core.db import UtcDateTime
from app.core.vocabulary import Status
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.staff_names import STAFF
from app.reports.queries.place import Place, inside
from app.reports.rules import Key, Period, Slice
from app.trainings.models import ExpectedAttendee, TrainingSession


class Waits(StrEnum):
    """What became of an adjustment."""

    WAITING = "waiting"
    APPLIED = "applied"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class CorrectionsAsked:
    """Which corrections: those of one user, member or session; only what came after a lock, or only what of
    that still waits.

    Those of a member are told whatever branch they belonged to. by_host, or a session: of what the place
    hosted, instead of rows of its members.
    """

    by_id: int | None = None
    member_id: int | None = None
    session_id: int | None = None
    only_after_lock: bool = False
    only_waiting: bool = False
    by_host: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """One line. status None: not recorded. after_lock: None for a change of the row itself."""

    at: datetime
    session_id: int
    title: str
    office_date: date
    member: int
    name: str
    org_code: str | None
    org_name: str | None
    status_before: Status | None
    status_after: Status | None
    reason: str
    by: str | None
    after_lock: Waits | None


@dataclass(frozen=True, slots=True)
class Corrections:
    """`count` lines in all, the latest first; `next` continues after the last one shown."""

    count: int
    items: tuple[Correction, ...]
    next: Key | None


def corrections(
    session: Session, period: Period, place: Place, asked: CorrectionsAsked, cut: Slice
) -> Corrections:
    """What was changed of rows of the period's sessions, by the branch of the session's day.

    An adjustment that has been applied is told once, as the adjustment, with its own date.
    """
    told = _both(period, place, asked)
    count = session.scalar(select(func.count()).select_from(told)) or 0
    query = (
        select(told, Member.name, OrgUnit.code, OrgUnit.name.label("org_name"), STAFF.c.display_name)
        .join(Member, Member.id == told.c.member_id)
        .outerjoin(OrgUnit, OrgUnit.id == told.c.org_id)
        .outerjoin(STAFF, STAFF.c.id == told.c.by_id)
        .order_by(told.c.at.desc(), told.c.number.desc())
    )
    if cut.after is not None:
        at, number = datetime.fromisoformat(cut.after[0]), cut.after[1]
        query = query.where(or_(told.c.at < at, and_(told.c.at == at, told.c.number < number)))
    if cut.limit is not None:
        query = query.limit(cut.limit + 1).offset(cut.offset)
    rows = session.execute(query).all()
    shown = rows[: cut.limit]
    more = len(rows) > len(shown)
    following = (shown[-1].at.isoformat(), shown[-1].number) if more else None
    return Corrections(count, tuple(_line(row) for row in shown), following)


def correctors(session: Session, period: Period, place: Place) -> list[tuple[int, str]]:
    """(id, name) of those who corrected anything there."""
    told = _both(period, place, CorrectionsAsked())
    query = select(STAFF.c.id, STAFF.c.display_name).where(STAFF.c.id.in_(select(told.c.by_id)))
    return [(user_id, name) for user_id, name in session.execute(query.order_by(STAFF.c.display_name))]


def session_title(session: Session, session_id: int, place: Place) -> str | None:
    """The title of a session that the place hosts or hosted; None for another's."""
    hosted = inside(place, TrainingSession.host_org_id, TrainingSession.office_date)
    return session.scalar(select(TrainingSession.title).where(TrainingSession.id == session_id, hosted))


def _both(period: Period, place: Place, asked: CorrectionsAsked) -> Any:
    adjustments = _adjustments(period, place, asked)
    if asked.only_after_lock or asked.only_waiting:
        return adjustments.subquery("told")
    return union_all(_changes(period, place, asked), adjustments).subquery("told")


def _changes(period: Period, place: Place, asked: CorrectionsAsked) -> Any:
    table, day = AttendanceChange, TrainingSession.office_date
    same = (Attendance.session_id == table.session_id, Attendance.member_id == table.member_id)
    listed = (
        ExpectedAttendee.session_id == table.session_id,
        ExpectedAttendee.member_id == table.member_id,
    )
    # A row that was taken back has no branch any more: the expected list's, or the roster's of that day.
    that_day = select(Membership.org_id).where(
        Membership.member_id == table.member_id, Membership.starts_on <= day, Membership.ends_on > day
    )
    roster = that_day.limit(1).correlate(table, TrainingSession).scalar_subquery()
    org_id = func.coalesce(Attendance.org_id, ExpectedAttendee.org_id, roster)
    applied = exists().where(
        Adjustment.session_id == table.session_id,
        Adjustment.member_id == table.member_id,
        Adjustment.applied_at == table.changed_at,
    )
    return (
        select(
            *_told(table, org_id, table.changed_at, table.changed_by_id),
            # Numbers of the two tables side by side, each once.
            (table.id * 2).label("number"),
            literal(False).label("is_adjustment"),
            null().cast(UtcDateTime).label("withdrawn_at"),
            null().cast(UtcDateTime).label("applied_at"),
        )
        .join(TrainingSession, TrainingSession.id == table.session_id)
        .outerjoin(Attendance, and_(*same))
        .outerjoin(ExpectedAttendee, and_(*listed))
        .where(~applied, *_narrowed(table, table.changed_by_id, org_id, period, place, asked))
    )


def _adjustments(period: Period, place: Place, asked: CorrectionsAsked) -> Any:
    table = Adjustment
    return (
        select(
            *_told(table, table.org_id, table.made_at, table.made_by_id),
            (table.id * 2 + 1).label("number"),
            literal(True).label("is_adjustment"),
            table.withdrawn_at,
            table.applied_at,
        )
        .join(TrainingSession, TrainingSession.id == table.session_id)
        .where(
            *_narrowed(table, table.made_by_id, table.org_id, period, place, asked),
            waits() if asked.only_waiting else true(),
        )
    )


def _told(table: Any, org_id: Any, at: Any, by_id: Any) -> tuple[Any, ...]:
    return (
        at.label("at"),
        by_id.label("by_id"),
        org_id.label("org_id"),
        table.session_id,
        table.member_id,
        table.status_before,
        table.status_after,
        table.reason,
        TrainingSession.title.label("title"),
        TrainingSession.office_date.label("office_date"),
    )


def _narrowed(
    table: Any, by_id: Any, org_id: Any, period: Period, place: Place, asked: CorrectionsAsked
) -> list[ColumnElement[bool]]:
    day = TrainingSession.office_date
    found: list[ColumnElement[bool]] = [day.between(period.first, period.last)]
    if asked.by_host or asked.session_id is not None:
        found.append(inside(place, TrainingSession.host_org_id, day))
    elif asked.member_id is None:
        found.append(inside(place, org_id, day))
    wanted = ((asked.by_id, by_id), (asked.member_id, table.member_id), (asked.session_id, table.session_id))
    return found + [column == value for value, column in wanted if value is not None]


def _line(row: Any) -> Correction:
    waits = None
    if row.is_adjustment:
        waits = Waits.APPLIED if row.applied_at else Waits.WITHDRAWN if row.withdrawn_at else Waits.WAITING
    return Correction(
        row.at,
        row.session_id,
        row.title,
        row.office_date,
        row.member_id,
        row.name,
        row.code,
        row.org_name,
        row.status_before,
        row.status_after,
        reason_words(row.reason),
        row.display_name,
        waits,
    )
