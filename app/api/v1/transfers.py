"""Transfers at once, asked for and corrected; departures."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page
from app.api.v1.members import MEMBER_PATH, member_body
from app.api.v1.operation import operation
from app.api.v1.schemas.members import MemberDetailAnswer
from app.api.v1.schemas.transfers import (
    AcceptBody,
    AskBody,
    LeaveBody,
    RequestAnswer,
    RequestsAnswer,
    RequestsQuery,
    RightBranchBody,
    RightStartBody,
    TransferBody,
    UndoTransferBody,
)
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.paging import decode_cursor
from app.members.queries.transfer_requests import RequestRow, request_of, transfer_requests
from app.members.services import branch_history
from app.members.services import transfer_requests as requests
from app.members.services.transfers import end_membership, transfer_member

REQUEST_PATH = "/transfer-requests/<int:request_id>"


@bp.post(f"{MEMBER_PATH}/transfers")
@permission("members.write")
@operation(
    "组织关系转接",
    "Transfer a member",
    body=TransferBody(),
    answers={201: MemberDetailAnswer()},
    detail=(
        "自新支部接收之日起生效,此前的记录仍属原支部;重复提交不会改变什么。两个支部都要在负责的范围内,"
        "范围以外的支部请用 transfer-requests。",
        "Takes effect on the day the new branch accepts; a repeat changes nothing. Both branches lie within"
        " the caller's part of the tree; for others see transfer-requests.",
    ),
)
def transfer(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    transfer_member(member_id, body["org_code"], body["accepted_on"], current_scope(), utc_now())
    return member_body(member_id)


@bp.post(f"{MEMBER_PATH}/transfer-requests")
@permission("members.write")
@operation(
    "申请转到范围以外的支部",
    "Ask a branch outside to take a member over",
    body=AskBody(),
    answers={201: RequestAnswer()},
    errors=(409,),
    detail=(
        "对方接收之前,党员仍在原支部;每人最多一份待接收的申请,重复提交不会改变什么。",
        "The member stays until the other branch accepts. One request waits for a member at most; a repeat"
        " changes nothing.",
    ),
)
def ask(member_id: int, body: dict[str, Any]) -> RequestRow:
    request_id = requests.ask_transfer(member_id, body["org_code"], current_scope(), utc_now())
    return _request(request_id)


@bp.get("/transfer-requests")
@permission("members.write")
@operation(
    "列出转接申请",
    "List transfers asked for",
    query=RequestsQuery(),
    answers={200: RequestsAnswer()},
    detail=(
        "双方都能看到,新的在前。is_stale:申请之后该党员已转走,只能退回或撤回。",
        "Both sides see them, the latest first. is_stale: the member has moved on; it can only be declined or"
        " withdrawn.",
    ),
)
def list_requests(query: dict[str, Any]) -> dict[str, Any]:
    before = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else None
    states = [query["state"]] if query.get("state") else []
    limit = query["limit"]
    found = transfer_requests(
        db.session(), current_scope(), today(), states=states, limit=limit + 1, before=before
    )
    rows, more = one_page(found, limit)
    return list_body(rows, rows, more)


@bp.post(f"{REQUEST_PATH}/accept")
@permission("members.write")
@operation(
    "接收", "Accept a transfer", body=AcceptBody(), answers={200: RequestAnswer()}, errors=(409,),
    detail=("从接收日期起生效。", "Takes effect on the day of acceptance."),
)  # fmt: skip
def accept(request_id: int, body: dict[str, Any]) -> RequestRow:
    requests.accept_transfer(request_id, body["accepted_on"], current_scope(), utc_now())
    return _request(request_id)


@bp.post(f"{REQUEST_PATH}/decline")
@permission("members.write")
@operation("退回", "Decline a transfer", answers={200: RequestAnswer()}, errors=(409,))
def decline_request(request_id: int) -> RequestRow:
    requests.decline_transfer(request_id, current_scope(), utc_now())
    return _request(request_id)


@bp.post(f"{REQUEST_PATH}/withdraw")
@permission("members.write")
@operation("撤回", "Withdraw a request", answers={200: RequestAnswer()}, errors=(409,))
def withdraw_request(request_id: int) -> RequestRow:
    requests.withdraw_transfer(request_id, current_scope(), utc_now())
    return _request(request_id)


@bp.post(f"{MEMBER_PATH}/leave")
@permission("members.write")
@operation(
    "登记转出本区",
    "Record a departure",
    body=LeaveBody(),
    answers={200: MemberDetailAnswer()},
    detail=("转出日期是不再属于本区的第一天。", "left_on is the first day outside the district."),
)
def leave(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    end_membership(member_id, body["left_on"], current_scope(), utc_now())
    return member_body(member_id)


@bp.post(f"{MEMBER_PATH}/branches/correct-start")
@permission("members.write")
@operation(
    "改正开始日期",
    "Correct the first day of a branch",
    body=RightStartBody(),
    answers={200: MemberDetailAnswer()},
    detail=(
        "前一个支部的最后一天跟着改。已登记的签到仍记在登记时的支部。",
        "The branch before ends with it. Attendance keeps the branch it was recorded with.",
    ),
)
def correct_start(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    scope, now = current_scope(), utc_now()
    branch_history.correct_branch_start(member_id, body["was"], body["from_"], scope, now)
    return member_body(member_id)


@bp.post(f"{MEMBER_PATH}/branches/correct-org")
@permission("members.write")
@operation("改正支部", "Correct a branch", body=RightBranchBody(), answers={200: MemberDetailAnswer()})
def correct_org(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    branch_history.correct_branch(member_id, body["from_"], body["org_code"], current_scope(), utc_now())
    return member_body(member_id)


@bp.post(f"{MEMBER_PATH}/branches/undo-transfer")
@permission("members.write")
@operation(
    "撤销转接",
    "Undo a transfer",
    body=UndoTransferBody(),
    answers={200: MemberDetailAnswer()},
    detail=(
        "就像没有转接过;因转接而结束的流动登记和任职不会恢复。",
        "As if it had not been; the absence and the posts that it ended stay ended.",
    ),
)
def undo_transfer(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    branch_history.undo_transfer(member_id, body["accepted_on"], current_scope(), utc_now())
    return member_body(member_id)


@bp.post(f"{MEMBER_PATH}/branches/undo-leaving")
@permission("members.write")
@operation(
    "撤销转出",
    "Undo a departure",
    body=LeaveBody(),
    answers={200: MemberDetailAnswer()},
    detail=("一并结束的分类和任职不会恢复。", "The groups and posts that ended with it stay ended."),
)
def undo_leaving(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    branch_history.undo_leaving(member_id, body["left_on"], current_scope(), utc_now())
    return member_body(member_id)


def _request(request_id: int) -> RequestRow:
    found = request_of(db.session(), request_id, current_scope(), today())
    if found is None:
        raise NotFound()
    return found
