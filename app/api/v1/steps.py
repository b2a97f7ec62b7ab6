"""The steps of a session's life: publish, open, close, cancel, reopen."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.sessions import SavedSessionAnswer, StepAnswer
from app.api.v1.sessions import SESSION_PATH
from app.core.access import current_scope, permission
from app.core.clock import office_tz, utc_now
from app.core.office import session_rules
from app.trainings.rules import Step
from app.trainings.services.lifecycle import publish_session, take_step


@bp.post(f"{SESSION_PATH}/publish")
@permission("sessions.write")
@operation(
    "发布",
    "Publish",
    answers={200: SavedSessionAnswer()},
    errors=(409,),
    detail=("应到名单在这时确定。", "The expected list is fixed now."),
)
def publish(session_id: int) -> Any:
    return publish_session(session_id, current_scope(), utc_now(), **session_rules())


@bp.post(f"{SESSION_PATH}/open")
@permission("sessions.write")
@operation("开始签到", "Open check-in", answers={200: StepAnswer()}, errors=(409,))
def open_session(session_id: int) -> dict[str, Any]:
    return _step(session_id, Step.OPEN)


@bp.post(f"{SESSION_PATH}/close")
@permission("sessions.write")
@operation("结束签到", "Close check-in", answers={200: StepAnswer()}, errors=(409,))
def close_session(session_id: int) -> dict[str, Any]:
    return _step(session_id, Step.CLOSE)


@bp.post(f"{SESSION_PATH}/cancel")
@permission("sessions.write")
@operation("取消场次", "Cancel", answers={200: StepAnswer()}, errors=(409,))
def cancel_session(session_id: int) -> dict[str, Any]:
    return _step(session_id, Step.CANCEL)


@bp.post(f"{SESSION_PATH}/reopen")
@permission("sessions.write")
@operation("重新开始签到", "Reopen check-in", answers={200: StepAnswer()}, errors=(409,))
def reopen_session(session_id: int) -> dict[str, Any]:
    return _step(session_id, Step.REOPEN)


def _step(session_id: int, step: Step) -> dict[str, Any]:
    state = take_step(session_id, step, current_scope(), utc_now(), tz=office_tz())
    return {"id": session_id, "status": state}
