"""The organisation tree: reading it, and every change of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.orgs import (
    CloseBody,
    MergeBody,
    MoveBody,
    OrgAnswer,
    OrgBody,
    OrgChangesBody,
    OrgDetailAnswer,
)
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.vocabulary import FOREVER
from app.members.commands import KEEP, OrgChanges, OrgDraft
from app.members.queries.orgs import former_names
from app.members.queries.tree import OrgRow, closed_units, codes_by_id, org_by_code, tree
from app.members.services.closing import close_org, merge_orgs, reopen_org
from app.members.services.orgs import change_org, create_org, move_org

ORG_PATH = "/orgs/<org_code:code>"


@bp.get("/orgs")
@permission("orgs.read")
@operation("列出组织树", "List the organisation tree", answers={200: OrgAnswer(many=True)})
def list_orgs() -> list[dict[str, Any]]:
    """The whole tree at once, ordered by code; without units that are closed."""
    return _org_items(tree(db.session(), current_scope(), today()))


@bp.get(ORG_PATH)
@permission("orgs.read")
@operation(
    "查看一个组织",
    "Read one unit",
    answers={200: OrgDetailAnswer()},
    detail=("已撤销的组织按最后一天的样子给出。", "A closed unit is shown as of its last day."),
)
def read_org(code: str) -> dict[str, Any]:
    return _org_body(code)


@bp.post("/orgs")
@permission("orgs.write")
@operation("新增组织", "Add a unit", body=OrgBody(), answers={201: OrgDetailAnswer()})
def add_org(body: dict[str, Any]) -> dict[str, Any]:
    create_org(OrgDraft(**body), current_scope(), utc_now())
    return _org_body(body["code"])


@bp.patch(ORG_PATH)
@permission("orgs.write")
@operation(
    "更改名称、类型或领域",
    "Change a unit's name, kind or sector",
    body=OrgChangesBody(),
    answers={200: OrgDetailAnswer()},
    detail=(
        "没有写的字段保持不变。从某一天起的改变不影响以前日期的分类和覆盖率。",
        "What is left out stays. A change from a day on leaves groups and coverage of earlier days alone.",
    ),
)
def patch_org(code: str, body: dict[str, Any]) -> dict[str, Any]:
    changes = OrgChanges(
        name=body.get("name", KEEP),
        name_from=body.get("name_from"),
        kind=body.get("kind", KEEP),
        sector=body.get("sector", KEEP),
        changed_from=body.get("changed_from", today()),
    )
    change_org(code, changes, current_scope(), utc_now())
    return _org_body(code)


@bp.post(f"{ORG_PATH}/moves")
@permission("orgs.write")
@operation(
    "调整上级",
    "Move a unit",
    body=MoveBody(),
    answers={201: OrgDetailAnswer()},
    detail=(
        "从这一天起连同所有下级计入新的上级,以前不变;同一天调回原上级即为撤回,重复提交不会改变什么。",
        "From that day on, with all below it; earlier days stay. Back on the same day undoes a move;"
        " a repeat changes nothing.",
    ),
)
def move(code: str, body: dict[str, Any]) -> dict[str, Any]:
    move_org(code, body["parent_code"], body["on"], current_scope(), utc_now())
    return _org_body(code)


@bp.post(f"{ORG_PATH}/merge")
@permission("orgs.write")
@operation(
    "并入其他组织",
    "Merge a unit into another",
    body=MergeBody(),
    answers={200: OrgDetailAnswer()},
    detail=(
        "党员从这一天起编入接收的组织,下级改挂,任职和标签结束;以前的数字不变。返回已撤销的组织。",
        "Members and units below go over from that day on, posts and tags end; earlier figures stay."
        " Answers with the closed unit.",
    ),
)
def merge(code: str, body: dict[str, Any]) -> dict[str, Any]:
    merge_orgs(code, body["into"], body["on"], current_scope(), utc_now())
    return _org_body(code)


@bp.post(f"{ORG_PATH}/close")
@permission("orgs.write")
@operation(
    "撤销组织",
    "Close a unit",
    body=CloseBody(),
    answers={200: OrgDetailAnswer()},
    detail=(
        "没有党员和下级组织时才能撤销;重复提交不会改变什么。",
        "Only without members and units below; a repeat changes nothing.",
    ),
)
def close(code: str, body: dict[str, Any]) -> dict[str, Any]:
    close_org(code, body["on"], current_scope(), utc_now())
    return _org_body(code)


@bp.post(f"{ORG_PATH}/reopen")
@permission("orgs.write")
@operation(
    "恢复撤销的组织",
    "Take the closing of a unit back",
    answers={200: OrgDetailAnswer()},
    detail=(
        "如同没有撤销过;任职要重新登记。",
        "As if never closed; posts are to be entered again.",
    ),
)
def reopen(code: str) -> dict[str, Any]:
    reopen_org(code, current_scope(), utc_now())
    return _org_body(code)


def _org_body(code: str) -> dict[str, Any]:
    session, scope, on = db.session(), current_scope(), today()
    found = org_by_code(session, code, scope, on)
    closed = None
    if found is None:
        closed = next(iter(closed_units(session, scope, on, code)), None)
        if closed is None:
            raise NotFound()
        found = closed.row
    return {
        **_org_items([found])[0],
        "sector": found.sector,
        "former_names": former_names(session).get(found.id, ()),
        "closed_on": closed.closed_on if closed else None,
        "merged_into": closed.merged_into[0] if closed and closed.merged_into else None,
    }


def open_end(ends_on: date) -> date | None:
    """The half-open end of a row as answers say it: null while it is open."""
    return ends_on if ends_on < FOREVER else None


def _org_items(rows: list[OrgRow]) -> list[dict[str, Any]]:
    paths = {row.id: [int(part) for part in row.path.strip("/").split("/")] for row in rows}
    codes = codes_by_id(db.session(), list({org_id for path in paths.values() for org_id in path}))
    return [
        {
            "code": row.code,
            "name": row.name,
            "kind": row.kind,
            "parent_code": row.parent_code,
            "path": "/" + "".join(f"{codes[org_id]}/" for org_id in paths[row.id]),
        }
        for row in rows
    ]
