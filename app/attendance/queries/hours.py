"""The one definition of how minutes become study hours: the year's policy, and both caps of a day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, HourPolicy


def policy_of(session: Session, year: int) -> HourPolicy:
    """The study-hour rule of a year: the latest one made for it or for an earlier year."""
    query = select(HourPolicy).where(HourPolicy.from_year <= year).order_by(HourPolicy.from_year.desc())
    found = session.scalars(query.limit(1)).first()
    # Years before the first rule are read by the first one.
    return found or session.scalars(select(HourPolicy).order_by(HourPolicy.from_year).limit(1)).one()


def policies(session: Session) -> list[HourPolicy]:
    """Every rule, the latest first."""
    return list(session.scalars(select(HourPolicy).order_by(HourPolicy.from_year.desc())))


def day_minutes(policy: HourPolicy, only: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    """Minutes of one member's day after both caps, for a SELECT grouped by member and office_date.

    only: a condition on the rows that are added up. Each half of the day is cut first, then the day.
    """
    morning: Any = Attendance.morning_minutes
    afternoon: Any = Attendance.minutes - Attendance.morning_minutes
    if only is not None:
        morning, afternoon = case((only, morning), else_=0), case((only, afternoon), else_=0)
    half = policy.half_day_cap_minutes
    halves = _at_most(func.sum(morning), half) + _at_most(func.sum(afternoon), half)
    found: ColumnElement[int] = _at_most(halves, policy.day_cap_minutes)
    return found


def _at_most(value: Any, cap: int) -> Any:
    return case((value > cap, cap), else_=value)
