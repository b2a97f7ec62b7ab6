"""What the worker of long tasks asks of this feature."""

from __future__ import annotations

from app.core.tasks import RUNNERS
from app.reach.queries.plans import REACH_PLAN
from app.reach.services.planning import run_plan

RUNNERS[REACH_PLAN] = run_plan
