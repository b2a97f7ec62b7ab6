"""The hours of a day's members in any period: the sum behind the summaries' study hours."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Integer, cast, func, literal, select, true, union_all
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, HourPolicy, MemberYear
from app.attendance.queries.hours import day_minutes, policies
from app.attendance.rules import HourRule
from app.reports.queries.coverage import members_of_day
from app.reports.queries.place import Place, counted_in
from app.reports.queries.summaries import are_exact
from app.reports.rules import Period, Snapshot


@dataclass(frozen=True, slots=True)
class HoursTally:
    """Minutes after both caps of the members of one branch and set of groups, by the length of an hour."""

    org_id: int
    groups: int
    minutes_per_hour: int
    minutes: int


def hours_in(tallies: list[HoursTally]) -> float:
    """Hours to the hundredth; a year is read by its own rule."""
    by_length: dict[int, int] = defaultdict(int)
    for tally in tallies:
        by_length[tally.minutes_per_hour] += tally.minutes
    return round(sum(minutes / length for length, minutes in by_length.items()), 2)


@dataclass(frozen=True, slots=True)
class Credited:
    """The tallies of a period, and the rule of its last year."""

    tallies: list[HoursTally]
    rule: HourRule


def hour_rule(policy: HourPolicy) -> HourRule:
    """The rule as reports tell it."""
    return HourRule(**{field.name: getattr(policy, field.name) for field in fields(HourRule)})


def period_hours(session: Session, period: Period, snapshot: Snapshot, place: Place) -> float:
    """Hours of the period of all members who belong to the place on the snapshot's day."""
    return hours_in(credited_hours(session, period, snapshot, place).tallies)


def credited_hours(session: Session, period: Period, snapshot: Snapshot, place: Place) -> Credited:
    """Study minutes of the members who belong to the place on the snapshot's day, in the groups of that day.

    The members' own rows of the period that count, of whatever branch they were in then, cut to the
    half-day's and the day's cap of their year: over a year the sum of the figure study_hours.
    """
    day = members_of_day(snapshot, place)
    spans = _spans(session, period)
    parts = [_credit(session, span, policy, day, place) for span, policy in spans]
    credit = union_all(*parts).subquery("credit")
    query = (
        select(day.c.org_id, day.c.groups, credit.c.per_hour, cast(func.sum(credit.c.minutes), Integer))
        .join(credit, credit.c.member_id == day.c.member_id)
        .group_by(day.c.org_id, day.c.groups, credit.c.per_hour)
    )
    tallies = [HoursTally(*row) for row in session.execute(query)]
    return Credited(tallies, hour_rule(spans[-1][1]))


def _spans(session: Session, period: Period) -> list[tuple[Period, HourPolicy]]:
    """The parts of the period that one rule each governs."""
    rules = sorted(policies(session), key=lambda policy: policy.from_year)
    found = []
    for index, rule in enumerate(rules):
        first = period.first.year if index == 0 else max(rule.from_year, period.first.year)
        last = rules[index + 1].from_year - 1 if index + 1 < len(rules) else period.last.year
        if first <= last:
            span = Period(Period.of_year(first).first, Period.of_year(last).last).within(period)
            if span is not None:
                found.append((span, rule))
    return found


def _credit(session: Session, span: Period, policy: HourPolicy, day: Any, place: Place) -> Any:
    """SELECT (member_id, per_hour, minutes) of a span."""
    per_hour = literal(policy.minutes_per_hour, Integer).label("per_hour")
    year = span.whole_year
    if year is not None and are_exact(session, span):
        return select(MemberYear.member_id, per_hour, MemberYear.credited_minutes.label("minutes")).where(
            MemberYear.year == year
        )
    # A filter that lets everyone through costs as much as the sums do.
    of_day = true() if place.is_everything else Attendance.member_id.in_(select(day.c.member_id))
    days = (
        select(Attendance.member_id, day_minutes(policy).label("minutes"))
        .where(*counted_in(span), of_day)
        .group_by(Attendance.member_id, Attendance.office_date)
        .subquery()
    )
    return select(days.c.member_id, per_hour, days.c.minutes)
