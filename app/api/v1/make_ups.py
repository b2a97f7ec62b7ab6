"""Making up what was missed: the list of a member, planning, having done it, and taking it back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.members import MEMBER_PATH
from app.api.v1.operation import operation
from app.api.v1.schemas.absences import (
    MakeUpAnswer,
    MakeUpDoneBody,
    MakeUpPlanBody,
    MissedAnswer,
    MissedQuery,
)
from app.api.v1.sessions import SESSION_PATH
from app.attendance.queries.absences import missed_by
from app.attendance.queries.ways import ways_for
from app.attendance.rules_absence import Studied, Way
from app.attendance.services.make_up import drop_make_up, finish_make_up, plan_make_up
from app.core.access import current_scope, permission
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.vocabulary import MakeUpState
from app.members.queries.scoped import find_member

MAKE_UP_PATH = f"{SESSION_PATH}/make-ups/<int:member_id>"
MOST_MISSED = 200


@bp.get(f"{MEMBER_PATH}/missed")
@permission("members.read")
@operation(
    "一位党员可以补的场次",
    "What a member can make up",
    query=MissedQuery(),
    answers={200: MissedAnswer()},
    detail=(
        "缺席、请假、没有登记到的场次,已补的也在其中,最近的在前;ways 是可以去补的场次。",
        "Sessions missed, excused or not recorded, with those made up already, the latest first;"
        " ways: sessions in which to make them up.",
    ),
)
def list_missed(member_id: int, query: dict[str, Any]) -> dict[str, Any]:
    session, now = db.session(), utc_now()
    if find_member(session, member_id, current_scope(), today()) is None:
        raise NotFound()
    year = query.get("year") or today().year
    days = (date(year, 1, 1), date(year, 12, 31))
    rows = missed_by(session, member_id, days, MOST_MISSED, done=True)
    open_ids = [row.session_id for row in rows if row.state is None]
    ways = ways_for(session, member_id, open_ids, now)
    return {"items": [asdict(row) | {"ways": ways.get(row.session_id, [])} for row in rows]}


@bp.post(MAKE_UP_PATH)
@permission("attendance.write")
@operation(
    "安排补学",
    "Plan a make-up",
    body=MakeUpPlanBody(),
    answers={200: MakeUpAnswer()},
    errors=(409,),
    detail=(
        "在另一场补(via),或单独补(mode,默认送学上门)。那一场结束、本人到场后自动算作补学,"
        "计入缺的那一场,只计一次。重复提交不会多出一条。",
        "In another session (via), or by itself (mode, by default a home visit). Once that session is over"
        " and the member has come, it counts by itself, once, at the session that was missed."
        " The same again changes nothing.",
    ),
)
def post_make_up(session_id: int, member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    way = Way(body["via"], body["mode"])
    state = plan_make_up(session_id, member_id, way, current_scope(), utc_now(), tz=office_tz())
    return _answer(session_id, member_id, state)


@bp.patch(MAKE_UP_PATH)
@permission("attendance.write")
@operation(
    "登记已补",
    "Say that it was made up",
    body=MakeUpDoneBody(),
    answers={200: MakeUpAnswer()},
    errors=(409,),
    detail=(
        "不需要先安排。计入的分钟不超过缺的那一场。",
        "No plan is needed before. No more minutes count than were missed.",
    ),
)
def patch_make_up(session_id: int, member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    studied = Studied(body["done_on"], body["minutes"], body["mode"])
    state = finish_make_up(session_id, member_id, studied, current_scope(), utc_now(), tz=office_tz())
    return _answer(session_id, member_id, state)


@bp.delete(MAKE_UP_PATH)
@permission("attendance.write")
@operation(
    "撤销补学",
    "Take a make-up back",
    answers={204: None},
    detail=("缺的那一场恢复原来的登记。", "The session that was missed says again what it said before."),
)
def delete_make_up(session_id: int, member_id: int) -> tuple[None, int]:
    drop_make_up(session_id, member_id, current_scope(), utc_now(), tz=office_tz())
    return None, 204


def _answer(session_id: int, member_id: int, state: MakeUpState | None) -> dict[str, Any]:
    return {"session": session_id, "member": member_id, "state": state}
