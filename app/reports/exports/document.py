"""Writes a table as PDF, for printing and for the file."""

from __future__ import annotations

from datetime import datetime

from app.core.pdf_columns import PdfColumn
from app.core.pdf_table import PdfTable, pdf_of
from app.reports.exports.values import NUMBERS, Words, about_line
from app.reports.tables import Table

PDF_TYPE = "application/pdf"


def pdf_bytes(table: Table, office: str, made_at: datetime) -> bytes:
    """A4, lying where the columns need it; the head on every page, the definitions below the rows."""
    lines = Words().lines(table)
    total = lines.pop() if table.total else None
    notes = [str(note) for note in table.all_notes]
    printed = PdfTable(
        table.title,
        [PdfColumn(str(column.label), column.look in NUMBERS) for column in table.columns],
        lines,
        total,
        about_line(table),
        notes=notes,
    )
    return pdf_of(printed, office, made_at)
