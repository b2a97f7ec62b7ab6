"""Whatever happens to the ledger, in whatever order: figures and summaries are what a naive recount finds.

And a locked month or year stands still until it is unlocked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.attendance.models import (
    Attendance,
    AttendanceChange,
    DayFigures,
    MemberYear,
    MemberYearKind,
    ReviewItem,
    StaleDay,
    YearFigures,
)
from app.attendance.queries.rollups import differences
from app.core.db import Base, db, writing
from app.core.vocabulary import Group, Method, OrgKind, OrgSector, Role, Status
from app.members.models import Member
from app.reports.queries import place_in_scope
from app.reports.rules import Period
from app.trainings.rules import Step
from tests.conftest import NIGHTLY
from tests.factories import make_org, make_staff
from tests.recount import check_coverage, check_hours, check_make_ups, check_person_times, counted
from tests.replay import MEMBERS, SESSIONS, TODAY, World, every_row

PERIODS = [
    Period.of_year(2019),
    Period.of_year(2018),
    Period(date(2018, 12, 1), date(2019, 3, 5)),
    Period(date(2019, 1, 31), date(2019, 3, 4)),
    Period(date(2019, 3, 6), date(2019, 11, 30)),
]

which = st.integers(0, len(SESSIONS) - 1)
who = st.integers(0, MEMBERS - 1)
day = st.integers(0, 330)
minutes = st.one_of(st.none(), st.integers(0, 60))
yes = st.booleans()


# Whom a session expects, as most things are about them; and a session that does not expect them.
expected = st.tuples(which, st.sampled_from([0, 0, 1])).map(lambda one: (one[0], one[0] % 2 + 2 * one[1]))
missed = st.tuples(expected, st.sampled_from([1, 3, 5])).map(lambda one: (*one[0], (one[0][0] + one[1]) % 6))


def act(name: str, *more: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *more)


def of(
    name: str, whom: st.SearchStrategy[tuple[int, ...]], *more: st.SearchStrategy[Any]
) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(whom, *more).map(lambda one: (name, *one[0], *one[1:]))


def joined(parts: Iterable[list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    return list(chain.from_iterable(parts))


def made_up(at: int, who: int, via: int) -> list[tuple[Any, ...]]:
    """Somebody who missed the one session comes to the other."""
    came = ("record", via, who, Method.STAFF_ENTRY)
    return [came, ("step", at, Step.CLOSE), ("step", via, Step.CLOSE), ("plan", at, who, via)]


ACTS = [
    act("record", which, who, st.sampled_from([Method.MEMBER_SCAN, Method.STAFF_ENTRY])),
    act("record", which, who, st.just(Method.STAFF_ENTRY)),
    act("correct", which, who, st.sampled_from(list(Status))),
    act("take_back", which, who),
    act("times", which, who, minutes, minutes),
    act("withdraw", which, who),
    act("step", which, st.sampled_from([Step.PUBLISH, Step.OPEN, Step.CLOSE, Step.CLOSE, Step.REOPEN])),
    act("cancel", which),
    act("deliver", which, minutes),
    of("ask", expected),
    of("decide", expected, yes),
    of("withdraw_leave", expected),
    of("plan", missed),
    of("plan", missed),
    of("finish", expected, minutes),
    of("drop", expected),
    act("transfer", who, st.sampled_from(["A", "B"]), day),
    act("leave_district", who, day),
    act("put", who, st.sampled_from([Group.MOBILE, Group.EXEMPT, Group.LOST_CONTACT]), day),
    act("merge", who, who),
    act("lock", which, yes, yes),
    act("unlock", st.integers(0, 5)),
]
LOCK = act("lock", which, st.just(False), st.just(True))
# What has happened before: little can be made up or locked while all sessions are open.
BEFORE = st.tuples(
    st.lists(act("step", which, st.just(Step.CLOSE)), max_size=4),
    st.lists(missed.map(lambda one: made_up(*one)), max_size=2).map(joined),
    st.lists(LOCK, max_size=2),
)
STORY = st.tuples(BEFORE, st.lists(st.one_of(*ACTS), min_size=4, max_size=18)).map(
    lambda parts: [*joined(parts[0]), *parts[1]]
)


def check(world: World) -> None:
    db.session.rollback()
    assert db.session.scalars(select(StaleDay)).all() == []
    assert list(differences(db.session())) == []
    check_make_ups()
    rows = list(counted())
    place = place_in_scope(db.session(), world.scope, "R", TODAY)
    for period in PERIODS:
        inside = [row for row in rows if period.first <= row.office_date <= period.last]
        check_person_times(period, place, inside)
        check_coverage(period, place, inside, TODAY)
    for year in (2018, 2019):
        check_hours(year, place, [row for row in rows if row.office_date.year == year], TODAY)


@pytest.fixture
def start(ctx: Flask) -> Callable[[], World]:
    """Makes a district whose people and sessions are new; earlier ones are gone."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    orgs = {"R": root, "A": make_org("A", root), "B": make_org("B", root, sector=OrgSector.VILLAGE)}
    user_id = make_staff("admin", Role.ADMINISTRATOR, root).id
    keep = {"org_units", "org_placements", "staff_users", "role_grants", "session_kinds", "delivery_modes",
            "hour_policies", "duty_rules", "audit_entries"}  # fmt: skip
    summaries = (MemberYear, MemberYearKind, YearFigures, DayFigures, StaleDay)
    first = (AttendanceChange, ReviewItem, Attendance)

    def make() -> World:
        with writing() as session:
            for table in (*(model.__table__ for model in first), *reversed(Base.metadata.sorted_tables)):
                if table.name not in keep and table not in {model.__table__ for model in summaries}:
                    session.execute(delete(table))
        return World(orgs, user_id)

    return make


