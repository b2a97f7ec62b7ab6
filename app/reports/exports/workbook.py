"""Writes a table as an Excel workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import xlsxwriter

from app.core.files import instance_folder
from app.core.i18n import gettext as _
from app.core.work_folders import work_folder
from app.reports.exports.chart import add_chart_sheet
from app.reports.exports.values import Words, about_line, all_rows
from app.reports.tables import Column, Look, Table

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Rows that a sheet of Excel can have, and room for the lines around them.
MOST_ROWS = 2**20 - 100
# More are written to the disk as they come, and take no memory.
_MANY_ROWS = 20_000
_NUMBER_FORMATS = {Look.COUNT: "#,##0", Look.RATE: "0.00%", Look.HOURS: "#,##0.00"}
_HEADER_ROW = 2
# A4 standing holds so many characters of the usual size side by side before they become small.
_UPRIGHT_CHARS = 100


def xlsx_bytes(table: Table) -> bytes:
    """A sheet with frozen header, filter, real numbers and dates, ready to print on A4; the definitions
    under the rows; beside them a chart where the page has one."""
    out = io.BytesIO()
    with _workbook(out, len(table.rows)) as book:
        sheet = book.add_worksheet(_("报表"))
        formats = _formats(book)
        widths = [_width(column) for column in table.columns]
        _set_up_print(sheet, table, widths)
        sheet.write_string(0, 0, table.title, formats["title"])
        if about := about_line(table):
            sheet.write_string(1, 0, about, formats["note"])
        for index, column in enumerate(table.columns):
            kind = "number header" if column.look in _NUMBER_FORMATS else "header"
            sheet.write_string(_HEADER_ROW, index, str(column.label), formats[kind])
        _write_rows(sheet, table, formats)
        if table.rows:
            sheet.autofilter(_HEADER_ROW, 0, _HEADER_ROW + len(table.rows), len(table.columns) - 1)
        _write_notes(sheet, table, sum(widths), formats)
        add_chart_sheet(book, sheet, table, _HEADER_ROW)
    return out.getvalue()


@contextmanager
def _workbook(out: io.BytesIO, rows: int) -> Iterator[Any]:
    """Never a formula or a link, whatever a text begins with; what lies on the disk is private and goes."""
    options: dict[str, Any] = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    if rows <= _MANY_ROWS:
        with xlsxwriter.Workbook(out, {**options, "in_memory": True}) as book:
            yield book
        return
    with work_folder(instance_folder("report-files")) as folder:
        options |= {"constant_memory": True, "tmpdir": str(folder)}
        with xlsxwriter.Workbook(out, options) as book:
            yield book


def _write_rows(sheet: Any, table: Table, formats: dict[str, Any]) -> None:
    words = Words().of
    # The public methods take addresses like "A1" too, and look for them in every call.
    number, text, moment = sheet._write_number, sheet._write_string, sheet._write_datetime
    usual, total = (
        ([(column, formats[bold + column.look]) for column in table.columns], formats[bold + Look.DAY])
        for bold in ("", "total ")
    )
    for line, row in enumerate(all_rows(table), _HEADER_ROW + 1):
        styles, day = total if row is table.total else usual
        for index, ((column, style), cell) in enumerate(zip(styles, row.cells, strict=True)):
            value = cell.value
            if isinstance(value, (int, float)):
                number(line, index, value, style)
            elif isinstance(value, date):
                moment(line, index, value, day)
            elif said := words(column, cell):
                text(line, index, said, style)


def _formats(book: Any) -> dict[str, Any]:
    header = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
    found = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "header": book.add_format(header),
        "number header": book.add_format({**header, "align": "right"}),
        "note": book.add_format({"font_color": "#5c636d"}),
        "wrapped": book.add_format({"font_color": "#5c636d", "text_wrap": True, "valign": "top"}),
    }
    for look in Look:
        number = {"num_format": _NUMBER_FORMATS[look]} if look in _NUMBER_FORMATS else {}
        if look is Look.DAY:
            number = {"num_format": "yyyy-mm-dd", "align": "left"}
        found[look.value] = book.add_format(number)
        found[f"total {look}"] = book.add_format({**number, "bold": True, "top": 1})
    return found


def _width(column: Column) -> int:
    """Set, not fitted: fitting takes a Chinese character for a Latin one and clips it."""
    head = len(str(column.label)) * 2 + 4  # the filter's arrow stands beside it
    return max(column.width if column.look is Look.TEXT else head, head, 10)


def _set_up_print(sheet: Any, table: Table, widths: list[int]) -> None:
    for index, width in enumerate(widths):
        sheet.set_column(index, index, width)
    sheet.freeze_panes(_HEADER_ROW + 1, 1)
    if sum(widths) > _UPRIGHT_CHARS:
        sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.set_footer("&L&A&R&P / &N")


def _write_notes(sheet: Any, table: Table, chars: int, formats: dict[str, Any]) -> None:
    """Across all columns, so that a print-out is as wide as the table and no wider."""
    line, last = _HEADER_ROW + len(all_rows(table)) + 1, len(table.columns) - 1
    for note in table.all_notes:
        line += 1
        text = str(note)
        # A row of merged cells does not grow by itself.
        sheet.set_row(line, 15 * -(-_cells(text) // max(chars - 4, 1)))
        if last:
            sheet.merge_range(line, 0, line, last, "", formats["wrapped"])
        sheet.write_string(line, 0, text, formats["wrapped"])


def _cells(text: str) -> int:
    """Places that a text takes where a Latin letter takes one."""
    return sum(1 if char.isascii() else 2 for char in text)
