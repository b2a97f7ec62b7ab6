"""Bodies of organisations: the tree, its changes, tags and posts."""

from __future__ import annotations

from app.api.v1.fields import Answer, Body, Choice, Day, Identifier, Items, Part, Query, Said, Text, Truth
from app.core.vocabulary import OrgKind, OrgSector, OrgTag, Post

_OPEN_END = {"description": "不再有效的第一天,可不填 · first day on which it is over; left out: open"}


class OrgAnswer(Answer):
    code = Said()
    name = Said()
    kind = Choice(OrgKind)
    parent_code = Said(allow_none=True)
    path = Said(metadata={"description": "/上级代码/…/代码/ · codes from the root down to the unit itself"})


class OrgDetailAnswer(OrgAnswer):
    sector = Choice(OrgSector, allow_none=True)
    former_names = Items(Said())
    closed_on = Day(allow_none=True)
    merged_into = Said(allow_none=True)


class OrgBody(Body):
    code = Text(40, required=True)
    name = Text(200, required=True)
    kind = Choice(OrgKind, required=True)
    parent_code = Text(40, required=True)
    sector = Choice(OrgSector, allow_none=True)
    opened_on = Day(allow_none=True)


class OrgChangesBody(Body):
    """Left out: as it is."""

    name = Text(200)
    name_from = Day(
        allow_none=True,
        metadata={"description": "新名称从这一天起,不填为更正错字 · its first day; left out: a misspelling"},
    )
    kind = Choice(OrgKind)
    sector = Choice(OrgSector, allow_none=True)
    changed_from = Day(
        allow_none=True,
        metadata={
            "description": "类型、领域从这一天起,不填为今天,null 为更正所有日期 · first day of the new kind"
            " and sector; left out: today; null: a correction at all dates"
        },
    )


class MoveBody(Body):
    parent_code = Text(40, required=True)
    on = Day(required=True)


class MergeBody(Body):
    into = Text(40, required=True)
    on = Day(required=True)


class CloseBody(Body):
    on = Day(required=True)


class TagBody(Body):
    from_ = Day(required=True, data_key="from")
    to = Day(allow_none=True, metadata=_OPEN_END)


class TagAnswer(Answer):
    tag = Choice(OrgTag)
    from_ = Day(data_key="from", attribute="starts_on")
    to = Day(allow_none=True)


class TagsAnswer(Answer):
    items = Items(Part(TagAnswer))


class PostBody(Body):
    member = Identifier(required=True)
    post = Choice(Post, required=True)
    from_ = Day(required=True, data_key="from")
    to = Day(allow_none=True, metadata=_OPEN_END)
    replace = Truth(
        load_default=False,
        metadata={"description": "前任书记同日卸任 · the secretary before ends on that day"},
    )


class PostChangesBody(Body):
    """Member, post and from name the row."""

    member = Identifier(required=True)
    post = Choice(Post, required=True)
    from_ = Day(required=True, data_key="from")
    new_from = Day(metadata={"description": "改为从这一天起,可不填 · the other first day, if any"})
    to = Day(allow_none=True, metadata=_OPEN_END)


class PostQuery(Query):
    member = Identifier(required=True)
    post = Choice(Post, required=True)
    from_ = Day(required=True, data_key="from")


class PostAnswer(Answer):
    member = Identifier(attribute="member_id")
    name = Said()
    post = Choice(Post)
    from_ = Day(data_key="from", attribute="starts_on")
    to = Day(allow_none=True)


class PostsAnswer(Answer):
    items = Items(Part(PostAnswer))