@settings(
    max_examples=1000 if NIGHTLY else 50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORY)
def test_any_order_of_events_leaves_figures_that_a_naive_recount_confirms(
    start: Callable[[], World], story: list[tuple[Any, ...]]
) -> None:
    world = start()
    for name, *more in story:
        event(world.do(name, *more))
    check(world)
    # And what was left for a closing is settled by it.
    for at in range(len(world.sessions)):
        world.do("step", at, Step.CLOSE)
    check(world)


def test_the_events_of_the_replay_can_all_happen(start: Callable[[], World]) -> None:
    """A story in which nothing is refused: the property above is not true for want of changes."""
    world = start()
    for name, *more in [
        ("record", 1, 0, Method.MEMBER_SCAN), ("record", 2, 0, Method.STAFF_ENTRY),
        ("record", 2, 1, Method.STAFF_ENTRY), ("step", 1, Step.CLOSE), ("step", 2, Step.CLOSE),
        ("correct", 2, 1, Status.MADE_UP), ("correct", 2, 2, Status.EXCUSED), ("take_back", 2, 2),
        ("deliver", 2, 60), ("record", 3, 2, Method.MEMBER_SCAN), ("step", 3, Step.CLOSE),
        ("step", 3, Step.REOPEN), ("cancel", 3), ("transfer", 0, "B", 40), ("put", 1, Group.MOBILE, 3),
        ("merge", 0, 1),
    ]:  # fmt: skip
        getattr(world, f"do_{name}")(*more)
        check(world)
    rows = list(counted())
    assert {row.member_id for row in rows} == {world.members[0]}
    assert db.session.get_one(Member, world.members[0]).merged_into_id is None


def test_leave_make_ups_and_locks_of_the_replay_can_all_happen(start: Callable[[], World]) -> None:
    world = start()
    for name, *more in [
        ("ask", 0, 0), ("withdraw_leave", 0, 0), ("ask", 0, 0), ("decide", 0, 0, True),
        ("record", 1, 0, Method.STAFF_ENTRY), ("step", 0, Step.CLOSE), ("step", 1, Step.CLOSE),
        ("plan", 0, 0, 1), ("finish", 0, 2, 30), ("lock", 0, True, True),
        ("record", 3, 2, Method.STAFF_ENTRY),
        ("correct", 0, 1, Status.PRESENT), ("correct", 1, 1, Status.EXCUSED), ("withdraw", 1, 1),
        ("times", 1, 0, 10, None), ("take_back", 1, 0), ("merge", 2, 1), ("unlock", 0), ("drop", 0, 0),
        ("lock", 3, False, True), ("leave_district", 2, 300),
    ]:  # fmt: skip
        getattr(world, f"do_{name}")(*more)
    check(world)
    said = {key: row.status for key, row in every_row().items()}
    first, second, fourth = world.sessions[0], world.sessions[1], world.sessions[3]
    kept = world.members[2]
    # Made up by a visit, and present under the other record: adjusted, and so said at the unlocking.
    assert said == {(first, world.members[0]): "excused", (first, kept): "present", (fourth, kept): "present"}
    assert (second, world.members[0]) not in said
    assert len(world.locked()) == 1


MADE_UP = made_up(4, 0, 5)
THIS, THERE = ("lock", 4, False, True), ("lock", 5, False, True)
FAR_APART = [
    ("record", 5, 2, Method.STAFF_ENTRY), ("step", 0, Step.CLOSE), ("step", 5, Step.CLOSE), ("plan", 0, 2, 5),
    ("lock", 0, False, True),
]  # fmt: skip
BESIDE_LOCKS = {
    "the missed session is written anew": [
        *MADE_UP, THERE, ("step", 4, Step.REOPEN), ("step", 4, Step.CLOSE), ("deliver", 4, 30),
    ],
    "the row of the other is made anew": [
        *MADE_UP, THIS, ("take_back", 5, 0), ("record", 5, 0, Method.STAFF_ENTRY), ("deliver", 5, 20),
    ],
    "the missed session's row is corrected, and planned anew": [
        *MADE_UP, THERE, ("correct", 4, 0, Status.ABSENT), ("plan", 4, 0, 1), ("drop", 4, 0),
    ],
    "both records are one person": [*MADE_UP, THIS, THERE, ("merge", 3, 0)],
    "where one came to make up the other has missed, and both are one person": [
        *FAR_APART, ("plan", 5, 3, 4), ("merge", 3, 2),
    ],
    "and the coming has become shorter": [
        *FAR_APART, ("times", 5, 2, 20, None), ("plan", 5, 3, 4), ("merge", 3, 2),
    ],
    "and somebody had been absent before": [
        *FAR_APART[:1], ("correct", 0, 2, Status.ABSENT), *FAR_APART[1:],
        ("times", 5, 2, 20, None), ("plan", 5, 3, 4), ("merge", 3, 2),
    ],
    "who was adjusted has left before that day": [
        THIS, ("correct", 4, 2, Status.PRESENT), ("leave_district", 2, 10),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", BESIDE_LOCKS)
def test_make_ups_and_adjustments_beside_a_lock_count_once_before_and_after(
    start: Callable[[], World], what: str
) -> None:
    world = start()
    for name, *more in BESIDE_LOCKS[what]:
        world.do(name, *more)
    check(world)
    while world.locked():
        # Not by `do`: to unlock is never refused.
        world.do_unlock(0)
        check(world)
