"""Turns a plan into the body that the API and the command line answer."""

from __future__ import annotations

from typing import Any

from app.reach.commands import Counts, Plan, ProposedSession

Body = dict[str, Any]


def plan_body(plan: Plan) -> Body:
    """`sessions` reach those required; `offers` the exempt for whom they had no room."""
    counts = plan.counts
    return {
        "sessions": [session_body(one) for one in plan.needed],
        "offers": [session_body(one) for one in plan.offers],
        "lower_bound": plan.lower_bound,
        "gap": plan.gap,
        "solver": plan.by_solver,
        "coverage_before": counts.coverage_before,
        "coverage_after": plan.coverage_after,
        "required_coverage_before": counts.required_coverage,
        "required_coverage_after": plan.required_coverage_after,
        "counts": _counts_body(counts),
    }


def session_body(one: ProposedSession) -> Body:
    line = one.line
    return {
        "number": one.number,
        "mode": line.way.value,
        "host_org": one.host_code,
        "day": line.day,
        "members": one.members,
        "required": len(line.required),
        "exempt": len(line.exempt),
        "coverage_after": one.coverage_after,
        "session": one.session_id,
    }


def _counts_body(counts: Counts) -> Body:
    return {
        "required": counts.required,
        "required_covered": counts.required_covered,
        "uncovered": counts.missing,
        "planned": counts.planned,
        "invited": counts.invited,
        "lost_contact": counts.lost,
        "gone": counts.gone,
        "exempt": counts.exempt,
    }
