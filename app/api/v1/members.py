"""Members, their transfers and their groups."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page, require_org
from app.api.v1.operation import operation
from app.api.v1.schemas.members import (
    GroupSpanBody,
    MemberBody,
    MemberChangesBody,
    MemberDetailAnswer,
    MembersAnswer,
    MembersQuery,
    TransferBody,
)
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.office import elderly_age
from app.core.paging import decode_cursor
from app.core.vocabulary import Group
from app.members.commands import GroupSpan, MemberChanges, MemberDraft, MobileDetails
from app.members.queries.member_page import Person, member_page
from app.members.queries.members import MemberFilter, member_list
from app.members.services.groups import remove_group, set_group
from app.members.services.members import create_member, update_member
from app.members.services.transfers import transfer_member

MEMBER_PATH = "/members/<int:member_id>"
_MOBILE = ("direction", "from_place", "to_place", "host_org_code")


@bp.get("/members")
@permission("members.read")
@operation("列出党员", "List members", query=MembersQuery(), answers={200: MembersAnswer()}, errors=(404,))
def list_members(query: dict[str, Any]) -> dict[str, Any]:
    """As they stand today, in pinyin order."""
    scope, day = current_scope(), today()
    org_id = require_org(query["org"], scope, day).id if query.get("org") else None
    wanted = MemberFilter(day, elderly_age(), org_id, query.get("group"), query.get("q"))
    after = decode_cursor(query["cursor"], (str, int)) if query.get("cursor") else None
    limit = query["limit"]
    found = member_list(
        db.session(), scope, wanted, limit=limit + 1, after=(after[0], after[1]) if after else None
    )
    rows, more = one_page(found, limit)
    return list_body(rows, rows, more)


@bp.get(MEMBER_PATH)
@permission("members.read")
@operation("查看一位党员", "Read one member", answers={200: MemberDetailAnswer()})
def read_member(member_id: int) -> dict[str, Any]:
    return _member_body(member_id)


@bp.post("/members")
@permission("members.write")
@operation("新增党员", "Add a member", body=MemberBody(), answers={201: MemberDetailAnswer()})
def add_member(body: dict[str, Any]) -> dict[str, Any]:
    return _member_body(create_member(MemberDraft(**body), current_scope(), utc_now()))


@bp.patch(MEMBER_PATH)
@permission("members.write")
@operation(
    "更正党员信息",
    "Correct what is known about a member",
    body=MemberChangesBody(),
    answers={200: MemberDetailAnswer()},
    detail=(
        "没有写的字段保持不变,写 null 表示清空。支部只能通过转接改变。",
        "What is left out stays as it is, null makes it blank. The branch changes by a transfer only.",
    ),
)
def change_member(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    update_member(member_id, MemberChanges(**body), current_scope(), utc_now())
    return _member_body(member_id)


@bp.post(f"{MEMBER_PATH}/transfers")
@permission("members.write")
@operation(
    "组织关系转接",
    "Transfer a member",
    body=TransferBody(),
    answers={201: MemberDetailAnswer()},
    detail=(
        "自新支部接收之日起生效,此前的记录仍属原支部;重复提交不会改变什么。",
        "Takes effect on the day the new branch accepts; a repeat changes nothing.",
    ),
)
def transfer(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    transfer_member(member_id, body["org_code"], body["accepted_on"], current_scope(), utc_now())
    return _member_body(member_id)


@bp.put(f"{MEMBER_PATH}/groups/<group_key:group>")
@permission("members.write")
@operation(
    "登记党员类别",
    "Put a member into a group",
    body=GroupSpanBody(),
    answers={200: MemberDetailAnswer()},
    detail=(
        "同一开始日期的记录会被替换。不作硬性要求(exempt)须经有权批准的人登记才生效。",
        "A row with the same first day is replaced. exempt counts once someone who may approve it has.",
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
    )
    approval = current_staff().scope_if_held("members.approve")
    set_group(span, current_scope(), utc_now(), approval=approval)
    return _member_body(member_id)


@bp.delete(f"{MEMBER_PATH}/groups/<group_key:group>")
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


def _group(key: str) -> Group:
    try:
        return Group(key)
    except ValueError as exc:
        raise NotFound() from exc


def _member_body(member_id: int) -> dict[str, Any]:
    page = member_page(db.session(), member_id, current_scope(), today(), elderly_age())
    if page is None:
        raise NotFound()
    facts = {field.name: getattr(page.person, field.name) for field in fields(Person)}
    return {**facts, "org_code": page.branch.org_code if page.branch else None, "groups": page.groups}
