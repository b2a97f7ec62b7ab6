"""Rounds of home visits: taken along, listed and stopped. Their ticks come in at /rounds/{id}/ticks."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.rounds import RoundBody, RoundsAnswer, TakenRoundAnswer
from app.api.v1.sessions import SESSION_PATH
from app.checkin.queries.rounds import RoundRow, rounds_of
from app.checkin.services.rounds import TakenRound, stop_round, take_round
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.office import elderly_age
from app.trainings.queries.sessions import scoped_session


@bp.get(f"{SESSION_PATH}/rounds")
@permission("attendance.write")
@operation("带走的名单", "Rounds of a session", answers={200: RoundsAnswer()})
def list_rounds(session_id: int) -> dict[str, list[RoundRow]]:
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    return {"items": rounds_of(db.session(), session_id)}


@bp.post(f"{SESSION_PATH}/rounds")
@permission("attendance.write")
@operation(
    "带走名单",
    "Take a round along",
    body=RoundBody(),
    answers={201: TakenRoundAnswer()},
    errors=(409,),
    detail=(
        "离线登记用:只带姓名、支部和这一份里的 ref。登记用这里的 token 传到"
        " POST /rounds/{id}/ticks(不在 /api/v1 下),到期后仍可补传。",
        "For visits without a network: names, branch names and refs of this round alone. Ticks are sent with"
        " this token to POST /rounds/{id}/ticks (outside /api/v1), also after the round has expired.",
    ),
)
def take_round_along(session_id: int, body: dict[str, Any]) -> TakenRound:
    return take_round(session_id, body["members"], current_scope(), utc_now(), elderly_age=elderly_age())


@bp.delete(f"{SESSION_PATH}/rounds/<int:round_id>")
@permission("attendance.write")
@operation("停用带走的名单", "Stop a round", answers={204: None})
def stop_round_taken(session_id: int, round_id: int) -> None:
    stop_round(session_id, round_id, current_scope(), utc_now())
