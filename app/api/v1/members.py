"""Members: listed, read, added, corrected."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page, require_org
from app.api.v1.operation import operation
from app.api.v1.schemas.members import (
    MemberBody,
    MemberChangesBody,
    MemberDetailAnswer,
    MembersAnswer,
    MembersQuery,
)
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.office import elderly_age
from app.core.paging import decode_cursor
from app.core.vocabulary import FOREVER, Group
from app.members.commands import MemberChanges, MemberDraft
from app.members.queries.member_page import Dated, GroupTime, MemberPage, Person, member_page
from app.members.queries.members import MemberFilter, member_list
from app.members.services.members import create_member, update_member

MEMBER_PATH = "/members/<int:member_id>"
_ROW_FACTS = (
    "group",
    "is_in",
    "reason",
    "direction",
    "from_place",
    "to_place",
    "counts_from",
    "waits",
    "recorded_by",
    "recorded_at",
)


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
    return member_body(member_id)


@bp.post("/members")
@permission("members.write")
@operation("新增党员", "Add a member", body=MemberBody(), answers={201: MemberDetailAnswer()})
def add_member(body: dict[str, Any]) -> dict[str, Any]:
    return member_body(create_member(MemberDraft(**body), current_scope(), utc_now()))


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
    return member_body(member_id)


def member_body(member_id: int) -> dict[str, Any]:
    """A member as of today, with the dated rows around them; raises NotFound."""
    page = member_page(db.session(), member_id, current_scope(), today(), elderly_age())
    if page is None:
        raise NotFound()
    return {
        **{field.name: getattr(page.person, field.name) for field in fields(Person)},
        "org_code": page.branch.org_code if page.branch else None,
        "groups": page.groups,
        "groups_by_rule": [{"group": group, "rule": _rule(group)} for group in page.groups_by_rule],
        "group_rows": [_group_row(row) for row in page.group_rows],
        "branches": _branches(page),
    }


def _rule(group: Group) -> str:
    return "age" if group is Group.ELDERLY else "branch"


def _group_row(row: GroupTime) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in _ROW_FACTS}
    return {**facts, **_dates(row), "host_org_code": row.host_code}


def _branches(page: MemberPage) -> list[dict[str, Any]]:
    return [{"org_code": branch.org_code, **_dates(branch)} for branch in page.branches]


def _dates(row: Dated) -> dict[str, Any]:
    return {"from_": row.starts_on, "to": row.ends_on if row.ends_on < FOREVER else None}
