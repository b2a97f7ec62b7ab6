"""Decides how wide the columns of a printed table are, and whether its pages lie across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.pdf import fitted, text_width

# Inside a cell, on either side.
PAD_X = 1.4
# A column of text asks for no more than the first, and gives way down to the second.
_MOST_TEXT, _LEAST_TEXT = 70.0, 22.0
# A number's head may break into so many lines.
_HEAD_LINES = 3


@dataclass(frozen=True, slots=True)
class PdfColumn:
    """A column; numbers stand at its right side. width: fixed, where it is to be written into."""

    label: str
    is_number: bool = False
    width: float | None = None


def column_widths(
    columns: Sequence[PdfColumn], rows: Sequence[Sequence[str]], size: float, upright: float, across: float
) -> tuple[list[float], bool]:
    """Widths that fill the page, and whether that is a page across.

    upright, across: room on a page that stands or lies. Across only where columns would have to give way.
    """
    longest = [_longest(rows, n, size) for n in range(len(columns))]
    wanted = [_wanted(column, text, size) for column, text in zip(columns, longest, strict=True)]
    is_wide = sum(wanted) > upright
    room = across if is_wide else upright
    least = [
        want if column.is_number or column.width else min(want, _LEAST_TEXT)
        for column, want in zip(columns, wanted, strict=True)
    ]
    return _stretched(columns, wanted, least, room), is_wide


def _longest(rows: Sequence[Sequence[str]], column: int, size: float) -> float:
    return max((text_width(text, size) for text in {row[column] for row in rows}), default=0.0)


def _wanted(column: PdfColumn, longest: float, size: float) -> float:
    if column.width is not None:
        return column.width
    head = text_width(column.label, size)
    if column.is_number:
        # As narrow as the head can be, in lines that it needs anyway.
        head = _narrowest_head(column.label, size)
    else:
        longest = min(longest, _MOST_TEXT)
        head = min(head, _LEAST_TEXT)
    return max(longest, head) + 2 * PAD_X + 0.2


def _narrowest_head(label: str, size: float) -> float:
    whole = text_width(label, size)
    if len(label) <= 4:
        return whole
    for lines in range(_HEAD_LINES, 1, -1):
        room = whole / lines
        while room < whole:
            if len(fitted(label, room, ((size, _HEAD_LINES),)).lines) <= lines:
                return max(room, text_width("汉汉汉", size))
            room += size * 0.06
    return whole


def _stretched(
    columns: Sequence[PdfColumn], wanted: Sequence[float], least: Sequence[float], room: float
) -> list[float]:
    spare = room - sum(wanted)
    if spare >= 0:
        grow = [0.0 if column.width else want for column, want in zip(columns, wanted, strict=True)]
        whole = sum(grow) or 1.0
        return [want + spare * part / whole for want, part in zip(wanted, grow, strict=True)]
    give = [want - low for want, low in zip(wanted, least, strict=True)]
    if sum(give) >= -spare:
        return [want + spare * part / sum(give) for want, part in zip(wanted, give, strict=True)]
    # Narrower than anything asked for: all alike, and cells break.
    return [low * room / sum(least) for low in least]
