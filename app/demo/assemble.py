"""Puts the parts together: the district, its year of sessions, and who came."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from app.demo import words
from app.demo.branch_year import plan_group_studies, plan_regular_meetings, plan_theme_days
from app.demo.district import District, build_district
from app.demo.habits import Habits, build_habits
from app.demo.plan import Bookings, Course, Expected, Plan
from app.demo.roll import Roll
from app.demo.turnout import Attendee, Turnout
from app.demo.year import Desk, plan_calendar, plan_classes, plan_committees, plan_tradition



@dataclass(frozen=True, slots=True)
class Held:
    """A session with its expected list and its attendance."""

    plan: Plan
    expected: tuple[Expected, ...]
    attendees: tuple[Attendee, ...]


@dataclass(frozen=True, slots=True)
class DemoYear:
    """All that the demo year consists of; sessions in order of time."""

    district: District
    roll: Roll
    habits: Habits
    courses: tuple[Course, ...]
    sessions: tuple[Held, ...]


def build_year(seed: int, members: int, year: int, tz: ZoneInfo, elderly_age: int) -> DemoYear:
    """The district of `seed` and its `year`: the same arguments always give the same."""
    district = build_district(seed, members, year)
    roll = Roll(district, elderly_age)
    habits = build_habits(seed, district, roll)
    bookings = Bookings(Random(f"{seed}:bookings"), len(words.LECTURERS))
    desk = Desk(Random(f"{seed}:year"), district, roll, habits, tz, bookings)
    # The district's events book their lecturers and venues before anyone else.
    events = plan_calendar(desk)
    classes, courses = plan_classes(desk)
    plans = [*events, *classes, *plan_committees(desk), *plan_tradition(desk)]
    plans += [*plan_theme_days(desk), *plan_regular_meetings(desk), *plan_group_studies(desk)]
    return DemoYear(district, roll, habits, tuple(courses), _hold(seed, plans, roll, habits))


def _hold(seed: int, plans: list[Plan], roll: Roll, habits: Habits) -> tuple[Held, ...]:
    """Sessions of named members first: who is away there has official leave from the branch's meeting."""
    plans = sorted(plans, key=lambda plan: (plan.starts_at, plan.host_id, plan.kind, plan.title))
    turnout = Turnout(Random(f"{seed}:turnout"), habits)
    expected = [roll.expected(plan) for plan in plans]
    rows: list[list[Attendee]] = [[] for _ in plans]
    first = sorted(range(len(plans)), key=lambda i: (plans[i].attended is None, not plans[i].members, i))
    for i in first:
        plan = plans[i]
        nearby = [] if plan.members else _nearby(roll, plan)
        rows[i] = turnout.of(plan, expected[i], nearby)
    turnout.visit_the_rest(plans, expected, rows)
    return tuple(Held(plan, tuple(expected[i]), tuple(rows[i])) for i, plan in enumerate(plans))


def _nearby(roll: Roll, plan: Plan) -> list[Expected]:
    """Members of another branch, who may drop in."""
    branches = roll.district.branches
    at = next((i for i, unit in enumerate(branches) if unit.id == plan.host_id), None)
    if at is None or plan.groups:
        return []
    other = branches[(at + 1) % len(branches)].id
    return [
        Expected(member_id, other, roll.groups_of(member_id, other, plan.day))
        for member_id in roll.in_branch(other, plan.day)[:8]
    ]
