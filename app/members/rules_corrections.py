"""Decides what a correction of dated branch rows leaves behind; pure, on half-open spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from app.core.vocabulary import FOREVER
from app.members.rules import AHEAD, SINCE_EVER, BranchSpan, SpanRefused

Spans = tuple[BranchSpan, ...]


def is_transfer(spans: Sequence[BranchSpan], starts_on: date) -> bool:
    """Whether the span that began on a day took over from another one on that day."""
    return any(span.ends_on == starts_on for span in spans)


def with_start(spans: Sequence[BranchSpan], starts_on: date, right: date, today: date) -> Spans:
    """The branches once the span that began on `starts_on` is known to have begun on `right`.

    The span before a transfer ends on the right day too; one before a departure stays as it is.
    Raises SpanRefused: no_such_row, too_early, too_late, too_far.
    """
    at = _place_of(spans, starts_on)
    span, before = spans[at], spans[at - 1] if at else None
    # A joining is entered when it has happened; a transfer may be known some time ahead.
    latest = today + AHEAD if before else today
    if right > latest:
        raise SpanRefused("too_far", latest)
    if right >= span.ends_on:
        raise SpanRefused("too_late", span.ends_on)
    if before is None:
        if right < SINCE_EVER:
            raise SpanRefused("too_early", SINCE_EVER)
        return (replace(span, starts_on=right), *spans[1:])
    follows = before.ends_on == starts_on
    if (right <= before.starts_on) if follows else (right < before.ends_on):
        raise SpanRefused("too_early", before.starts_on if follows else before.ends_on)
    kept = replace(before, ends_on=right) if follows else before
    return _joined([*spans[: at - 1], kept, replace(span, starts_on=right), *spans[at + 1 :]])


def with_branch(spans: Sequence[BranchSpan], starts_on: date, org_id: int) -> Spans:
    """The branches once the span that began on `starts_on` is known to have been in `org_id`.

    Beside a span of the same branch it becomes one with it: between the two there was no transfer.
    Raises SpanRefused: no_such_row.
    """
    at = _place_of(spans, starts_on)
    return _joined([*spans[:at], replace(spans[at], org_id=org_id), *spans[at + 1 :]])


def without_transfer(spans: Sequence[BranchSpan], starts_on: date) -> Spans:
    """The branches as if nothing had begun on `starts_on`: the branch before holds on, and someone who
    had left stays away. Raises SpanRefused: no_such_row, first_row.
    """
    at = _place_of(spans, starts_on)
    if at == 0:
        raise SpanRefused("first_row", starts_on)
    before = spans[at - 1]
    if before.ends_on == starts_on:
        before = replace(before, ends_on=spans[at].ends_on)
    return _joined([*spans[: at - 1], before, *spans[at + 1 :]])


def without_leaving(spans: Sequence[BranchSpan], left_on: date) -> Spans:
    """The branches as if the member had not left on a day: the last branch holds on, until another
    one took the member back where one did. Raises SpanRefused: no_such_row.
    """
    found = [i for i, span in enumerate(spans) if span.ends_on == left_on < FOREVER]
    if not found or is_followed(spans, left_on):
        raise SpanRefused("no_such_row")
    at = found[0]
    until = spans[at + 1].starts_on if at + 1 < len(spans) else FOREVER
    return _joined([*spans[:at], replace(spans[at], ends_on=until), *spans[at + 1 :]])


def is_followed(spans: Sequence[BranchSpan], ends_on: date) -> bool:
    """Whether another span begins on the day one ends: then nobody left."""
    return any(span.starts_on == ends_on for span in spans)


def _place_of(spans: Sequence[BranchSpan], starts_on: date) -> int:
    for at, span in enumerate(spans):
        if span.starts_on == starts_on:
            return at
    raise SpanRefused("no_such_row")


def _joined(spans: Iterable[BranchSpan]) -> Spans:
    """Two spans of one branch without a day between them are one."""
    result: list[BranchSpan] = []
    for span in spans:
        last = result[-1] if result else None
        if last is not None and last.org_id == span.org_id and last.ends_on == span.starts_on:
            result[-1] = replace(last, ends_on=span.ends_on)
        else:
            result.append(span)
    return tuple(result)
