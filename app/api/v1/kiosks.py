"""Kiosks of a session: set one up, see which run, end one."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.kiosks import KiosksAnswer, NewKioskAnswer
from app.api.v1.sessions import SESSION_PATH
from app.checkin.queries.kiosk import running_kiosks
from app.checkin.services.kiosks import NewKiosk, start_kiosk, stop_kiosk
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.trainings.queries.sessions import scoped_session


@bp.post(f"{SESSION_PATH}/kiosks")
@permission("attendance.write")
@operation(
    "设签到台",
    "Set up a kiosk",
    answers={201: NewKioskAnswer()},
    errors=(409,),
    detail=(
        "token 只显示这一次:放进设备浏览器的 Cookie bulou_kiosk(HTTPS 下为 __Host-bulou_kiosk),"
        "再打开 /kiosk。登记都算在令牌所属用户名下;该用户停用或失去权限时签到台随之停用。",
        "token is shown this once: put it into the device's cookie bulou_kiosk (over HTTPS"
        " __Host-bulou_kiosk) and open /kiosk. What it records is recorded on behalf of"
        " the caller; it ends when the caller's account or role does.",
    ),
)
def make_kiosk(session_id: int) -> NewKiosk:
    return start_kiosk(session_id, current_scope(), utc_now())


@bp.get(f"{SESSION_PATH}/kiosks")
@permission("attendance.write")
@operation("列出签到台", "List kiosks", answers={200: KiosksAnswer()})
def list_kiosks(session_id: int) -> dict[str, Any]:
    now = utc_now()
    row = scoped_session(db.session(), session_id, current_scope(), now)
    return {"items": running_kiosks(db.session(), row.id, now)}


@bp.delete(f"{SESSION_PATH}/kiosks/<int:kiosk_id>")
@permission("attendance.write")
@operation("停用签到台", "End a kiosk", answers={204: None})
def end_one_kiosk(session_id: int, kiosk_id: int) -> tuple[None, int]:
    stop_kiosk(session_id, kiosk_id, current_scope(), utc_now())
    return None, 204
