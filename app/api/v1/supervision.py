"""Instructors, supervision teams, and the units assigned to them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from app.accounts.supervision import services
from app.accounts.supervision.commands import OfficialDraft, Overseer, OverseerKind, RowKey, Span
from app.accounts.supervision.queries import OverseerFilter, instructors, overseer_page, teams
from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.supervision import (
    AssignedAnswer,
    AssignmentQuery,
    AssignmentsBody,
    InstructorBody,
    InstructorsAnswer,
    OfficialBody,
    OverseerAnswer,
    OverseersQuery,
    TeamBody,
    TeamsAnswer,
)
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.vocabulary import FOREVER

_INSTRUCTOR, _TEAM = "/instructors/<int:instructor_id>", "/teams/<int:team_id>"
_SEEN = (
    "只列联系本范围内党组织的;今天的数目只计范围内的。",
    "Those with units of the caller's part of the tree; numbers are of today and of that part.",
)
_DAYS = (
    "自 from 起(到 to 前一天)联系这些党组织及其下级;全部成功或全部不改。重复提交不会改变什么。",
    "The units and all below them, from `from` until before `to`; all or none. A repeat changes nothing.",
)


@bp.get("/instructors")
@permission("supervision.read")
@operation(
    "列出指导员",
    "List instructors",
    query=OverseersQuery(),
    answers={200: InstructorsAnswer()},
    detail=_SEEN,
)
def list_instructors(query: dict[str, Any]) -> dict[str, Any]:
    rows, total = instructors(
        db.session(), current_scope(), _wanted(query), limit=query["limit"], offset=query["offset"]
    )
    return {"items": rows, "total": total}


@bp.get("/teams")
@permission("supervision.read")
@operation("列出督导组", "List teams", query=OverseersQuery(), answers={200: TeamsAnswer()}, detail=_SEEN)
def list_teams(query: dict[str, Any]) -> dict[str, Any]:
    rows, total = teams(
        db.session(), current_scope(), _wanted(query), limit=query["limit"], offset=query["offset"]
    )
    return {"items": rows, "total": total}


@bp.get(_INSTRUCTOR)
@permission("supervision.read")
@operation("查看一位指导员", "Read one instructor", answers={200: OverseerAnswer()})
def read_instructor(instructor_id: int) -> dict[str, Any]:
    return _body(Overseer(OverseerKind.INSTRUCTOR, instructor_id))


@bp.get(_TEAM)
@permission("supervision.read")
@operation("查看一个督导组", "Read one team", answers={200: OverseerAnswer()})
def read_team(team_id: int) -> dict[str, Any]:
    return _body(Overseer(OverseerKind.TEAM, team_id))


@bp.post("/instructors")
@permission("supervision.write")
@operation("新增指导员", "Add an instructor", body=InstructorBody(), answers={201: OverseerAnswer()})
def add_instructor(body: dict[str, Any]) -> dict[str, Any]:
    made = services.save_instructor(None, body["name"], body.get("work_place"), current_scope(), utc_now())
    return _body(Overseer(OverseerKind.INSTRUCTOR, made))


@bp.post("/teams")
@permission("supervision.write")
@operation("新增督导组", "Add a team", body=TeamBody(), answers={201: OverseerAnswer()})
def add_team(body: dict[str, Any]) -> dict[str, Any]:
    made = services.save_team(None, body["name"], current_scope(), utc_now())
    return _body(Overseer(OverseerKind.TEAM, made))


@bp.post(f"{_TEAM}/officials")
@permission("supervision.write")
@operation(
    "新增督导组成员",
    "Add an official to a team",
    body=OfficialBody(),
    answers={201: OverseerAnswer()},
    errors=(409,),
)
def add_team_official(team_id: int, body: dict[str, Any]) -> dict[str, Any]:
    draft = OfficialDraft(body["name"], _span(body), body.get("work_place"), body["is_leader"])
    services.add_official(team_id, draft, current_scope(), utc_now())
    return _body(Overseer(OverseerKind.TEAM, team_id))


@bp.post(f"{_INSTRUCTOR}/assignments")
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


@bp.post(f"{_TEAM}/assignments")
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


@bp.delete(f"{_INSTRUCTOR}/assignments")
@permission("supervision.write")
@operation(
    "删除误登的指派",
    "Take back a mistaken assignment of an instructor",
    query=AssignmentQuery(),
    answers={204: None},
)
def unassign_instructor(instructor_id: int, query: dict[str, Any]) -> tuple[None, int]:
    return _unassign(Overseer(OverseerKind.INSTRUCTOR, instructor_id), query)


@bp.delete(f"{_TEAM}/assignments")
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
    done = services.assign_units(overseer, body["org_codes"], _span(body), current_scope(), utc_now())
    return asdict(done)


def _unassign(overseer: Overseer, query: dict[str, Any]) -> tuple[None, int]:
    key = RowKey(query["org_code"], query["from_"])
    services.delete_assignment(overseer, key, current_scope(), utc_now())
    return None, 204


def _span(body: dict[str, Any]) -> Span:
    return Span(body["from_"], body.get("to"))


def _wanted(query: dict[str, Any]) -> OverseerFilter:
    return OverseerFilter(today(), query.get("q") or None, current_staff().may("supervision.write"))


def _body(overseer: Overseer) -> dict[str, Any]:
    scope = current_staff().scope("supervision.read")
    page = overseer_page(db.session(), overseer, scope, _wanted({}))
    if page is None:
        raise NotFound()
    return {
        "id": overseer.id,
        "name": page.name,
        "work_place": page.work_place,
        "assignments": [
            {"org_code": unit.org_code, "starts_on": unit.starts_on, "to": _open(unit.ends_on)}
            for unit in page.units
        ],
        "officials": [
            {
                "id": person.id,
                "name": person.name,
                "work_place": person.work_place,
                "is_leader": person.is_leader,
                "starts_on": person.starts_on,
                "to": _open(person.ends_on),
            }
            for person in page.officials
        ],
    }


def _open(ends_on: date) -> date | None:
    return None if ends_on == FOREVER else ends_on
