"""The study hours of any period, by the same caps and rules as those of a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, HourPolicy
from app.attendance.queries.hours import day_minutes, policies
from app.reports.queries.coverage import members_of_day
from app.reports.queries.place import Place, counted_in
from app.reports.queries.study_hours import year_hours
from app.reports.rules import Period, Snapshot, hours_of


def period_hours(session: Session, period: Period, snapshot: Snapshot, place: Place) -> float:
    """Hours of the period of all members who belong to the place on the snapshot's day.

    As in the figure study_hours: rows that count, of any branch, cut to the half-day's and the day's cap of
    the rule of their own year. A whole year is that figure itself.
    """
    if period.whole_year is not None:
        return year_hours(session, period.whole_year, snapshot, place)
    return round(
        sum(_hours(session, rule, part, snapshot, place) for rule, part in _parts(session, period)), 2
    )


def _parts(session: Session, period: Period) -> Iterator[tuple[HourPolicy, Period]]:
    """The period cut where another rule begins. Years before the first rule are read by it."""
    rules = policies(session)[::-1]
    for rule, following in zip(rules, [*rules[1:], None], strict=True):
        first = period.first if rule is rules[0] else date(rule.from_year, 1, 1)
        last = date(following.from_year - 1, 12, 31) if following else period.last
        part = Period(first, last).within(period) if first <= last else None
        if part is not None:
            yield rule, part


def _hours(session: Session, rule: HourPolicy, part: Period, snapshot: Snapshot, place: Place) -> float:
    day = members_of_day(snapshot, place)
    days = (
        select(day_minutes(rule).label("minutes"))
        .where(*counted_in(part), Attendance.member_id.in_(select(day.c.member_id)))
        .group_by(Attendance.member_id, Attendance.office_date)
        .subquery("days")
    )
    return hours_of(int(session.scalar(select(func.sum(days.c.minutes))) or 0), rule.minutes_per_hour)
