"""The files that a table can be had as: what each is called, how it is written and how much it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core.i18n import Text
from app.core.i18n import gettext as _
from app.reports.exports.document import PDF_TYPE, pdf_bytes
from app.reports.exports.plain import CSV_TYPE, csv_bytes
from app.reports.exports.workbook import XLSX_TYPE, xlsx_bytes
from app.reports.tables import Table

# A request must end: about so many rows are written in ten seconds on the smallest machine we know.
_MOST_ON_PAPER, _MOST_IN_A_BOOK, _MOST_PLAIN = 20_000, 200_000, 500_000


@dataclass(frozen=True, slots=True)
class Format:
    """write: (table, the office's name, now) to bytes."""

    content_type: str
    write: Callable[[Table, str, datetime], bytes]
    most_rows: int


# By the word in addresses and commands, which is also the file's ending.
FORMATS: dict[str, Format] = {
    "csv": Format(CSV_TYPE, lambda table, _office, _now: csv_bytes(table), _MOST_PLAIN),
    "xlsx": Format(XLSX_TYPE, lambda table, _office, _now: xlsx_bytes(table), _MOST_IN_A_BOOK),
    "pdf": Format(PDF_TYPE, pdf_bytes, _MOST_ON_PAPER),
}


def too_long(kind: str, rows: int) -> Text:
    """Why there is no such file, and what to do."""
    counts: dict[str, str] = {"n": f"{rows:,}", "most": f"{FORMATS[kind].most_rows:,}"}
    if kind == "pdf":
        return _(
            "这张表有 %(n)s 行,PDF 最多 %(most)s 行。请选一个组织或更短的期间,或者导出 Excel。", **counts
        )
    return _("这张表有 %(n)s 行,一个文件最多 %(most)s 行。请选一个组织或更短的期间,分几次导出。", **counts)
