"""Bodies of recording many people at once."""

from __future__ import annotations

from app.api.v1.fields import Answer, Body, Choice, Count, Identifier, Items, Key, Part, Text, Whole
from app.core.vocabulary import ExcuseReason, Method, Status

_KEY = {"description": "22 个字符,由调用方生成 · 22 characters made by the caller"}
# Seen in the hall or read off a sheet; the rest has its own ways in.
_METHODS = (Method.STAFF_ENTRY, Method.PAPER)


class BulkItemBody(Body):
    member = Identifier(required=True)
    status = Choice(Status, required=True)
    excuse_reason = Choice(ExcuseReason, allow_none=True)


class BulkBody(Body):
    key = Key(required=True, metadata=_KEY)
    method = Choice(Method, _METHODS, load_default=Method.STAFF_ENTRY)
    items = Items(Part(BulkItemBody), 20_000, required=True)


class RestBody(Body):
    key = Key(required=True, metadata=_KEY)
    status = Choice(Status, required=True)
    excuse_reason = Choice(ExcuseReason, allow_none=True)
    q = Text(80, blank=True)
    except_ = Items(Identifier(), 20_000, data_key="except", load_default=list)
    shown = Whole(allow_none=True)


class UndoBody(Body):
    key = Key(required=True, metadata=_KEY)


class BulkAnswer(Answer):
    recorded = Count(metadata={"description": "带着这个 key 的记录 · rows that carry the key"})
    kept = Items(Identifier(), metadata={"description": "之前已登记 · recorded before"})
    nowhere = Items(
        Identifier(), metadata={"description": "那天不属于任何支部 · of no branch on that day, not recorded"}
    )


class UndoneAnswer(Answer):
    taken_back = Count()
