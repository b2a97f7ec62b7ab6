"""What about check-ins a person should look at, and deciding it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page
from app.api.v1.operation import operation
from app.api.v1.schemas.reviews import DecisionBody, ReviewAnswer, ReviewsAnswer, ReviewsQuery
from app.attendance.queries.reviews import (
    ReviewFilter,
    ReviewRow,
    concerned,
    review_in_scope,
    reviews_after,
)
from app.attendance.queries.session import recorder_names
from app.attendance.services.decide_review import Decision, decide, reopen
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.office import session_rules
from app.core.paging import decode_cursor
from app.core.vocabulary import ReviewKind

_COUNTS = ("members", "before", "attended", "room", "minutes", "count", "offset_seconds")


@bp.get("/reviews")
@permission("attendance.write")
@operation(
    "列出需要核对的情况",
    "List what should be looked at",
    query=ReviewsQuery(),
    answers={200: ReviewsAnswer()},
    detail=(
        "先出现的在前。这里只是提醒:没有拦下任何人,登记照常计入,由人决定。",
        "The oldest first. Nothing is blocked for being here: rows count until a person decides.",
    ),
)
def list_reviews(query: dict[str, Any]) -> dict[str, Any]:
    after = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    wanted = ReviewFilter(decided=None, state=query.get("state"), session_id=query.get("session"))
    found = reviews_after(db.session(), wanted, current_scope(), utc_now(), after, query["limit"] + 1)
    rows, more = one_page(found, query["limit"])
    return list_body(rows, _bodies(rows), more)


@bp.post("/reviews/<int:review_id>")
@permission("attendance.write")
@operation(
    "决定一处情况",
    "Decide one of them",
    body=DecisionBody(),
    answers={200: ReviewAnswer()},
    errors=(404, 409),
    detail=(
        "fine 不改任何登记(late_tick 则记下);not_there 把 members 改为缺席,不在应到名单上的撤销登记。"
        "相同的决定可以重复提交;别人已作不同的决定时回答 409 并说明。",
        "fine leaves every row as it is (a late_tick is recorded); not_there sets members to absent and takes"
        " back those who were not expected. The same decision again changes nothing; where somebody else has"
        " decided otherwise the answer is 409 and says what.",
    ),
)
def decide_review(review_id: int, body: dict[str, Any]) -> dict[str, Any]:
    _found(review_id)
    decision = Decision(body["decision"], body["members"])
    decide(review_id, decision, current_scope(), utc_now(), **session_rules())
    return _bodies([_found(review_id)])[0]


@bp.post("/reviews/<int:review_id>/reopen")
@permission("attendance.write")
@operation(
    "重新打开",
    "Take a decision back",
    answers={200: ReviewAnswer()},
    errors=(404, 409),
    detail=(
        "当时改动的登记,之后没有人再改过的,改回原样。",
        "Rows that the decision changed are put back, unless somebody has changed them since.",
    ),
)
def reopen_review(review_id: int) -> dict[str, Any]:
    _found(review_id)
    reopen(review_id, current_scope(), utc_now(), **session_rules())
    return _bodies([_found(review_id)])[0]


def _found(review_id: int) -> ReviewRow:
    row = review_in_scope(db.session(), review_id, current_scope(), utc_now())
    if row is None:
        raise NotFound()
    return row


def _bodies(rows: Sequence[ReviewRow]) -> list[dict[str, Any]]:
    session = db.session()
    people = concerned(session, rows)
    names = recorder_names(session, {row.decided_by_id for row in rows if row.decided_by_id is not None})
    return [
        {
            **{name: getattr(row, name) for name in row.__slots__},
            "evidence": {
                **{name: row.evidence.get(name) for name in _COUNTS},
                "first_at": row.first_at,
                "last_at": row.last_at,
            },
            "people": people.get(row.id, []),
            "tick": row if row.kind is ReviewKind.LATE_TICK else None,
            "decided_by": names.get(row.decided_by_id or 0),
        }
        for row in rows
    ]
