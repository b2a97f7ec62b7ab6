"""What every view of the API needs beside its request: places and list positions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from app.core.access import Scope
from app.core.db import db
from app.core.errors import NotFound
from app.core.paging import encode_cursor
from app.members.queries.tree import OrgRow, org_by_code

Row = TypeVar("Row")


def require_org(code: str, scope: Scope, on: date) -> OrgRow:
    """The unit with this code; raises NotFound outside the scope."""
    found = org_by_code(db.session(), code, scope, on)
    if found is None:
        raise NotFound()
    return found


def one_page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], bool]:
    """The rows of a page out of one row more than fits, and whether more follow."""
    return rows[:limit], len(rows) > limit


def list_body(rows: Sequence[Any], items: Sequence[Any], more: bool) -> dict[str, Any]:
    """`{items, next}`; the rows' `sort_key` is what the next page goes on after."""
    return {"items": items, "next": encode_cursor(*rows[-1].sort_key) if more else None}
