"""The check-in code that the hall's screen shows now, and the one on paper."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import Raw, operation
from app.api.v1.schemas.sessions import CodeAnswer, PrintedCodeAnswer
from app.api.v1.sessions import SESSION_PATH
from app.checkin.services.codes import CurrentCode, current_code
from app.checkin.services.printed import printed_address, renew_printed_code, withdraw_printed_code
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.office import base_url, code_step_seconds
from app.core.qr import qr_png, qr_svg
from app.trainings.queries.page import session_facts

_ON_PAPER = (
    "只在场次开放签到且在 valid_from 至 valid_until 之间有效;没有时 404。凭它的签到 method 为 printed_code。",
    "Good while the session is open, from valid_from to valid_until; 404 where there is none. Check-ins with"
    " it have the method printed_code and are marked in every report.",
)


@bp.get(f"{SESSION_PATH}/code")
@permission("attendance.write")
@operation(
    "当前签到码",
    "The present code",
    answers={200: CodeAnswer()},
    errors=(409,),
    detail=(
        "每 period_seconds 秒换一次,到 expires_at 请再取;换下的码还能再用一轮。",
        "Replaced every period_seconds: fetch it again at expires_at. A replaced code passes for one"
        " step more.",
    ),
)
def read_code(session_id: int) -> CurrentCode:
    return _present(session_id)


@bp.get(f"{SESSION_PATH}/code.svg")
@permission("attendance.write")
@operation("当前签到码(SVG)", "The present code as SVG", answers={200: Raw("image/svg+xml")}, errors=(409,))
def read_code_svg(session_id: int) -> str:
    return qr_svg(_present(session_id).url)


@bp.get(f"{SESSION_PATH}/code.png")
@permission("attendance.write")
@operation("当前签到码(PNG)", "The present code as PNG", answers={200: Raw("image/png")}, errors=(409,))
def read_code_png(session_id: int) -> bytes:
    return qr_png(_present(session_id).url)


def _present(session_id: int) -> CurrentCode:
    return current_code(
        session_id, current_scope(), utc_now(), base_url=base_url(), step_seconds=code_step_seconds()
    )


@bp.get(f"{SESSION_PATH}/printed-code")
@permission("attendance.write")
@operation(
    "张贴的签到码", "The code on paper", answers={200: PrintedCodeAnswer()}, errors=(404,), detail=_ON_PAPER
)
def read_printed_code(session_id: int) -> dict[str, Any]:
    return _on_paper(session_id)


@bp.post(f"{SESSION_PATH}/printed-code")
@permission("attendance.write")
@operation(
    "生成或换新张贴的签到码",
    "Make the code on paper, or make it anew",
    answers={201: PrintedCodeAnswer()},
    errors=(404, 409),
    detail=("以前印的随即失效。", "Whatever was printed before is good no more."),
)
def renew_code_on_paper(session_id: int) -> dict[str, Any]:
    renew_printed_code(session_id, current_scope(), utc_now())
    return _on_paper(session_id)


@bp.delete(f"{SESSION_PATH}/printed-code")
@permission("attendance.write")
@operation("停用张贴的签到码", "Withdraw the code on paper", answers={204: None}, errors=(404,))
def withdraw_code_on_paper(session_id: int) -> tuple[None, int]:
    withdraw_printed_code(session_id, current_scope(), utc_now())
    return None, 204


def _on_paper(session_id: int) -> dict[str, Any]:
    facts = session_facts(db.session(), session_id, current_scope(), utc_now())
    return {
        "url": printed_address(session_id, current_scope(), utc_now(), base_url=base_url()),
        "printing": facts.printed_code_version,
        "valid_from": facts.opens_at,
        "valid_until": facts.closes_at,
    }
