"""Members' wishes to have something about them corrected."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page
from app.api.v1.members import MEMBER_PATH
from app.api.v1.operation import operation
from app.api.v1.schemas.serving import (
    CorrectionRequestAnswer,
    CorrectionRequestBody,
    CorrectionRequestReplyBody,
    CorrectionRequestsAnswer,
    CorrectionRequestsQuery,
)
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.paging import decode_cursor
from app.members.queries.wishes import WishRow, wish_in_scope, wishes_after
from app.members.rules_wishes import Wish
from app.members.services.wishes import answer_wish, enter_wish


@bp.get("/correction-requests")
@permission("members.write")
@operation(
    "列出更正请求",
    "List correction requests",
    query=CorrectionRequestsQuery(),
    answers={200: CorrectionRequestsAnswer()},
    detail=("先提的在前。", "The oldest first."),
)
def list_correction_requests(query: dict[str, Any]) -> dict[str, Any]:
    after = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    found = wishes_after(
        db.session(), current_scope(), today(), query.get("state"), after, query["limit"] + 1
    )
    rows, more = one_page(found, query["limit"])
    return list_body(rows, rows, more)


@bp.post(f"{MEMBER_PATH}/correction-requests")
@permission("members.write")
@operation(
    "代党员登记更正请求",
    "Enter a correction request for a member",
    body=CorrectionRequestBody(),
    answers={201: CorrectionRequestAnswer()},
    detail=(
        "同样的内容还没有答复时再次提交,得到的是原来那一条。",
        "The same words again while they wait for an answer are the same request.",
    ),
)
def enter_correction_request(member_id: int, body: dict[str, Any]) -> WishRow:
    return _found(enter_wish(member_id, Wish(body["about"], body["text"]), current_scope(), utc_now()))


@bp.post("/correction-requests/<int:wish_id>/answer")
@permission("members.write")
@operation(
    "答复更正请求",
    "Answer a correction request",
    body=CorrectionRequestReplyBody(),
    answers={200: CorrectionRequestAnswer()},
    errors=(409,),
    detail=(
        "没有改的(declined)须说明原因;相同的答复可以重复提交。",
        "declined needs a reason; the same answer again changes nothing.",
    ),
)
def answer_correction_request(wish_id: int, body: dict[str, Any]) -> WishRow:
    answer_wish(wish_id, body["state"], body["answer"], current_scope(), utc_now())
    return _found(wish_id)


def _found(wish_id: int) -> WishRow:
    row = wish_in_scope(db.session(), wish_id, current_scope(), today())
    if row is None:
        raise NotFound()
    return row
