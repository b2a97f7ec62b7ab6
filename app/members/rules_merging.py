"""Decides what two records of one person say together: one timeline out of two, no day twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple


class Stretch(NamedTuple):
    """Something that holds from `starts_on` until before `ends_on`; `what` is compared, never looked into."""

    starts_on: date
    ends_on: date
    what: Any


def merged(kept: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """The kept timeline, and the other one on the days of which the kept one says nothing.

    Neither may overlap with itself. Neighbours that say the same become one.
    """
    pieces = [*kept]
    for stretch in other:
        pieces.extend(_outside(stretch, kept))
    joined: list[Stretch] = []
    for piece in sorted(pieces, key=lambda found: found.starts_on):
        if joined and joined[-1].ends_on == piece.starts_on and joined[-1].what == piece.what:
            joined[-1] = joined[-1]._replace(ends_on=piece.ends_on)
        else:
            joined.append(piece)
    return joined


def _outside(stretch: Stretch, kept: Sequence[Stretch]) -> Iterator[Stretch]:
    """The parts of a stretch on whose days none of `kept` holds."""
    starts_on = stretch.starts_on
    for one in sorted(kept, key=lambda found: found.starts_on):
        if one.ends_on <= starts_on or one.starts_on >= stretch.ends_on:
            continue
        if starts_on < one.starts_on:
            yield stretch._replace(starts_on=starts_on, ends_on=one.starts_on)
        starts_on = max(starts_on, one.ends_on)
    if starts_on < stretch.ends_on:
        yield stretch._replace(starts_on=starts_on)
