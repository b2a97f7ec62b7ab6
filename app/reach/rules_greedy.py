"""Plans by opening one session after the other where it takes most, and states a bound for any plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from app.reach.rules import Choice, Pool, Problem, Seats, Solution, sessions_for, solution_of


def greedy_plan(problem: Problem) -> Solution:
    """First the sessions that nobody can do without and everybody who fits beside; then, while somebody
    waits, one more where most of them fit."""
    seats = _needed_anyway(problem)
    bound = _lower_bound(problem, seats)
    while any(seats.waiting.values()):
        pool = _fullest(problem, seats)
        seats.open_session(pool, problem.capacity(pool))
        seats.fill()
    return solution_of(problem, {**problem.all_bound(), **seats.taken}, bound)


def lower_bound(problem: Problem) -> int:
    """No plan has fewer sessions.

    Each pool needs enough for those whom only it can take: the visits of a branch, the online sessions.
    Of the others, as many as possible sit in the seats which that leaves. Each further session seats at
    most its capacity of the rest, reckoned apart for pools that share no member.
    """
    return _lower_bound(problem, _needed_anyway(problem))


def _needed_anyway(problem: Problem) -> Seats:
    free = {}
    for pool in problem.pools:
        bound, capacity = problem.bound_to(pool), problem.capacity(pool)
        free[pool] = sessions_for(bound, capacity) * capacity - bound
    seats = Seats(free, {choice: problem.members[choice] for choice in problem.flexible})
    seats.fill()
    return seats


def _lower_bound(problem: Problem, seats: Seats) -> int:
    total = sum(sessions_for(problem.bound_to(pool), problem.capacity(pool)) for pool in problem.pools)
    group_of = _groups(problem)
    waiting: defaultdict[Pool, int] = defaultdict(int)
    largest: defaultdict[Pool, int] = defaultdict(int)
    for choice, members in seats.waiting.items():
        if members:
            group = group_of[choice[0]]
            waiting[group] += members
            largest[group] = max(largest[group], *(problem.capacity(pool) for pool in choice))
    return total + sum(sessions_for(members, largest[group]) for group, members in waiting.items())


def _groups(problem: Problem) -> Mapping[Pool, Pool]:
    """One pool that stands for all those connected through members who could go to either."""
    above = {pool: pool for pool in problem.pools}

    def top(pool: Pool) -> Pool:
        while above[pool] != pool:
            above[pool] = above[above[pool]]
            pool = above[pool]
        return pool

    for choice in problem.flexible:
        for pool in choice[1:]:
            above[top(pool)] = top(choice[0])
    return {pool: top(pool) for pool in above}


def _fullest(problem: Problem, seats: Seats) -> Pool:
    """The pool whose next session takes most of those who wait; of equals the one more of them prefer."""
    could: defaultdict[Pool, int] = defaultdict(int)
    prefer: defaultdict[Pool, int] = defaultdict(int)
    for choice, members in _waiting(seats):
        prefer[choice[0]] += members
        for pool in choice:
            could[pool] += members
    return max(
        sorted(could), key=lambda pool: (min(could[pool], problem.capacity(pool)), prefer[pool], could[pool])
    )


def _waiting(seats: Seats) -> list[tuple[Choice, int]]:
    return [(choice, members) for choice, members in seats.waiting.items() if members]
