"""Plans that reach everyone: asked for, read, looked into, and made into drafts."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.reach import (
    AppliedAnswer,
    ApplyPlanBody,
    PlannedMembersAnswer,
    PlannedMembersQuery,
    ReachPlanAnswer,
    ReachPlanBody,
)
from app.core.access import current_scope, permission
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.office import elderly_age
from app.core.paging import decode_cursor, encode_cursor
from app.core.tasks import TaskView
from app.core.vocabulary import TaskState
from app.reach.commands import Plan, PlanWish
from app.reach.queries.asked import order_of
from app.reach.queries.plans import plan_task, planned_members
from app.reach.rules import Way
from app.reach.serialise import plan_body, session_body
from app.reach.services.applying import apply_plan
from app.reach.services.planning import begin_plan

PLAN_PATH = "/reach-plans/<task_key:plan_id>"
# The body's names → the wish's.
_NAMES = {
    "from_": "first",
    "to": "last",
    "hold_from": "hold_first",
    "hold_to": "hold_last",
    "leave_invited": "leaves_invited",
}
_NO_PLAN: dict[str, Any] = {
    "sessions": [],
    "offers": [],
    "lower_bound": None,
    "gap": None,
    "solver": None,
    "coverage_before": None,
    "coverage_after": None,
    "required_coverage_before": None,
    "required_coverage_after": None,
    "counts": None,
}


@bp.post("/reach-plans")
@permission("reports.read")
@operation(
    "排出送学方案",
    "Ask for a plan that reaches everyone",
    body=ReachPlanBody(),
    answers={202: ReachPlanAnswer()},
    errors=(404,),
    detail=(
        "用最少的场次,覆盖所有应训而还没有覆盖到的党员。在后台计算,没有安排任何场次;方案保留一天。",
        "The fewest sessions that reach everyone required and not yet reached. The worker makes it; nothing"
        " is scheduled. A plan is kept for a day.",
    ),
)
def start_reach_plan(body: dict[str, Any]) -> dict[str, Any]:
    given = {_NAMES.get(name, name): value for name, value in body.items()}
    given["org"] = given.get("org") or None
    given["capacities"] = {Way(key): number for key, number in given.get("capacities", {}).items()}
    scope, day = current_scope(), today()
    asked = order_of(db.session(), PlanWish(**given), scope, day, elderly_age())
    token = begin_plan(asked.order, scope, utc_now())
    found, _order = plan_task(db.session(), token, scope, day)
    return _body(found)


@bp.get(PLAN_PATH)
@permission("reports.read")
@operation("查看送学方案", "Read a plan", answers={200: ReachPlanAnswer()})
def read_reach_plan(plan_id: str) -> dict[str, Any]:
    found, _order = plan_task(db.session(), plan_id, current_scope(), today())
    return _body(found)


@bp.get(f"{PLAN_PATH}/sessions/<int:number>/members")
@permission("reports.read")
@operation(
    "方案中一场的名单",
    "Members of a proposed session",
    query=PlannedMembersQuery(),
    answers={200: PlannedMembersAnswer()},
)
def read_planned_members(plan_id: str, number: int, query: dict[str, Any]) -> dict[str, Any]:
    scope, day = current_scope(), today()
    found, _order = plan_task(db.session(), plan_id, scope, day)
    one = _plan(found).numbered(number) if found.state is TaskState.DONE else None
    if one is None:
        raise NotFound()
    start = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    rows = planned_members(db.session(), one.line.member_ids, scope, day, elderly_age())
    end = start + query["limit"]
    items = [
        {
            "member": row.id,
            "name": row.name,
            "org_code": row.org_code,
            "groups": list(row.groups),
            "phone_masked": row.phone_masked,
        }
        for row in rows[start:end]
    ]
    return {"items": items, "next": encode_cursor(end) if end < len(rows) else None}


@bp.post(f"{PLAN_PATH}/apply")
@permission("sessions.write")
@operation(
    "把方案建成草稿",
    "Turn a plan into drafts",
    body=ApplyPlanBody(),
    answers={200: AppliedAnswer()},
    errors=(409,),
    detail=(
        "每一场只建一次,重复提交不会多建;有一场不能建,就一场都不建。",
        "Each proposed session is drafted once, however often it is asked for; all asked for, or none.",
    ),
)
def apply_reach_plan(plan_id: str, body: dict[str, Any]) -> dict[str, Any]:
    scope = current_scope()
    done = apply_plan(plan_id, body.get("sessions"), scope, utc_now(), tz=office_tz())
    found, _order = plan_task(db.session(), plan_id, scope, today())
    made = [session_body(one) for one in _plan(found).sessions if one.number in done.sessions]
    return {"new": done.new, "left_out": done.left_out, "sessions": made}


def _plan(found: TaskView) -> Plan:
    return Plan.from_data(found.result)


def _body(found: TaskView) -> dict[str, Any]:
    made = plan_body(_plan(found)) if found.state is TaskState.DONE else _NO_PLAN
    return {
        **made,
        "id": found.token,
        "state": found.state.value,
        "step": found.step,
        "detail": found.words or None,
    }
