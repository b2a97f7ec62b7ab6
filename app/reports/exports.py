"""Writes a table as CSV, Excel or text; the same rows and definitions as on the page."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import date
from typing import Any

import xlsxwriter

from app.core.i18n import day_text
from app.core.labels import STATUS_LABELS
from app.core.vocabulary import Status
from app.reports.tables import Cell, Column, Look, Table, TableRow
from app.reports.tables.model import TITLE_SEPARATOR

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
# A spreadsheet would run a cell that begins with one of these.
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER_FORMATS = {Look.COUNT: "#,##0", Look.RATE: "0.00%", Look.HOURS: "#,##0.00"}
_HEADER_ROW = 2


def csv_bytes(table: Table) -> bytes:
    """UTF-8 with BOM, header first; title, what it is about and definitions under the rows."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_csv_text(str(column.label)) for column in table.columns])
    for row in _all_rows(table):
        writer.writerow([_csv_value(c, cell) for c, cell in zip(table.columns, row.cells, strict=True)])
    writer.writerow([])
    for line in (table.title, *_about(table), *table.all_notes):
        writer.writerow([_csv_text(str(line))])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _about(table: Table) -> list[str]:
    """One line, or none."""
    return [TITLE_SEPARATOR.join(table.about)] if table.about else []


def _all_rows(table: Table) -> tuple[TableRow, ...]:
    return (*table.rows, table.total) if table.total else table.rows


def _csv_text(text: str) -> str:
    return "'" + text if text.startswith(_STARTS_FORMULA) else text


def _csv_value(column: Column, cell: Cell) -> str:
    if isinstance(cell.value, (int, float)):
        return str(cell.value)
    if isinstance(cell.value, date):
        return cell.value.isoformat()
    return _csv_text(_words(column, cell))


def _words(column: Column, cell: Cell) -> str:
    """The text of a cell that is no number and no date."""
    if cell.words is not None:
        return cell.words
    if column.look is Look.STATUS and cell.value:
        return str(STATUS_LABELS[Status(str(cell.value))])
    return "" if cell.value is None else str(cell.value)


def xlsx_bytes(table: Table) -> bytes:
    """A sheet with frozen header, real numbers and dates, ready to print on A4 across."""
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet()
    formats = _formats(book)
    _set_up_print(sheet, table)
    sheet.write_string(0, 0, table.title, formats["title"])
    for words in _about(table):
        sheet.write_string(1, 0, words, formats["note"])
    for index, column in enumerate(table.columns):
        sheet.write_string(_HEADER_ROW, index, str(column.label), formats["header"])
    line = _HEADER_ROW
    for row in _all_rows(table):
        line += 1
        bold = "total " if row is table.total else ""
        for index, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
            look = Look.DAY if isinstance(cell.value, date) else column.look
            _write_cell(sheet, line, index, column, cell, formats[f"{bold}{look}"])
    for note in table.all_notes:
        line += 1
        sheet.write_string(line + 1, 0, str(note), formats["note"])
    book.close()
    return out.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    found = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "header": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "note": book.add_format({"font_color": "#5c636d"}),
    }
    for look in Look:
        number = {"num_format": _NUMBER_FORMATS[look]} if look in _NUMBER_FORMATS else {}
        if look is Look.DAY:
            number = {"num_format": "yyyy-mm-dd", "align": "left"}
        found[look.value] = book.add_format(number)
        found[f"total {look}"] = book.add_format({**number, "bold": True, "top": 1})
    return found


def _set_up_print(sheet: Any, table: Table) -> None:
    # Widths are set, not fitted: fitting takes a Chinese character for a Latin one and clips it.
    for index, column in enumerate(table.columns):
        chars = column.width if column.look is Look.TEXT else len(str(column.label)) * 2 + 2
        sheet.set_column(index, index, max(chars, len(str(column.label)) * 2 + 2, 10))
    sheet.freeze_panes(_HEADER_ROW + 1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.set_footer("&L&A&R&P / &N")


def _write_cell(sheet: Any, line: int, index: int, column: Column, cell: Cell, style: Any) -> None:
    if isinstance(cell.value, (int, float)):
        sheet.write_number(line, index, cell.value, style)
    elif isinstance(cell.value, date):
        sheet.write_datetime(line, index, cell.value, style)
    elif words := _words(column, cell):
        sheet.write_string(line, index, words, style)


def text_table(table: Table) -> str:
    """For the terminal: columns aligned by the width that Chinese takes there."""
    head = [str(column.label) for column in table.columns]
    lines = [
        [_terminal_value(c, cell) for c, cell in zip(table.columns, row.cells, strict=True)]
        for row in _all_rows(table)
    ]
    widths = [max(_width(line[i]) for line in (head, *lines)) for i in range(len(head))]
    numeric = [column.look in _NUMBER_FORMATS for column in table.columns]

    def aligned(line: list[str]) -> str:
        cells = []
        for text, width, is_number in zip(line, widths, numeric, strict=True):
            gap = " " * (width - _width(text))
            cells.append(gap + text if is_number else text + gap)
        return "  ".join(cells).rstrip()

    notes = [str(note) for note in table.all_notes]
    return "\n".join(
        [table.title, *_about(table), "", aligned(head), *(aligned(line) for line in lines), "", *notes]
    )


def _terminal_value(column: Column, cell: Cell) -> str:
    value = cell.value
    if isinstance(value, date):
        return day_text(value)
    if not isinstance(value, (int, float)):
        return _words(column, cell) or ("—" if column.look in _NUMBER_FORMATS else "")
    if column.look is Look.RATE:
        return f"{value * 100:.2f}%"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if column.look is Look.HOURS else f"{value:,}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
