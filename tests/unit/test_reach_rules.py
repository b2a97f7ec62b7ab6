"""A plan reaches everyone with the fewest sessions, and says how few there could be."""

from __future__ import annotations

import importlib.util
import itertools
from collections import Counter
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.vocabulary import Group, OrgKind
from app.reach.rules import (
    USUAL_CAPACITIES,
    Person,
    Pool,
    Problem,
    Unit,
    Way,
    choice_of,
    problem_of,
    ways_to,
)
from app.reach.rules_greedy import greedy_plan, lower_bound
from app.reach.rules_lines import Times, coverage_after, lines_of
from app.reach.solver import plan
from app.reports.rules import suggested_mode

# District 1 over committees 2, 3; general branch 4 below 2; branches 5, 6 below it, 7 below 2, 8 below 3.
PARENTS = {1: None, 2: 1, 3: 1, 4: 2, 5: 4, 6: 4, 7: 2, 8: 3}
KINDS = {1: OrgKind.COMMITTEE, 2: OrgKind.COMMITTEE, 3: OrgKind.COMMITTEE, 4: OrgKind.GENERAL_BRANCH}
TIMES = Times(date(2019, 7, 5), date(2019, 7, 9), time(9), time(19), 90)  # a Friday to a Tuesday


def path_of(org_id: int) -> tuple[int, ...]:
    above = PARENTS[org_id]
    return (*path_of(above), org_id) if above else (org_id,)


UNITS = {i: Unit(i, f"U{i}", KINDS.get(i, OrgKind.BRANCH), path_of(i)) for i in PARENTS}
SOLVERS = [False, *([True] if importlib.util.find_spec("ortools") else [])]


def people_of(*wanted: tuple[int, int, tuple[Group, ...]]) -> list[Person]:
    """(branch, how many, groups) → persons with ids from 1."""
    ids = itertools.count(1)
    return [Person(next(ids), org, frozenset(groups)) for org, n, groups in wanted for _ in range(n)]


def test_the_first_way_is_the_one_that_reports_suggest() -> None:
    for size in range(len(Group) + 1):
        for groups in itertools.combinations(Group, size):
            ways = ways_to(groups)
            if Group.LOST_CONTACT in groups:
                assert ways == ()
            else:
                assert ways[0] == suggested_mode(groups)
                assert ways == (Way.ONLINE,) or Group.MOBILE not in groups


def test_each_way_joins_the_units_that_it_may() -> None:
    hosts = {way: choice_of(Person(1, 5, frozenset(groups)), UNITS)[0].host_id for way, groups in {
        Way.HOME_VISIT: (Group.ELDERLY,),
        Way.GROUP_READING: (Group.RURAL,),
        Way.IN_PERSON: (),
        Way.NIGHT_SCHOOL: (Group.NEW_ORG,),
        Way.ONLINE: (Group.MOBILE,),
    }.items()}  # fmt: skip
    assert hosts == {
        Way.HOME_VISIT: 5,
        Way.GROUP_READING: 4,
        Way.IN_PERSON: 4,
        Way.NIGHT_SCHOOL: 1,
        Way.ONLINE: 1,
    }


def test_old_members_of_new_organisations_fill_the_evening_before_a_round_is_opened() -> None:
    people = people_of(
        (5, 3, (Group.NEW_ORG,)), (6, 2, (Group.ELDERLY, Group.NEW_ORG)), (7, 1, (Group.ELDERLY,))
    )
    for solver in SOLVERS:
        found = plan(problem_of(people, UNITS, USUAL_CAPACITIES), solver=solver)
        assert found.sessions == {Pool(Way.NIGHT_SCHOOL, 1): 1, Pool(Way.HOME_VISIT, 7): 1}
        assert (found.lower_bound, found.gap, found.solver) == (2, 0.0, solver)


def test_the_preferred_way_is_taken_where_it_costs_no_session() -> None:
    people = people_of((5, 1, (Group.ELDERLY,)), (5, 2, (Group.ELDERLY, Group.RURAL)), (6, 1, (Group.RURAL,)))
    for solver in SOLVERS:
        found = plan(problem_of(people, UNITS, USUAL_CAPACITIES), solver=solver)
        visits = sum(n for (_choice, pool), n in found.taken.items() if pool.way is Way.HOME_VISIT)
        assert (found.total, visits) == (2, 3)


