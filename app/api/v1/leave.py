"""Leave: asked for on a member's behalf, approved, declined, withdrawn."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page
from app.api.v1.operation import operation
from app.api.v1.schemas.absences import (
    LeaveAnswer,
    LeaveDecisionBody,
    LeaveQuery,
    LeaveRequestBody,
    LeavesAnswer,
)
from app.api.v1.sessions import SESSION_PATH
from app.attendance.queries.absences import LeaveRow, leave_after, leave_row
from app.attendance.services.leave import ask_leave, decide_leave, enter_leave, withdraw_leave
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.office import session_rules
from app.core.paging import decode_cursor
from app.core.vocabulary import LeaveState

LEAVE_PATH = f"{SESSION_PATH}/leave/<int:member_id>"


@bp.get("/leave")
@permission("attendance.write")
@operation(
    "列出请假",
    "List leave",
    query=LeaveQuery(),
    answers={200: LeavesAnswer()},
    detail=(
        "先提的在前;state=open 只列还要答复的,取消的场次和后来到场的人不在其中。",
        "The oldest first; state=open lists what still waits: neither of a cancelled session nor of somebody"
        " who came after all.",
    ),
)
def list_leave(query: dict[str, Any]) -> dict[str, Any]:
    after = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    found = leave_after(
        db.session(), current_scope(), utc_now(), query.get("state"), after, query["limit"] + 1
    )
    rows, more = one_page(found, query["limit"])
    return list_body(rows, rows, more)


@bp.post(LEAVE_PATH)
@permission("attendance.write")
@operation(
    "登记请假",
    "Enter leave",
    body=LeaveRequestBody(),
    answers={200: LeaveAnswer()},
    errors=(409,),
    detail=(
        "应到的人事前事后都可以请假;重复提交是同一条。approve 为 true 时同时批准。",
        "For whom the session expects, in advance or afterwards; twice is one request."
        " approve: true approves it in the same step.",
    ),
)
def post_leave(session_id: int, member_id: int, body: dict[str, Any]) -> LeaveRow:
    now, scope = utc_now(), current_scope()
    if body["approve"]:
        enter_leave(session_id, member_id, body["reason"], scope, now, **session_rules())
    else:
        ask_leave(session_id, member_id, body["reason"], scope, now)
    return _found(session_id, member_id)


@bp.patch(LEAVE_PATH)
@permission("attendance.write")
@operation(
    "批准、不批准或撤回请假",
    "Approve, decline or withdraw leave",
    body=LeaveDecisionBody(),
    answers={200: LeaveAnswer()},
    errors=(409,),
    detail=(
        "批准后登记为请假,不会覆盖已经到场的登记;同样的答复可以重复提交。",
        "Approved, the ledger says excused; it never overwrites somebody who came. The same again is fine.",
    ),
)
def patch_leave(session_id: int, member_id: int, body: dict[str, Any]) -> LeaveRow:
    now, scope, state = utc_now(), current_scope(), body["state"]
    if state is LeaveState.WITHDRAWN:
        withdraw_leave(session_id, member_id, scope, now)
    else:
        approve = state is LeaveState.APPROVED
        decide_leave(session_id, member_id, approve, scope, now, **session_rules())
    return _found(session_id, member_id)


def _found(session_id: int, member_id: int) -> LeaveRow:
    row = leave_row(db.session(), session_id, member_id, current_scope(), utc_now())
    if row is None:
        raise NotFound()
    return row
