"""Personal links of a session, for whoever sends them by a channel of their own."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.links import LinksAnswer, LinksQuery
from app.api.v1.sessions import SESSION_PATH
from app.checkin.services.links import links_of, stop_links
from app.core.access import current_scope, current_staff, permission
from app.core.clock import utc_now
from app.core.office import base_url
from app.core.paging import decode_cursor, encode_cursor


@bp.get(f"{SESSION_PATH}/links")
@permission("attendance.write")
@operation(
    "列出本人链接",
    "List personal links",
    query=LinksQuery(),
    answers={200: LinksAnswer()},
    errors=(409,),
    detail=(
        "应到的每一位党员一个链接,点开按一下即签到,不需要绑定手机;请只发给本人。每次列出都记入日志(只记数目)。",
        "A link for everyone expected: open it, press once, no bound phone needed. Send each to its member"
        " only. That links were listed is logged, with their number.",
    ),
)
def list_links(session_id: int, query: dict[str, Any]) -> dict[str, Any]:
    current_staff().scope("members.read")
    start = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    rows, total = links_of(
        session_id, current_scope(), utc_now(), base_url=base_url(), limit=query["limit"], offset=start
    )
    end = start + len(rows)
    items = [
        {
            "member": row.member.member_id,
            "name": row.member.name,
            "org_code": row.member.org_code,
            "status": row.member.status,
            "url": row.url,
        }
        for row in rows
    ]
    return {"count": total, "items": items, "next": encode_cursor(end) if rows and end < total else None}


@bp.delete(f"{SESSION_PATH}/links")
@permission("attendance.write")
@operation(
    "停用已发的链接",
    "Stop the links sent so far",
    answers={204: None},
    errors=(409,),
    detail=(
        "以前发出的链接和张贴的纸质码失效,再列出的是新的。",
        "Links sent before and codes on paper stop working; the list then holds new ones.",
    ),
)
def stop_session_links(session_id: int) -> tuple[None, int]:
    stop_links(session_id, current_scope(), utc_now())
    return None, 204
