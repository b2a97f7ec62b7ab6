"""Dated tags and posts of a unit."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import require_org
from app.api.v1.operation import operation
from app.api.v1.orgs import ORG_PATH, open_end
from app.api.v1.schemas.orgs import PostBody, PostChangesBody, PostQuery, PostsAnswer, TagBody, TagsAnswer
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.vocabulary import OrgTag
from app.members.commands import PostDraft, PostKey
from app.members.queries.org_page import org_posts, org_tags
from app.members.services.posts import appoint, correct_post, erase_post
from app.members.services.tags import end_tag, set_tag


@bp.get(f"{ORG_PATH}/tags")
@permission("orgs.read")
@operation("列出组织的标签", "List a unit's tags", answers={200: TagsAnswer()})
def list_tags(code: str) -> dict[str, Any]:
    """Past ones and those to come too, the latest first."""
    return _tags_body(code)


@bp.put(f"{ORG_PATH}/tags/<tag_key:tag>")
@permission("orgs.write")
@operation(
    "登记标签",
    "Tag a unit",
    body=TagBody(),
    answers={200: TagsAnswer()},
    detail=("同一开始日期的记录会被替换。", "A row with the same first day is replaced."),
)
def put_tag(code: str, tag: str, body: dict[str, Any]) -> dict[str, Any]:
    set_tag(code, _tag(tag), body["from_"], body.get("to"), current_scope(), utc_now())
    return _tags_body(code)


@bp.delete(f"{ORG_PATH}/tags/<tag_key:tag>")
@permission("orgs.write")
@operation(
    "结束标签",
    "End a unit's tag",
    answers={204: None},
    detail=("从今天起没有这个标签,以前的日子不变。", "From today on; earlier days keep it."),
)
def delete_tag(code: str, tag: str) -> tuple[None, int]:
    end_tag(code, _tag(tag), current_scope(), utc_now())
    return None, 204


@bp.get(f"{ORG_PATH}/posts")
@permission("members.read")
@operation("列出任职", "List the posts of a unit", answers={200: PostsAnswer()})
def list_posts(code: str) -> dict[str, Any]:
    """Past ones and those to come too, the latest first."""
    return _posts_body(code)


@bp.post(f"{ORG_PATH}/posts")
@permission("members.write")
@operation(
    "登记任职",
    "Appoint a member to a post",
    body=PostBody(),
    answers={201: PostsAnswer()},
    detail=(
        "党员当天要在本组织。同时只有一位书记,replace 为 true 时前任同日卸任;重复提交不会改变什么。",
        "The member belongs to the unit that day. One secretary at a time: with replace, the one before"
        " ends on the day. A repeat changes nothing.",
    ),
)
def add_post(code: str, body: dict[str, Any]) -> dict[str, Any]:
    draft = PostDraft(code, body["member"], body["post"], body["from_"], body.get("to"))
    appoint(draft, current_scope(), utc_now(), replace=body["replace"])
    return _posts_body(code)


@bp.patch(f"{ORG_PATH}/posts")
@permission("members.write")
@operation(
    "更正任职日期",
    "Give a recorded post other days",
    body=PostChangesBody(),
    answers={200: PostsAnswer()},
    detail=("不写 to 即为一直任职。", "Without `to` the post is open."),
)
def patch_post(code: str, body: dict[str, Any]) -> dict[str, Any]:
    key = PostKey(body["member"], body["post"], body["from_"])
    starts_on = body.get("new_from", key.starts_on)
    correct_post(code, key, starts_on, body.get("to"), current_scope(), utc_now())
    return _posts_body(code)


@bp.delete(f"{ORG_PATH}/posts")
@permission("members.write")
@operation(
    "删除登记错的任职",
    "Take back a post that was entered by mistake",
    query=PostQuery(),
    answers={204: None},
)
def delete_post(code: str, query: dict[str, Any]) -> tuple[None, int]:
    key = PostKey(query["member"], query["post"], query["from_"])
    erase_post(code, key, current_scope(), utc_now())
    return None, 204


def _tag(key: str) -> OrgTag:
    try:
        return OrgTag(key)
    except ValueError as exc:
        raise NotFound() from exc


def _tags_body(code: str) -> dict[str, Any]:
    row = require_org(code, current_scope(), today())
    found = org_tags(db.session(), row.id)
    return {"items": [{"tag": t.tag, "starts_on": t.starts_on, "to": open_end(t.ends_on)} for t in found]}


def _posts_body(code: str) -> dict[str, Any]:
    row = require_org(code, current_scope(), today())
    return {
        "items": [
            {
                "member_id": post.member_id,
                "name": post.name,
                "post": post.post,
                "starts_on": post.starts_on,
                "to": open_end(post.ends_on),
            }
            for post in org_posts(db.session(), row.id)
        ]
    }
