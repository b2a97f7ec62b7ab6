"""Plans by OR-tools' CP-SAT where it is installed; knows nothing of members beyond their numbers."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from app.reach.rules import Choice, Pool, Problem, Solution, solution_of
from app.reach.rules_greedy import greedy_plan

SECONDS = 10.0


def has_solver() -> bool:
    """Whether OR-tools is there (an optional package)."""
    return find_spec("ortools") is not None


def plan(problem: Problem, *, solver: bool | None = None) -> Solution:
    """The fewest sessions that reach everyone, by the solver where it is installed, else greedy.

    solver: True or False asks for one of the two. Of plans with equally many sessions the solver takes
    one that reaches most members the way that suits them best.
    """
    greedy = greedy_plan(problem)
    wanted = has_solver() if solver is None else solver
    if not wanted or not problem.flexible:
        return greedy
    return _solved(problem, greedy)


def _solved(problem: Problem, greedy: Solution) -> Solution:
    # Imported here: it is optional, and loading it takes a second.
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    open_pools = sorted({pool for choice in problem.flexible for pool in choice})
    sessions = {pool: model.new_int_var(0, _most(problem, pool), f"s{pool}") for pool in open_pools}
    taken: dict[tuple[Choice, Pool], Any] = {}
    for choice in problem.flexible:
        members = problem.members[choice]
        for pool in choice:
            taken[choice, pool] = model.new_int_var(0, members, f"t{choice}{pool}")
            model.add_hint(taken[choice, pool], greedy.taken.get((choice, pool), 0))
        model.add(sum(taken[choice, pool] for pool in choice) == members)
    for pool, number in sessions.items():
        coming = [variable for (_choice, of), variable in taken.items() if of == pool]
        model.add(sum(coming) + problem.bound_to(pool) <= number * problem.capacity(pool))
        model.add_hint(number, greedy.sessions.get(pool, 0))
    second_best = sum(choice.index(pool) * variable for (choice, pool), variable in taken.items())
    # Larger than all second-best ways together, so that one session fewer always counts for more.
    weight = 1 + sum(problem.members[choice] * (len(choice) - 1) for choice in problem.flexible)
    model.minimize(weight * sum(sessions.values()) + second_best)
    engine = cp_model.CpSolver()
    engine.parameters.max_time_in_seconds = SECONDS
    # One thread and a fixed seed: the same question has the same answer.
    engine.parameters.num_workers = 1
    engine.parameters.random_seed = 1
    if engine.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return greedy
    found = {key: int(engine.value(variable)) for key, variable in taken.items()}
    # The objective's bound also holds second-best ways, which weigh less than one session.
    proven = -(-(round(engine.best_objective_bound) - (weight - 1)) // weight)
    # Pools that take nobody with a choice are settled, and not in the model.
    settled = sum(n for pool, n in greedy.sessions.items() if pool not in sessions)
    bound = max(greedy.lower_bound, proven + settled)
    solved = solution_of(problem, {**problem.all_bound(), **found}, bound, solver=True)
    return solved if solved.total <= greedy.total else replace(greedy, lower_bound=bound)


def _most(problem: Problem, pool: Pool) -> int:
    """As many sessions as would take everybody who could come."""
    members = sum(n for choice, n in problem.members.items() if pool in choice)
    return -(-members // problem.capacity(pool))
