"""The organisation tree."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import require_org
from app.api.v1.operation import operation
from app.api.v1.schemas.orgs import OrgAnswer
from app.core.access import current_scope, permission
from app.core.clock import today
from app.core.db import db
from app.members.queries.tree import OrgRow, codes_by_id, tree


@bp.get("/orgs")
@permission("orgs.read")
@operation("列出组织树", "List the organisation tree", answers={200: OrgAnswer(many=True)})
def list_orgs() -> list[dict[str, Any]]:
    """The whole tree at once, ordered by code."""
    return _org_items(tree(db.session(), current_scope(), today()))


@bp.get("/orgs/<org_code:code>")
@permission("orgs.read")
@operation("查看一个组织", "Read one unit", answers={200: OrgAnswer()})
def read_org(code: str) -> dict[str, Any]:
    return _org_items([require_org(code, current_scope(), today())])[0]


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
