"""Decides what a transfer, a departure or a dated group row leaves behind; pure, on half-open spans."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.core.vocabulary import FOREVER, Group

# Start of a dated row whose beginning nobody wrote down; shown as blank.
SINCE_EVER = date(1900, 1, 1)
# A change may be entered this long before it takes effect.
AHEAD = timedelta(days=92)
# Groups that the branch's sector gives: only for these a row may say "by hand outside".
RULED_BY_BRANCH = frozenset({Group.NEW_ORG, Group.RURAL, Group.RETIRED})
# An ID number: six digits of a place, a birthday, three or four more; then a mobile or a land line.
_PRIVATE_NUMBER = re.compile(
    r"[1-9]\d{5}(?:(?:18|19|20)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"|[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"
    r"|(?:(?<!\d)|(?<=86))1[3-9]\d{9}(?!\d)"
    r"|(?<!\d)0\d{9,11}(?!\d)"
)


@dataclass(frozen=True, slots=True)
class BranchSpan:
    """One branch from `starts_on` until before `ends_on`."""

    starts_on: date
    ends_on: date
    org_id: int


class SpanRefused(ValueError):
    """A change does not fit what is already recorded; `code` says why, `known` holds the date it met."""

    def __init__(self, code: str, known: date | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.known = known


def after_transfer(
    spans: Sequence[BranchSpan], org_id: int, accepted_on: date, today: date
) -> tuple[BranchSpan, ...]:
    """The branches once `org_id` accepts the member on a day; the new branch holds from that day on.

    spans: the branches so far, by date. A transfer accepted on the day the latest span began replaces
    it; repeated, it changes nothing. Raises SpanRefused: too_early, too_far, same_branch.
    """
    if accepted_on > today + AHEAD:
        raise SpanRefused("too_far", today + AHEAD)
    *before, last = spans
    if accepted_on < last.starts_on:
        raise SpanRefused("too_early", last.starts_on)
    if accepted_on == last.starts_on:
        if before and before[-1].org_id == org_id and before[-1].ends_on == accepted_on:
            # Back where the member was the day before: the transfer is undone.
            return (*before[:-1], replace(before[-1], ends_on=last.ends_on))
        return (*before, replace(last, org_id=org_id))
    if last.org_id == org_id and last.ends_on > accepted_on:
        raise SpanRefused("same_branch", last.starts_on)
    if last.org_id == org_id and last.ends_on == accepted_on:
        # Taken back on the day of leaving: never left.
        return (*before, replace(last, ends_on=FOREVER))
    # Someone already recorded as leaving later still leaves then, from the new branch.
    until = last.ends_on if last.ends_on > accepted_on else FOREVER
    ended = replace(last, ends_on=min(last.ends_on, accepted_on))
    return (*before, ended, BranchSpan(accepted_on, until, org_id))


def after_leaving(spans: Sequence[BranchSpan], left_on: date, today: date) -> tuple[BranchSpan, ...]:
    """The branches once the member has left; `left_on` is the first day without a branch.

    Raises SpanRefused: too_early, too_far, already_left.
    """
    if left_on > today + AHEAD:
        raise SpanRefused("too_far", today + AHEAD)
    *before, last = spans
    if left_on <= last.starts_on:
        raise SpanRefused("too_early", last.starts_on)
    if last.ends_on not in (FOREVER, left_on):
        raise SpanRefused("already_left", last.ends_on)
    return (*before, replace(last, ends_on=left_on))


def handed_over(
    spans: Sequence[tuple[date, date, int | None]], old_id: int, new_id: int, day: date
) -> list[tuple[date, date, int | None]]:
    """What belonged to `old_id` belongs to `new_id` from a day on; nothing else changes, later plans neither.

    spans: half-open (start, end, owner) by date. Spans of one owner that follow on one another become one.
    """
    found: list[tuple[date, date, int | None]] = []
    for start, end, owner in spans:
        parts = [(start, end, owner)]
        if owner == old_id and end > day:
            parts = [(start, day, owner)] if start < day else []
            parts.append((max(start, day), end, new_id))
        for part in parts:
            if found and found[-1][1:] == (part[0], part[2]):
                found[-1] = (found[-1][0], part[1], part[2])
            else:
                found.append(part)
    return found


def after_merge(spans: Sequence[BranchSpan], from_id: int, into_id: int, day: date) -> tuple[BranchSpan, ...]:
    """The branches once one has taken over the members of another on a day.

    For someone without later plans the same as `after_transfer`; who leaves or moves on later still does.
    """
    rows = [(span.starts_on, span.ends_on, span.org_id) for span in spans]
    merged = handed_over(rows, from_id, into_id, day)
    return tuple(BranchSpan(start, end, org_id) for start, end, org_id in merged if org_id is not None)


def first_overlap(
    spans: Iterable[tuple[date, date]], starts_on: date, ends_on: date
) -> tuple[date, date] | None:
    """The earliest of half-open `spans` that shares a day with [starts_on, ends_on), leaving out the
    one with the same start, which a new row replaces."""
    for start, end in sorted(spans):
        if start != starts_on and start < ends_on and end > starts_on:
            return start, end
    return None


def keeps_approval(old_starts_on: date, old_ends_on: date, starts_on: date, ends_on: date) -> bool:
    """Whether a changed exemption stays within the days that were approved."""
    return old_starts_on <= starts_on and ends_on <= old_ends_on


def holds_private_number(text: str) -> bool:
    """Whether a text holds what looks like an ID number or a telephone number, however it is spaced."""
    plain = re.sub(r"(?<=\d)[\s.()-]+(?=[\dXx])", "", unicodedata.normalize("NFKC", text))
    return _PRIVATE_NUMBER.search(plain) is not None
