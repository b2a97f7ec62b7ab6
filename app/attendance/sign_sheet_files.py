"""Draws a sign-in sheet as PDF and as a workbook, in type that can be read at arm's length."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import xlsxwriter

from app.attendance.sign_sheet import HEADS, SignSheet
from app.core.pdf_columns import PdfColumn
from app.core.pdf_table import PdfTable, pdf_of

PDF_TYPE = "application/pdf"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Points, and millimetres of height in which a hand can sign.
_SIZE, _ROW_HEIGHT = 12.5, 11.0
_PDF_WIDTHS = (14.0, 30.0, None, 44.0, 34.0)
_XLSX_WIDTHS = (7, 14, 34, 24, 20)
_ROW_POINTS = 30


def sheet_pdf(sheet: SignSheet, office: str, made_at: datetime) -> bytes:
    """A4 standing, the head on every page, page x of y."""
    columns = [
        PdfColumn(str(head), number == 0, width)
        for number, (head, width) in enumerate(zip(HEADS, _PDF_WIDTHS, strict=True))
    ]
    printed = PdfTable(
        sheet.title,
        columns,
        sheet.rows,
        facts=sheet.facts,
        size=_SIZE,
        row_height=_ROW_HEIGHT,
        is_form=True,
        running=sheet.running,
    )
    return pdf_of(printed, office, made_at)


def sheet_xlsx(sheet: SignSheet) -> bytes:
    """One sheet set up to print as the PDF does; texts stay texts whatever they begin with."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        page = book.add_worksheet()
        last = len(HEADS) - 1
        page.merge_range(0, 0, 0, last, "", book.add_format())
        page.write_string(0, 0, sheet.title, book.add_format({"bold": True, "font_size": 18}))
        head_row = 1 + len(sheet.facts)
        fact = book.add_format({"font_size": 13, "valign": "vcenter"})
        for line, facts in enumerate(sheet.facts, 1):
            page.set_row(line, 24)
            words = "    ".join(f"{label}:{value or '________'}" for label, value in facts)
            page.merge_range(line, 0, line, last, "", fact)
            page.write_string(line, 0, words, fact)
        _write_lines(book, page, sheet, head_row)
        _set_up_print(page, head_row)
    return out.getvalue()


def _write_lines(book: Any, page: Any, sheet: SignSheet, head_row: int) -> None:
    box = {"border": 1, "font_size": 13, "valign": "vcenter", "text_wrap": True}
    text, number = book.add_format(box), book.add_format({**box, "align": "center"})
    head = book.add_format({**box, "bold": True})
    for column, (label, width) in enumerate(zip(HEADS, _XLSX_WIDTHS, strict=True)):
        page.set_column(column, column, width)
        page.write_string(head_row, column, str(label), head)
    for line, cells in enumerate(sheet.rows, head_row + 1):
        page.set_row(line, _ROW_POINTS)
        if cells[0]:
            page.write_number(line, 0, int(cells[0]), number)
        else:
            page.write_blank(line, 0, None, number)
        for column, words in enumerate(cells[1:], 1):
            page.write_string(line, column, words, text)


def _set_up_print(page: Any, head_row: int) -> None:
    page.freeze_panes(head_row + 1, 0)
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(head_row)
    page.set_footer("&R&P / &N")
