"""What is noted once a session has begun: people counted in the room, minutes delivered."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.on_the_day import DeliveredAnswer, DeliveredBody, HeadCountAnswer, HeadCountBody
from app.api.v1.sessions import SESSION_PATH
from app.core.access import current_scope, permission
from app.core.clock import office_tz, utc_now
from app.trainings.services.on_the_day import HeadCount, set_delivered, set_head_count


@bp.put(f"{SESSION_PATH}/delivered")
@permission("attendance.write")
@operation(
    "实际讲了几分钟",
    "Minutes delivered",
    body=DeliveredBody(),
    answers={200: DeliveredAnswer()},
    errors=(409,),
    detail=(
        "中途停了的场次:每个人的学时按比例重算。null 或全长表示全讲完了。",
        "For a session that broke off: everybody's minutes shrink in proportion. null or the whole length"
        " means that all of it was delivered.",
    ),
)
def put_delivered(session_id: int, body: dict[str, Any]) -> Any:
    return set_delivered(session_id, body["minutes"], current_scope(), utc_now(), tz=office_tz())


@bp.put(f"{SESSION_PATH}/head-count")
@permission("attendance.write")
@operation(
    "清点人数",
    "Head count",
    body=HeadCountBody(),
    answers={200: HeadCountAnswer()},
    errors=(409,),
    detail=(
        "现场清点的人数,来宾也在内;只作对照,不计入任何数字。",
        "People counted in the room, guests included; for comparison, added to no figure.",
    ),
)
def put_head_count(session_id: int, body: dict[str, Any]) -> Any:
    counted = HeadCount(body["head_count"], body.get("guest_count"))
    return set_head_count(session_id, counted, current_scope(), utc_now())
