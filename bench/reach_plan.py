"""Plans for everyone of the demo district who was not reached: how many sessions, and how few there could be.

.venv/bin/python -m bench.reach_plan [--members N] [--instance DIR] [--most-seconds S]

Loads a demo district of its own into a temporary folder, or reads the one in DIR (nothing is written there
but what reading makes). A line each for the solver (where it is installed) and for the greedy plan: sessions,
stated lower bound, their ratio, coverage of those required before and after, seconds. Ends with 1 when a
ratio is above 1.1, somebody is left out, or it took longer than S seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask

from app.core.access import Scope
from app.core.clock import today
from app.core.db import db
from app.demo.load import Order, load_demo
from app.members.queries.tree import roots
from app.reach.commands import PlanWish
from app.reach.queries.asked import order_of
from app.reach.services.planning import make_plan
from app.reach.solver import has_solver
from tests.databases import make_app

MOST_RATIO = 1.1


@contextmanager
def no_bar(total: int, what: str) -> Iterator[Callable[[int], None]]:
    yield lambda done: None


def measure(*, solver: bool) -> tuple[str, float, float, bool]:
    """(line, ratio, seconds, whether everyone is reached) of one plan, reading included."""
    session, day = db.session(), today()
    scope = Scope(tuple(row.id for row in roots(session, day)), None)
    started = time.perf_counter()
    wish = PlanWish(leaves_invited=False)
    plan = make_plan(session, order_of(session, wish, scope, day, 60).order, day, solver=solver)
    seconds = time.perf_counter() - started
    sessions, counts = len(plan.needed), plan.counts
    ratio = sessions / plan.lower_bound if plan.lower_bound else 1.0
    reached = sum(len(one.line.required) for one in plan.needed)
    line = (
        f"{'solver' if solver else 'greedy':<8}{sessions:>5} sessions  bound {plan.lower_bound:>5}"
        f"  ratio {ratio:.3f}  members {reached}/{counts.planned}  apart {counts.lost + counts.gone}"
        f"  coverage {counts.coverage_before} -> {plan.coverage_after}"
        f" (report {counts.required_coverage} -> {plan.required_coverage_after})  {seconds:6.2f} s"
    )
    return line, ratio, seconds, reached == counts.planned


def opened(folder: Path, members: int, *, is_made: bool) -> Flask:
    app = make_app(f"sqlite:///{folder / 'bulou.sqlite3'}", folder)
    if not is_made:
        with app.app_context():
            zone = ZoneInfo("Asia/Shanghai")
            load_demo(Order(members=members, year=2019, seed=1), datetime.now(UTC), zone, 60, no_bar)
    return app


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--members", type=int, default=13_700)
    parser.add_argument("--instance", type=Path)
    parser.add_argument("--most-seconds", type=float, default=20.0)
    given = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as made:
        app = opened(given.instance or Path(made), given.members, is_made=given.instance is not None)
        with app.app_context():
            for solver in (True, False):
                if solver and not has_solver():
                    print("solver  not installed (requirements-optional.txt)")
                    continue
                line, ratio, seconds, is_whole = measure(solver=solver)
                print(line, flush=True)
                failed |= ratio > MOST_RATIO or seconds > given.most_seconds or not is_whole
            db.engine.dispose()
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
