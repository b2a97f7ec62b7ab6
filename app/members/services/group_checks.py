"""Checks what is said about a member's group; every error at once, by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from app.core.errors import FieldError
from app.core.i18n import day_text, lazy
from app.core.vocabulary import FOREVER, Group
from app.members.commands import GroupSpan, Keep
from app.members.rules import AHEAD, RULED_BY_BRANCH, SINCE_EVER, first_overlap, holds_private_number

LONGEST = 100


def span_errors(span: GroupSpan, rows: Sequence[tuple[date, date]], today: date) -> Iterator[FieldError]:
    """What is wrong with a dated row beside the (first, end) of those that the group has already."""
    ends_on = span.ends_on or FOREVER
    if span.group is Group.ELDERLY:
        yield FieldError("group", "by_rule", lazy("老年党员按年龄自动计算,不用登记。如有误,请更正出生日期。"))
    if not span.is_in and span.group not in RULED_BY_BRANCH:
        yield FieldError(
            "is_in", "not_by_rule", lazy("这一类没有自动规则,不需要登记“不属于”;请结束原有记录。")
        )
    if not SINCE_EVER <= span.starts_on <= today + AHEAD:
        yield FieldError("from", "out_of_range", lazy("开始日期不在合理范围内,请检查年份。"))
    yield from _reason_errors(span)
    if ends_on <= span.starts_on:
        yield FieldError("to", "before_from", lazy("结束日期要晚于开始日期。"))
        return
    met = first_overlap(rows, span.starts_on, ends_on)
    if met is not None:
        words = lazy("与 %(day)s 开始的一条同类记录重叠,请先结束或修改那一条。", day=day_text(met[0]))
        yield FieldError("from", "overlaps", words)
    yield from _mobile_errors(span)


def _reason_errors(span: GroupSpan) -> Iterator[FieldError]:
    text = "" if isinstance(span.reason, Keep) else (span.reason or "").strip()
    if not text:
        return
    if span.group is Group.EXEMPT:
        # Whatever stood here would be about somebody's health.
        yield FieldError("reason", "not_for_exempt", lazy("“不作硬性要求”不记原因,请把原因留空。"))
    elif len(text) > LONGEST or not text.isprintable():
        yield FieldError("reason", "too_long", lazy("请不要超过 %(n)s 个字。", n=LONGEST))
    elif holds_private_number(text):
        yield _private("reason")


def _mobile_errors(span: GroupSpan) -> Iterator[FieldError]:
    mobile = span.mobile
    if mobile is None:
        return
    if span.group is not Group.MOBILE:
        yield FieldError("mobile", "not_mobile", lazy("流向和地点只用于流动党员。"))
    if mobile.direction not in ("in", "out"):
        yield FieldError("direction", "invalid", lazy("请选择流出或流入。"))
    for key in ("from_place", "to_place"):
        text = (getattr(mobile, key) or "").strip()
        if len(text) > LONGEST:
            yield FieldError(key, "too_long", lazy("请不要超过 %(n)s 个字。", n=LONGEST))
        elif holds_private_number(text):
            yield _private(key)


def _private(field: str) -> FieldError:
    return FieldError(field, "private_number", lazy("这里不要写身份证号码或电话号码。"))
