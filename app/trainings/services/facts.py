"""Keeps attendance rows true to their session: what is copied there is rewritten when it changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, exists, func, select, update
from sqlalchemy.orm import Session

from app.core.db import Base
from app.core.vocabulary import SessionState
from app.members.queries.as_of import members_as_of
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.rules import THROUGHOUT, CreditedMinutes, Stay, Timing, split_credit

# What features above this one do when a session's times or its rule on being late change, in the same
# transaction and before minutes are written anew: (transaction, session as it is now, its timing before,
# user, now). They add to it when they are imported (`app.features.AT_NEW_TIMES`).
WHEN_TIMED_ANEW: list[Callable[[Session, TrainingSession, Timing, int | None, datetime], None]] = []
# The same around writing a session's rows anew: what is held before, and what is settled afterwards
# (transaction, session as it is now, the office's zone): `app.features.AROUND_REWRITING`.
BEFORE_REWRITING: list[Callable[[Session, int], None]] = []
WHEN_REWRITTEN: list[Callable[[Session, TrainingSession, ZoneInfo], None]] = []


def timing_of(row: TrainingSession) -> Timing:
    """What of the session decides who was late and who left early."""
    return Timing(row.starts_at, row.ends_at, row.late_after_minutes, row.effective_minutes)


def follow_timing(
    session: Session, row: TrainingSession, before: Timing, user_id: int | None, now: datetime
) -> None:
    """Have lateness and early leaving judged again if the session's timing is not what it was."""
    if timing_of(row) != before:
        # What is held before rows are written is held before they are judged.
        for hold in BEFORE_REWRITING:
            hold(session, row.id)
        for follow in WHEN_TIMED_ANEW:
            follow(session, row, before, user_id, now)


def rewrite_facts(session: Session, row: TrainingSession, tz: ZoneInfo) -> None:
    """Copy the session's facts into its attendance rows, inside the caller's transaction."""
    for hold in BEFORE_REWRITING:
        hold(session, row.id)
    # By name: attendance stands above trainings, so its models are not imported here.
    attendance: Table = Base.metadata.tables["attendance"]
    here, whole = attendance.c.session_id == row.id, credit_of(row, tz)
    throughout = and_(attendance.c.came_at.is_(None), attendance.c.left_at.is_(None))
    session.flush()
    session.execute(
        update(attendance)
        .where(here)
        .values(
            is_held=attendance.c.made_up_for_id.is_(None) if row.state is SessionState.CLOSED else False,
            office_date=row.office_date,
            kind_key=row.kind_key,
            mode_key=row.mode_key,
            class_id=row.class_id,
            minutes=case((throughout, whole.total), else_=attendance.c.minutes),
            morning_minutes=case((throughout, whole.morning), else_=attendance.c.morning_minutes),
        )
    )
    _rewrite_parts(session, attendance, and_(here, ~throughout), row, tz)
    for settle in WHEN_REWRITTEN:
        settle(session, row, tz)


def _rewrite_parts(
    session: Session, attendance: Table, partly: ColumnElement[bool], row: TrainingSession, tz: ZoneInfo
) -> None:
    """Minutes of those with a time of their own: thousands in a hall that signed out, and few change."""
    names = ("member_id", "came_at", "left_at", "minutes", "morning_minutes")
    found = session.execute(select(*[attendance.c[name] for name in names]).where(partly)).all()
    changed = []
    for member_id, came_at, left_at, *minutes in found:
        credit = credit_of(row, tz, Stay(came_at, left_at))
        if minutes != [credit.total, credit.morning]:
            changed.append({"of": member_id, "total": credit.total, "morning": credit.morning})
    if changed:
        session.execute(
            update(attendance)
            .where(attendance.c.session_id == row.id, attendance.c.member_id == bindparam("of"))
            .values(minutes=bindparam("total"), morning_minutes=bindparam("morning")),
            changed,
        )


def credit_of(row: TrainingSession, tz: ZoneInfo, stay: Stay = THROUGHOUT) -> CreditedMinutes:
    """What one attendance at the session is credited."""
    return split_credit(
        row.starts_at, row.ends_at, row.credited_minutes, tz, effective=row.effective_minutes, stay=stay
    )


def rewrite_standings(session: Session, row: TrainingSession, elderly_age: int) -> None:
    """Give leaves noted before check-in the branch, groups and expectation of the session's present day."""
    attendance: Table = Base.metadata.tables["attendance"]
    standing = members_as_of(row.office_date, elderly_age).subquery("standing")
    of_row = standing.c.member_id == attendance.c.member_id
    branch = select(standing.c.org_id).where(of_row).scalar_subquery()
    groups = select(standing.c.groups).where(of_row).scalar_subquery()
    listed = exists().where(
        ExpectedAttendee.session_id == row.id, ExpectedAttendee.member_id == attendance.c.member_id
    )
    session.execute(
        update(attendance)
        .where(attendance.c.session_id == row.id)
        .values(
            org_id=func.coalesce(branch, attendance.c.org_id),
            groups=func.coalesce(groups, attendance.c.groups),
            is_extra=~listed,
        )
    )
