"""A session's roster, corrections of what was recorded, and one member's list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page
from app.api.v1.members import MEMBER_PATH
from app.api.v1.operation import operation
from app.api.v1.schemas.attendance import MemberAttendanceAnswer, MemberAttendanceQuery
from app.api.v1.schemas.sessions import (
    CorrectionAnswer,
    CorrectionBody,
    RosterAnswer,
    RosterQuery,
    SignedOutAnswer,
    StayAnswer,
    StayBody,
)
from app.api.v1.sessions import SESSION_PATH
from app.attendance.queries.adjustments import AdjustmentRow, waiting_at
from app.attendance.queries.member import member_attendance
from app.attendance.queries.session import RosterRow, roster
from app.attendance.reasons import reason_words
from app.attendance.services.adjust import withdraw
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.stay import set_stay, sign_out_by_staff
from app.core.access import current_scope, permission
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.office import session_rules
from app.core.paging import decode_cursor, encode_cursor
from app.core.vocabulary import Group
from app.members.queries.scoped import find_member
from app.trainings.queries.page import session_facts
from app.trainings.rules import Stay


@bp.get(f"{SESSION_PATH}/attendance")
@permission("sessions.read")
@operation(
    "场次花名册",
    "A session's roster",
    query=RosterQuery(),
    answers={200: RosterAnswer()},
    detail=(
        "应到的和已登记的每一个人;status 为 null 表示未登记,不是缺席。",
        "Everyone expected or recorded; a null status means not recorded, never absent.",
    ),
)
def list_attendance(session_id: int, query: dict[str, Any]) -> dict[str, Any]:
    session_facts(db.session(), session_id, current_scope(), utc_now())
    start = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    rows, total = roster(
        db.session(),
        session_id,
        search=query.get("q") or "",
        status=query.get("status"),
        only_unrecorded=query["unrecorded"],
        limit=query["limit"],
        offset=start,
    )
    end = start + len(rows)
    following = encode_cursor(end) if rows and end < total else None
    return {"count": total, "items": [_line(row) for row in rows], "next": following}


@bp.get(f"{MEMBER_PATH}/attendance")
@permission("members.read")
@operation(
    "一位党员的参加情况",
    "What was recorded of one member",
    query=MemberAttendanceQuery(),
    answers={200: MemberAttendanceAnswer()},
    detail=(
        "最近的场次在前;只有登记过的,没有登记的场次不在其中。",
        "The latest session first; only what was recorded, a session without a row is not among them.",
    ),
)
def list_member_attendance(member_id: int, query: dict[str, Any]) -> dict[str, Any]:
    if find_member(db.session(), member_id, current_scope(), today()) is None:
        raise NotFound()
    after: Any = decode_cursor(query["cursor"], (date, datetime, int)) if query.get("cursor") else None
    limit = query["limit"]
    found = member_attendance(db.session(), member_id, limit + 1, year=query.get("year"), after=after)
    rows, more = one_page(found, limit)
    return list_body(rows, rows, more)


@bp.patch(f"{SESSION_PATH}/attendance/<int:member_id>")
@permission("attendance.write")
@operation(
    "更正登记",
    "Correct what was recorded",
    body=CorrectionBody(),
    answers={200: CorrectionAnswer()},
    errors=(409,),
    detail=(
        "改动会留下记录:谁、何时、为何。还没有登记的会补登。已锁定的月份或年份里,登记不变,"
        "改动成为锁定后调整(adjustment)。",
        "Every change keeps who, when and why. A member not yet recorded is recorded. Of a locked month or"
        " year the row stays as it is, and the change waits as an adjustment.",
    ),
)
def correct(session_id: int, member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    scope, now, status = current_scope(), utc_now(), body["status"]
    if status is None:
        take_back(session_id, member_id, body["reason"], scope, now)
    else:
        excuse = body.get("excuse_reason")
        sighting = staff_sighting(session_id, member_id, status, excuse, scope.user_id, now)
        status = set_status(sighting, body["reason"], scope, now, **session_rules())
    body = {"session": session_id, "member": member_id, "status": status}
    waiting = waiting_at(db.session(), session_id, [member_id]).get(member_id)
    return body | {"adjustment": _adjustment(waiting)} if waiting else body


@bp.delete(f"{SESSION_PATH}/attendance/<int:member_id>/adjustment")
@permission("attendance.write")
@operation(
    "撤回锁定后调整",
    "Withdraw what waits for a locked row",
    answers={204: None},
    detail=("没有等待的调整时,什么也不变。", "Where nothing waits, nothing changes."),
)
def delete_adjustment(session_id: int, member_id: int) -> tuple[str, int]:
    withdraw(session_id, member_id, current_scope(), utc_now())
    return "", 204


def _adjustment(row: AdjustmentRow) -> dict[str, Any]:
    return {
        "status_before": row.status_before,
        "status_after": row.status_after,
        "minutes_before": row.minutes_before,
        "minutes_after": row.minutes_after,
        "reason": reason_words(row.reason),
        "by": row.made_by,
        "at": row.made_at,
    }


@bp.put(f"{SESSION_PATH}/attendance/<int:member_id>/times")
@permission("attendance.write")
@operation(
    "到和走的时间",
    "When somebody came and left",
    body=StayBody(),
    answers={200: StayAnswer()},
    errors=(409,),
    detail=(
        "null 表示不清楚:按从头、到结束计。状态和分钟数随之改变。已锁定时要写原因,登记不变,成为锁定后调整。",
        "null: not known, which counts as from the start or until the end. Status and minutes follow. Of a"
        " locked period a reason is needed, and the change waits as an adjustment.",
    ),
)
def put_times(session_id: int, member_id: int, body: dict[str, Any]) -> Any:
    stay, reason = Stay(body["came_at"], body["left_at"]), body.get("reason") or ""
    scope, now = current_scope(), utc_now()
    return set_stay(session_id, member_id, stay, scope, now, tz=office_tz(), reason=reason)


@bp.post(f"{SESSION_PATH}/attendance/<int:member_id>/sign-out")
@permission("attendance.write")
@operation(
    "签退",
    "Sign somebody out",
    answers={200: SignedOutAnswer()},
    errors=(409,),
    detail=(
        "只用于要签退的场次;再签一次,时间往后移。",
        "Only where the session asks for it. Again moves the time on.",
    ),
)
def post_sign_out(session_id: int, member_id: int) -> Any:
    return sign_out_by_staff(session_id, member_id, current_scope(), utc_now(), tz=office_tz())


def _line(row: RosterRow) -> dict[str, Any]:
    return {
        "member_id": row.member_id,
        "name": row.name,
        "org_name": row.org_name,
        # Of those expected: who comes beside them may be another branch's, whose affair it is.
        "groups": () if row.is_extra else Group.from_bits(row.groups),
        "is_extra": row.is_extra,
        "status": row.status,
        "excuse_reason": row.excuse_reason,
        "method": row.method,
        "occurred_at": row.occurred_at,
        "came_at": row.came_at,
        "left_at": row.left_at,
        "minutes": row.minutes,
    }
