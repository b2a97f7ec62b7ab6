"""Puts the parts together: the district, its year of sessions, and who came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from app.core.vocabulary import OrgKind
from app.demo import words
from app.demo.branch_year import plan_group_studies, plan_theme_days
from app.demo.desk import Desk
from app.demo.district import District, build_district
from app.demo.habits import Habits, build_habits
from app.demo.plan import Bookings, Course, Expected, Plan
from app.demo.regular import plan_regular_meetings
from app.demo.roll import Roll
from app.demo.turnout import Attendee, Turnout
from app.demo.year import plan_calendar, plan_classes, plan_committees, plan_tradition

# Told how many more steps are done.
Advance = Callable[[int], object]
STEPS = 3


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


def build_year(
    seed: int, members: int, year: int, tz: ZoneInfo, elderly_age: int, advance: Advance = lambda _: None
) -> DemoYear:
    """The district of `seed` and its `year`: the same arguments always give the same.

    `advance` is told of each of the `STEPS` steps.
    """
    district = build_district(seed, members, year)
    roll = Roll(district, elderly_age)
    habits = build_habits(seed, district, roll)
    advance(1)
    bookings = Bookings(Random(f"{seed}:bookings"), len(words.LECTURERS))
    desk = Desk(Random(f"{seed}:year"), district, roll, habits, tz, bookings)
    # The district's events book their lecturers and venues before anyone else.
    events = plan_calendar(desk)
    classes, courses = plan_classes(desk)
    plans = [*events, *classes, *plan_committees(desk), *plan_tradition(desk)]
    plans += [*plan_theme_days(desk), *plan_regular_meetings(desk), *plan_group_studies(desk)]
    advance(1)
    sessions = _hold(seed, plans, roll, habits)
    advance(1)
    return DemoYear(district, roll, habits, tuple(courses), sessions)


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
    if plan.groups or roll.district.units[plan.host_id - 1].kind is not OrgKind.BRANCH:
        return []
    # The next branch in the list, or the first after the last.
    other = roll.next_branch[plan.host_id]
    return [
        Expected(member_id, other, roll.groups_of(member_id, other, plan.day))
        for member_id in roll.in_branch(other, plan.day)[:8]
    ]
