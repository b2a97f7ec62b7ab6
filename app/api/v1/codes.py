"""The check-in code that the hall's screen shows now."""

from __future__ import annotations

from app.api.v1.blueprint import bp
from app.api.v1.operation import Raw, operation
from app.api.v1.schemas.sessions import CodeAnswer
from app.api.v1.sessions import SESSION_PATH
from app.checkin.services.codes import CurrentCode, current_code
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.office import base_url, code_step_seconds
from app.core.qr import qr_png, qr_svg


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