GROUPS = st.sets(st.sampled_from([g for g in Group if g is not Group.LOST_CONTACT]), max_size=3)
PEOPLE = st.lists(st.tuples(st.sampled_from([5, 6, 7, 8]), st.integers(1, 9), GROUPS.map(tuple)), max_size=9)
SMALL = st.fixed_dictionaries({way: st.integers(1, 7) for way in Way})


def best_by_trying(problem: Problem) -> int:
    """The fewest sessions by trying every way of dividing those with a choice, session numbers only."""
    choices = problem.flexible
    divided = [
        [dict(zip(choice, parts, strict=True)) for parts in _divisions(problem.members[choice], len(choice))]
        for choice in choices
    ]
    best = None
    for combination in itertools.product(*divided):
        filled = Counter({pool: problem.bound_to(pool) for pool in problem.pools})
        for part in combination:
            filled.update(part)
        total = sum(-(-n // problem.capacity(pool)) for pool, n in filled.items())
        best = total if best is None else min(best, total)
    return best or 0


def _divisions(members: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(members,)]
    return [(n, *rest) for n in range(members + 1) for rest in _divisions(members - n, parts - 1)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(PEOPLE, SMALL)
def test_no_plan_leaves_anyone_out_or_overfills_and_the_bound_is_never_above_the_best(
    wanted: list[tuple[int, int, tuple[Group, ...]]], capacities: dict[Way, int]
) -> None:
    people = people_of(*wanted)
    required = [person for person in people if person.is_required]
    problem = problem_of(required, UNITS, capacities)
    tries = 1
    for choice in problem.flexible:
        tries *= len(_divisions(problem.members[choice], len(choice)))
    best = best_by_trying(problem) if tries < 20_000 else None
    for solver in SOLVERS:
        found = plan(problem, solver=solver)
        assert lower_bound(problem) <= found.lower_bound <= found.total
        assert best is None or found.lower_bound <= best <= found.total
        assert best is None or not solver or found.total == best
        lines = lines_of(problem, found, people, UNITS, TIMES)
        planned = [member_id for line in lines for member_id in line.member_ids]
        assert sorted(planned) == [person.member_id for person in people]
        assert len([line for line in lines if not line.is_offer]) == found.total
        groups_of = {person.member_id: person for person in people}
        for line in lines:
            assert len(line.member_ids) <= capacities[line.way]
            for member_id in line.member_ids:
                person = groups_of[member_id]
                assert line.way in ways_to(person.groups)
                assert line.host_id in UNITS[person.org_id].path
                assert person.is_required == (member_id in line.required)


def test_greedy_is_close_where_it_is_not_best() -> None:
    people = [
        person
        for branch in (5, 6, 7, 8)
        for person in people_of(
            (branch, 13, (Group.ELDERLY,)),
            (branch, 14, (Group.ELDERLY, Group.RURAL)),
            (branch, 20, (Group.RURAL,)),
            (branch, 7, (Group.ELDERLY, Group.NEW_ORG)),
        )
    ]
    found = greedy_plan(problem_of(people, UNITS, USUAL_CAPACITIES))
    assert found.gap <= 0.1


def test_sessions_come_by_gain_on_working_days_hosted_as_near_as_possible() -> None:
    people = people_of(
        (7, 4, ()),
        (5, 2, (Group.ELDERLY,)),
        (5, 3, (Group.EXEMPT,)),
        (8, 1, (Group.EXEMPT,)),
        (8, 5, (Group.MOBILE,)),
    )
    problem = problem_of([p for p in people if p.is_required], UNITS, USUAL_CAPACITIES)
    lines = lines_of(problem, greedy_plan(problem), people, UNITS, TIMES)
    said = [(line.way, line.host_id, len(line.required), len(line.exempt), line.day) for line in lines]
    friday, monday = date(2019, 7, 5), date(2019, 7, 8)
    assert said == [
        (Way.ONLINE, 3, 5, 0, friday),
        (Way.IN_PERSON, 7, 4, 0, friday),
        (Way.HOME_VISIT, 5, 2, 3, friday),
        (Way.HOME_VISIT, 8, 0, 1, monday),
    ]
    assert [line.is_offer for line in lines] == [False, False, False, True]


@pytest.mark.parametrize(
    ("covered", "whole", "gains", "shares"),
    [(5, 10, [3, 2], [0.8, 1.0]), (0, 0, [], []), (99_998, 100_000, [1, 1], [0.9999, 1.0])],
)
def test_coverage_rises_with_each_session_and_is_whole_only_for_everyone(
    covered: int, whole: int, gains: list[int], shares: list[float]
) -> None:
    assert coverage_after(covered, whole, gains) == shares
