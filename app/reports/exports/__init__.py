"""Writes a table as CSV, Excel, PDF or text; the same rows and definitions as on the page."""

from app.reports.exports.formats import FORMATS, Format, too_long
from app.reports.exports.plain import csv_bytes
from app.reports.exports.terminal import text_table
from app.reports.exports.workbook import xlsx_bytes

__all__ = ["FORMATS", "Format", "csv_bytes", "text_table", "too_long", "xlsx_bytes"]
