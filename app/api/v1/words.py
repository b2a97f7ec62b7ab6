"""What the API says about fields that it cannot take: one line of words for every stable code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.errors import FieldError, InvalidInput
from app.core.i18n import Text, lazy

# Stands for the body as a whole in `errors[].field`.
WHOLE_BODY = "body"

_WORDS: dict[str, Text] = {
    "required": lazy("缺少这一项。"),
    "null": lazy("这一项不能为 null。"),
    "blank": lazy("这一项不能为空。"),
    "invalid": lazy("格式不对。"),
    "unknown": lazy("没有这个取值。"),
    "unknown_field": lazy("没有这个字段。"),
    "repeated": lazy("这个参数只能出现一次。"),
    "too_long": lazy("内容太长。"),
    "too_many": lazy("一次提交的条数太多。"),
    "out_of_range": lazy("超出可以填写的范围。"),
    "not_an_object": lazy("请求内容应当是一个 JSON 对象。"),
    "unknown_form": lazy("请按接口说明中的一种写法提交。"),
    "invalid_moment": lazy("时间应写成带时区的格式,例如 2026-03-02T09:00:00+08:00。"),
    "invalid_date": lazy("日期应写成 2026-03-02 这样的格式。"),
    "before_from": lazy("结束日期不能早于开始日期。"),
}


def field_error(field: str, code: str) -> FieldError:
    """One field and what is wrong with it."""
    return FieldError(field, code, _WORDS.get(code, _WORDS["invalid"]))


def refused(messages: Any) -> InvalidInput:
    """The refusal for marshmallow's messages, in which our schemas put codes instead of sentences."""
    return InvalidInput(errors=[field_error(field, code) for field, code in _flat(messages, "")])


def _flat(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    """(dotted field, code): `{"lecturers": {0: {"name": ["required"]}}}` → lecturers.0.name, required."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            below = path if key == "_schema" else f"{path}.{key}".lstrip(".")
            yield from _flat(inner, below)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, dict):
            yield from _flat(message, path)
        else:
            yield path or WHOLE_BODY, str(message)
