"""Months and years whose figures stand still."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.locks import LockAnswer, LockBody, LocksAnswer, LocksQuery, UnlockBody, UnlockedAnswer
from app.attendance.queries.locks import lock_rows
from app.attendance.services.locks import lock_period, unlock_period
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.office import session_rules
from app.core.paging import decode_cursor, encode_cursor


@bp.get("/locks")
@permission("settings.write")
@operation(
    "已锁定的月份和年份",
    "Locked months and years",
    query=LocksQuery(),
    answers={200: LocksAnswer()},
    detail=("已解锁的也在其中。", "Those unlocked again are among them."),
)
def list_locks(query: dict[str, Any]) -> dict[str, Any]:
    start = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    rows, total = lock_rows(db.session(), limit=query["limit"], offset=start)
    end = start + len(rows)
    return {
        "count": total,
        "items": [
            {name: getattr(row, name) for name in row.__slots__}
            | {"first_on": row.first_on.isoformat(), "last_on": row.last_on.isoformat()}
            for row in rows
        ],
        "next": encode_cursor(end) if rows and end < total else None,
    }


@bp.post("/locks")
@permission("settings.write")
@operation(
    "锁定一个月或一年",
    "Lock a month or a year",
    body=LockBody(),
    answers={201: LockAnswer()},
    errors=(404, 409),
    detail=(
        "从此这些日子的数字不再变动;更正改为“锁定后调整”。重复锁定没有影响。只有管全部组织的管理员可以锁定。",
        "From then on the figures of these days stand still, and corrections become adjustments. Again it"
        " changes nothing. Only for administrators of the whole office.",
    ),
)
def post_lock(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    return {"id": lock_period(body["year"], body.get("month"), current_scope(), utc_now())}, 201


@bp.post("/locks/<int:lock_id>/unlock")
@permission("settings.write")
@operation(
    "解锁",
    "Unlock",
    body=UnlockBody(),
    answers={200: UnlockedAnswer()},
    errors=(404,),
    detail=(
        "等待的调整在同一步作为更正计入。重复解锁没有影响。",
        "Adjustments that wait become ordinary corrections in the same step. Again it changes nothing.",
    ),
)
def post_unlock(lock_id: int, body: dict[str, Any]) -> dict[str, Any]:
    done = unlock_period(lock_id, body["reason"], current_scope(), utc_now(), **session_rules())
    return {"applied": done.applied}
