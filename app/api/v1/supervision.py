"""Instructors and supervision teams: listed, read, added, corrected, taken back."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.accounts.supervision import services
from app.accounts.supervision.commands import Overseer, OverseerKind, PersonChanges
from app.accounts.supervision.queries import OverseerFilter, instructors, overseer_page, teams
from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.supervision import (
    InstructorBody,
    InstructorChangesBody,
    InstructorsAnswer,
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

INSTRUCTOR_PATH, TEAM_PATH = "/instructors/<int:instructor_id>", "/teams/<int:team_id>"
_SEEN = (
    "只列联系本范围内党组织的;今天的数目只计范围内的。",
    "Those with units of the caller's part of the tree; numbers are of today and of that part.",
)
_WHOLE = (
    "没有写的字段保持不变,写 null 表示清空。还联系着范围以外支部的不能改(409 also_elsewhere)。",
    "What is left out stays as it is, null makes it blank. Whoever has units elsewhere too is refused"
    " (409 also_elsewhere).",
)
_UNUSED = (
    "联系过支部或有成员的不能删除(409 in_use);请结束那些记录。",
    "Refused once they had a unit or an official (409 in_use): end those rows instead.",
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


@bp.get(INSTRUCTOR_PATH)
@permission("supervision.read")
@operation("查看一位指导员", "Read one instructor", answers={200: OverseerAnswer()})
def read_instructor(instructor_id: int) -> dict[str, Any]:
    return overseer_body(Overseer(OverseerKind.INSTRUCTOR, instructor_id))


@bp.get(TEAM_PATH)
@permission("supervision.read")
@operation("查看一个督导组", "Read one team", answers={200: OverseerAnswer()})
def read_team(team_id: int) -> dict[str, Any]:
    return overseer_body(Overseer(OverseerKind.TEAM, team_id))


@bp.post("/instructors")
@permission("supervision.write")
@operation("新增指导员", "Add an instructor", body=InstructorBody(), answers={201: OverseerAnswer()})
def add_instructor(body: dict[str, Any]) -> dict[str, Any]:
    made = services.save_instructor(None, body["name"], body.get("work_place"), current_scope(), utc_now())
    return overseer_body(Overseer(OverseerKind.INSTRUCTOR, made))


@bp.post("/teams")
@permission("supervision.write")
@operation("新增督导组", "Add a team", body=TeamBody(), answers={201: OverseerAnswer()})
def add_team(body: dict[str, Any]) -> dict[str, Any]:
    made = services.save_team(None, body["name"], current_scope(), utc_now())
    return overseer_body(Overseer(OverseerKind.TEAM, made))


@bp.patch(INSTRUCTOR_PATH)
@permission("supervision.write")
@operation(
    "更正指导员",
    "Correct an instructor",
    body=InstructorChangesBody(),
    answers={200: OverseerAnswer()},
    errors=(409,),
    detail=_WHOLE,
)
def change_instructor(instructor_id: int, body: dict[str, Any]) -> dict[str, Any]:
    services.edit_instructor(instructor_id, PersonChanges(**body), current_scope(), utc_now())
    return overseer_body(Overseer(OverseerKind.INSTRUCTOR, instructor_id))


@bp.patch(TEAM_PATH)
@permission("supervision.write")
@operation(
    "更改督导组名称",
    "Rename a team",
    body=TeamBody(),
    answers={200: OverseerAnswer()},
    errors=(409,),
    detail=_WHOLE,
)
def change_team(team_id: int, body: dict[str, Any]) -> dict[str, Any]:
    services.save_team(team_id, body["name"], current_scope(), utc_now())
    return overseer_body(Overseer(OverseerKind.TEAM, team_id))


@bp.delete(INSTRUCTOR_PATH)
@permission("supervision.write")
@operation(
    "删除误登的指导员",
    "Take back an instructor entered by mistake",
    answers={204: None},
    errors=(409,),
    detail=_UNUSED,
)
def delete_instructor(instructor_id: int) -> tuple[None, int]:
    services.delete_overseer(Overseer(OverseerKind.INSTRUCTOR, instructor_id), current_scope(), utc_now())
    return None, 204


@bp.delete(TEAM_PATH)
@permission("supervision.write")
@operation(
    "删除误登的督导组",
    "Take back a team entered by mistake",
    answers={204: None},
    errors=(409,),
    detail=_UNUSED,
)
def delete_team(team_id: int) -> tuple[None, int]:
    services.delete_overseer(Overseer(OverseerKind.TEAM, team_id), current_scope(), utc_now())
    return None, 204


def _wanted(query: dict[str, Any]) -> OverseerFilter:
    return OverseerFilter(today(), query.get("q") or None, current_staff().may("supervision.write"))


def overseer_body(overseer: Overseer) -> dict[str, Any]:
    """An instructor or team with units and officials; raises NotFound. Accounts for those who assign."""
    scope = current_staff().scope("supervision.read")
    wanted = _wanted({})
    page = overseer_page(db.session(), overseer, scope, wanted)
    if page is None:
        raise NotFound()
    return {
        "id": overseer.id,
        "name": page.name,
        "work_place": page.work_place,
        "username": page.username if wanted.unassigned else None,
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
                "username": person.username if wanted.unassigned else None,
                "starts_on": person.starts_on,
                "to": _open(person.ends_on),
            }
            for person in page.officials
        ],
    }


def _open(ends_on: date) -> date | None:
    return None if ends_on == FOREVER else ends_on
