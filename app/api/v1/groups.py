"""Members' groups by hand: put, ended, erased; exemptions that wait, approved or declined."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page
from app.api.v1.members import MEMBER_PATH, member_body
from app.api.v1.operation import operation
from app.api.v1.schemas.groups import ApprovalsAnswer, ApprovalsQuery, GroupSpanBody, RowBody
from app.api.v1.schemas.members import MemberDetailAnswer
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.paging import decode_cursor
from app.core.vocabulary import FOREVER, Group
from app.members.commands import KEEP, GroupSpan, MobileDetails
from app.members.queries.exemptions import WaitingExemption, waiting_exemptions
from app.members.services.exemptions import approve_exempt, decline_exempt
from app.members.services.groups import erase_group, remove_group, set_group

_MOBILE = ("direction", "from_place", "to_place", "host_org_code")
GROUP_PATH = f"{MEMBER_PATH}/groups/<group_key:group>"


@bp.put(GROUP_PATH)
@permission("members.write")
@operation(
    "登记党员类别",
    "Put a member into a group",
    body=GroupSpanBody(),
    answers={200: MemberDetailAnswer()},
    detail=(
        "同一开始日期的记录会被替换。不作硬性要求(exempt)要由第二个人批准才生效:有批准权限的另一个人"
        "原样再登记一次即为批准;延长后重新等待批准;不记原因。",
        "A row with the same first day is replaced. exempt counts once a second person has approved it:"
        " somebody else who may approve it puts the same row again. A longer one waits again. It takes no"
        " reason.",
    ),
)
def put_group(member_id: int, group: str, body: dict[str, Any]) -> dict[str, Any]:
    mobile = {key: body[key] for key in _MOBILE if key in body}
    span = GroupSpan(
        member_id,
        _group(group),
        body["from_"],
        body.get("to"),
        body["is_in"],
        MobileDetails(**mobile) if mobile else None,
        body.get("reason", KEEP),
    )
    approval = current_staff().scope_if_held("members.approve")
    set_group(span, current_scope(), utc_now(), approval=approval)
    return member_body(member_id)


@bp.delete(GROUP_PATH)
@permission("members.write")
@operation(
    "结束党员类别",
    "End a member's group",
    answers={204: None},
    detail=("从今天起不再属于该类,以前的日子不变。", "From today on; earlier days keep their group."),
)
def end_group(member_id: int, group: str) -> tuple[None, int]:
    remove_group(member_id, _group(group), current_scope(), utc_now())
    return None, 204


@bp.post(f"{GROUP_PATH}/erase")
@permission("members.write")
@operation(
    "删除登记错的类别记录",
    "Erase a row of a group that was entered by mistake",
    body=RowBody(),
    answers={200: MemberDetailAnswer()},
    detail=("就像从未登记过。", "As if it had never been."),
)
def erase_row(member_id: int, group: str, body: dict[str, Any]) -> dict[str, Any]:
    erase_group(member_id, _group(group), body["from_"], current_scope(), utc_now())
    return member_body(member_id)


@bp.get("/approvals")
@permission("members.approve")
@operation(
    "待批准的不作硬性要求",
    "List exemptions that wait",
    query=ApprovalsQuery(),
    answers={200: ApprovalsAnswer()},
    detail=(
        "等得最久的在前;may_approve 为 false 表示由调用者自己登记,要由另一个人批准。",
        "The longest waiting first. may_approve is false for what the caller has recorded.",
    ),
)
def list_approvals(query: dict[str, Any]) -> dict[str, Any]:
    after: Any = decode_cursor(query["cursor"], (datetime, int, date)) if query.get("cursor") else None
    limit = query["limit"]
    found = waiting_exemptions(db.session(), current_scope(), today(), limit=limit + 1, after=after)
    rows, more = one_page(found, limit)
    return list_body(rows, [_waiting(row) for row in rows], more)


@bp.post(f"{MEMBER_PATH}/groups/exempt/approval")
@permission("members.approve")
@operation(
    "批准不作硬性要求",
    "Approve an exemption",
    body=RowBody(),
    answers={200: MemberDetailAnswer()},
    errors=(409,),
    detail=(
        "登记的人自己不能批准,管理员也一样(409 second_person)。",
        "Whoever recorded it cannot approve it, whatever their role (409 second_person).",
    ),
)
def approve(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    approve_exempt(member_id, body["from_"], current_scope(), utc_now())
    return member_body(member_id)


@bp.post(f"{MEMBER_PATH}/groups/exempt/decline")
@permission("members.approve")
@operation(
    "不批准",
    "Decline an exemption",
    body=RowBody(),
    answers={200: MemberDetailAnswer()},
    errors=(409,),
    detail=("登记会被删除;已批准的不能退回。", "The row goes; an approved one stays (409)."),
)
def decline(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    decline_exempt(member_id, body["from_"], current_scope(), utc_now())
    return member_body(member_id)


def _group(key: str) -> Group:
    try:
        return Group(key)
    except ValueError as exc:
        raise NotFound() from exc


def _waiting(row: WaitingExemption) -> dict[str, Any]:
    return {
        "member": row.member_id,
        "name": row.member_name,
        "org_code": row.org_code,
        "from_": row.starts_on,
        "to": row.ends_on if row.ends_on < FOREVER else None,
        "recorded_by": row.recorded_by,
        "recorded_at": row.recorded_at,
        "may_approve": row.recorded_by_id not in (None, current_staff().id),
    }
