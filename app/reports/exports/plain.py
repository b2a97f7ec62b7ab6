"""Writes a table as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date

from app.reports.exports.values import Words, about_line, all_rows
from app.reports.tables import Cell, Column, Table

CSV_TYPE = "text/csv; charset=utf-8"
# A spreadsheet would run a cell that begins with one of these, in either width, blanks before it or not.
_STARTS_FORMULA = (*"=+-@", *"\uff1d\uff0b\uff0d\uff20")
_BLANKS = ("\t", "\r", "\n")


def csv_bytes(table: Table) -> bytes:
    """UTF-8 with BOM, header first; title, what it is about and definitions under the rows.

    Text that a spreadsheet could take for a formula begins with a quote mark.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([csv_text(str(column.label)) for column in table.columns])
    columns, words = table.columns, Words()
    writer.writerows(
        [_csv_value(words, c, cell) for c, cell in zip(columns, row.cells, strict=True)]
        for row in all_rows(table)
    )
    writer.writerow([])
    for line in (table.title, about_line(table), *table.all_notes):
        if line:
            writer.writerow([csv_text(str(line))])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def csv_text(text: str) -> str:
    """The text, or the text behind a quote mark where it might be run."""
    if text.lstrip().startswith(_STARTS_FORMULA) or text.startswith(_BLANKS):
        return "'" + text
    return text


def _csv_value(words: Words, column: Column, cell: Cell) -> str:
    value = cell.value
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return csv_text(words.of(column, cell))
