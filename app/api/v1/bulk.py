"""Many people of a session at once: a sheet, everybody left, and taking one action back."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.bulk import BulkAnswer, BulkBody, RestBody, UndoBody, UndoneAnswer
from app.api.v1.sessions import SESSION_PATH
from app.attendance.services.bulk import Act, Noted, Rest, take_back_all, tick_all, tick_rest
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.office import session_rules


@bp.post(f"{SESSION_PATH}/attendance/bulk")
@permission("attendance.write")
@operation(
    "一次登记多人",
    "Record many at once",
    body=BulkBody(),
    answers={200: BulkAnswer()},
    errors=(409,),
    detail=(
        "全部登记或一个也不登记;已登记的人不改动,列在 kept 里。key 由调用方生成,原样重发不会多记。",
        "All or nothing; whoever is recorded already stays so and stands in kept. The caller makes the key:"
        " the same request again records nothing twice and answers the same.",
    ),
)
def post_bulk(session_id: int, body: dict[str, Any]) -> Any:
    people = {
        each["member"]: Noted(each["status"], each.get("excuse_reason") or None) for each in body["items"]
    }
    act = Act(session_id, body["key"], body["method"])
    return tick_all(act, people, current_scope(), utc_now(), **session_rules())


@bp.post(f"{SESSION_PATH}/attendance/rest")
@permission("attendance.write")
@operation(
    "登记其余所有人",
    "Record everybody left",
    body=RestBody(),
    answers={200: BulkAnswer()},
    errors=(409,),
    detail=(
        "应到名单上还没有登记的所有人,except 里的除外;不超过 shown 人,否则 409。",
        "Everybody expected and not recorded, but for those in except; 409 if there are more than shown.",
    ),
)
def post_rest(session_id: int, body: dict[str, Any]) -> Any:
    noted = Noted(body["status"], body.get("excuse_reason"))
    wanted = Rest(noted, body.get("q") or "", frozenset(body["except_"]), body.get("shown"))
    act = Act(session_id, body["key"])
    return tick_rest(act, wanted, current_scope(), utc_now(), **session_rules())


@bp.post(f"{SESSION_PATH}/attendance/undo")
@permission("attendance.write")
@operation(
    "撤销一次登记",
    "Undo one action",
    body=UndoBody(),
    answers={200: UndoneAnswer()},
    errors=(409,),
    detail=(
        "去掉用这个 key 登记、之后没有改过的记录。",
        "Removes the rows recorded under this key that nobody has changed since.",
    ),
)
def post_undo(session_id: int, body: dict[str, Any]) -> dict[str, int]:
    return {"taken_back": take_back_all(Act(session_id, body["key"]), current_scope(), utc_now())}
