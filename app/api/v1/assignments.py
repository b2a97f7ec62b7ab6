"""Units assigned to instructors and teams."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.accounts.supervision import services
from app.accounts.supervision.commands import DayChanges, Overseer, OverseerKind, RowKey, Span
from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.supervision import (
    AssignedAnswer,
    AssignmentChangesBody,
    AssignmentQuery,
    AssignmentsBody,
    OverseerAnswer,
)
from app.api.v1.supervision import INSTRUCTOR_PATH, TEAM_PATH, overseer_body
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.members.commands import KEEP

_DAYS = (
    "自 from 起(到 to 前一天)联系这些党组织及其下级;全部成功或全部不改。重复提交不会改变什么。",
    "The units and all below them, from `from` until before `to`; all or none. A repeat changes nothing.",
)
_OTHER_DAYS = (
    "写 to 即结束,to 为 null 表示一直联系,new_from 更正第一天;没有写的保持不变。",
    "`to` ends it, null opens it, new_from corrects the first day; what is left out stays as it is.",
)


@bp.post(f"{INSTRUCTOR_PATH}/assignments")
@permission("supervision.write")
@operation(
    "给指导员指派党组织",
    "Assign units to an instructor",
    body=AssignmentsBody(),
    answers={200: AssignedAnswer()},
    detail=_DAYS,
)
def assign_to_instructor(instructor_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return _assign(Overseer(OverseerKind.INSTRUCTOR, instructor_id), body)


@bp.post(f"{TEAM_PATH}/assignments")
@permission("supervision.write")
@operation(
    "给督导组指派党组织",
    "Assign units to a team",
    body=AssignmentsBody(),
    answers={200: AssignedAnswer()},
    detail=_DAYS,
)
def assign_to_team(team_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return _assign(Overseer(OverseerKind.TEAM, team_id), body)


@bp.patch(f"{INSTRUCTOR_PATH}/assignments")
@permission("supervision.write")
@operation(
    "结束或更正指导员的指派",
    "End or correct an assignment of an instructor",
    body=AssignmentChangesBody(),
    answers={200: OverseerAnswer()},
    detail=_OTHER_DAYS,
)
def reassign_instructor(instructor_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return _reassign(Overseer(OverseerKind.INSTRUCTOR, instructor_id), body)


@bp.patch(f"{TEAM_PATH}/assignments")
@permission("supervision.write")
@operation(
    "结束或更正督导组的指派",
    "End or correct an assignment of a team",
    body=AssignmentChangesBody(),
    answers={200: OverseerAnswer()},
    detail=_OTHER_DAYS,
)
def reassign_team(team_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return _reassign(Overseer(OverseerKind.TEAM, team_id), body)


@bp.delete(f"{INSTRUCTOR_PATH}/assignments")
@permission("supervision.write")
@operation(
    "删除误登的指派",
    "Take back a mistaken assignment of an instructor",
    query=AssignmentQuery(),
    answers={204: None},
)
def unassign_instructor(instructor_id: int, query: dict[str, Any]) -> tuple[None, int]:
    return _unassign(Overseer(OverseerKind.INSTRUCTOR, instructor_id), query)


@bp.delete(f"{TEAM_PATH}/assignments")
@permission("supervision.write")
@operation(
    "删除误登的指派",
    "Take back a mistaken assignment of a team",
    query=AssignmentQuery(),
    answers={204: None},
)
def unassign_team(team_id: int, query: dict[str, Any]) -> tuple[None, int]:
    return _unassign(Overseer(OverseerKind.TEAM, team_id), query)


def _assign(overseer: Overseer, body: dict[str, Any]) -> dict[str, Any]:
    done = services.assign_units(
        overseer, body["org_codes"], Span(body["from_"], body.get("to")), current_scope(), utc_now()
    )
    return asdict(done)


def _reassign(overseer: Overseer, body: dict[str, Any]) -> dict[str, Any]:
    key = RowKey(body["org_code"], body["from_"])
    days = DayChanges(body.get("new_from", KEEP), body.get("to", KEEP))
    services.edit_assignment(overseer, key, days, current_scope(), utc_now())
    return overseer_body(overseer)


def _unassign(overseer: Overseer, query: dict[str, Any]) -> tuple[None, int]:
    key = RowKey(query["org_code"], query["from_"])
    services.delete_assignment(overseer, key, current_scope(), utc_now())
    return None, 204
