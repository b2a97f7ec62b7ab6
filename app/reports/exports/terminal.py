"""Writes a table for the terminal."""

from __future__ import annotations

import unicodedata

from app.reports.exports.values import NUMBERS, Words, about_line
from app.reports.tables import Table


def text_table(table: Table) -> str:
    """Columns aligned by the width that Chinese takes there."""
    head = [str(column.label) for column in table.columns]
    lines = Words().lines(table)
    widths = [max(_width(line[i]) for line in (head, *lines)) for i in range(len(head))]
    numeric = [column.look in NUMBERS for column in table.columns]

    def aligned(line: list[str]) -> str:
        cells = []
        for text, width, is_number in zip(line, widths, numeric, strict=True):
            gap = " " * (width - _width(text))
            cells.append(gap + text if is_number else text + gap)
        return "  ".join(cells).rstrip()

    about = about_line(table)
    notes = [str(note) for note in table.all_notes]
    return "\n".join(
        [
            table.title,
            *([about] if about else []),
            "",
            aligned(head),
            *(aligned(line) for line in lines),
            "",
            *notes,
        ]
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
