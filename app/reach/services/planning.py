"""Makes the plan of an order: what is needed is read, solved, and laid out as sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import today
from app.core.db import db
from app.core.tasks import TaskRun, start_task
from app.reach.commands import Plan, PlanOrder, ProposedSession
from app.reach.queries.needs import Needs, needs_of
from app.reach.queries.plans import REACH_PLAN
from app.reach.rules import problem_of
from app.reach.rules_lines import Line, coverage_after, lines_of
from app.reach.solver import plan as solve

# (what is being done, done, total)
Told = Callable[[str, int, int], None]


def begin_plan(order: PlanOrder, scope: Scope, now: datetime, token: str | None = None) -> str:
    """Put the order to the worker; the same `token` again is the same order. Returns the token."""
    try:
        return start_task(REACH_PLAN, order.as_data(), scope.user_id, now, token)
    except IntegrityError:
        # Sent twice: the first one stands.
        return str(token)


def run_plan(run: TaskRun) -> Mapping[str, Any]:
    """What the worker does; the task keeps ids, days and counts."""
    order = PlanOrder.from_data(run.order)
    return make_plan(db.session(), order, today(), run.tell).as_data()


def make_plan(
    session: Session,
    order: PlanOrder,
    on: date,
    tell: Told = lambda _step, _done, _total: None,
    *,
    solver: bool | None = None,
) -> Plan:
    """The plan; nothing is stored. solver: None takes the solver where it is installed."""
    tell("reading", 0, 0)
    needs = needs_of(session, order, on)
    # PostgreSQL ends a connection that reads, then idles for a minute; SQLite could not tidy its log.
    session.rollback()
    tell("solving", 0, 0)
    problem = problem_of((one for one in needs.people if one.is_required), needs.units, order.capacities)
    solution = solve(problem, solver=solver)
    tell("laying_out", 0, 0)
    lines = lines_of(problem, solution, needs.people, needs.units, order.times)
    return Plan(needs.counts, _proposed(lines, needs), solution.lower_bound, solution.solver)


def _proposed(lines: list[Line], needs: Needs) -> tuple[ProposedSession, ...]:
    counts = needs.counts
    shares = coverage_after(
        counts.required_covered + counts.invited, counts.reachable, [len(line.required) for line in lines]
    )
    return tuple(
        ProposedSession(number, line, needs.units[line.host_id].code, needs.names[line.host_id], share)
        for number, (line, share) in enumerate(zip(lines, shares, strict=True), 1)
    )
