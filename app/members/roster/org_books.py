"""Writes the organisation tree as a workbook that its import takes."""

from __future__ import annotations

import io
from collections.abc import Sequence

import xlsxwriter

from app.core.i18n import gettext as _
from app.members.queries.tree import OrgRow
from app.members.roster.books import OPTIONS, styles_of, write_head
from app.members.roster.rules_columns import ORGS
from app.members.roster.rules_orgs import KINDS_SHOWN, SECTORS_WRITTEN

_WIDTHS = {"code": 18, "name": 48, "kind": 12, "parent_code": 18, "sector": 24}


def tree_book(rows: Sequence[OrgRow]) -> bytes:
    """All units, each after what it hangs below; empty, it is a template. Words are those that the import
    reads, in whatever language the page is."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    styles = styles_of(book)
    sheet = book.add_worksheet(_("组织架构"))
    write_head(sheet, [column.header for column in ORGS], styles)
    for at, column in enumerate(ORGS):
        # Text, so that no spreadsheet turns code 0012 into 12.
        sheet.set_column(at, at, _WIDTHS[column.field], styles["text"])
    for line, row in enumerate(sorted(rows, key=_down), 1):
        sector = SECTORS_WRITTEN[row.sector] if row.sector else ""
        cells = (row.code, row.name, KINDS_SHOWN[row.kind], row.parent_code or "", sector)
        for at, text in enumerate(cells):
            sheet.write_string(line, at, text, styles["text"])
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def _down(row: OrgRow) -> list[int]:
    return [int(part) for part in row.path.strip("/").split("/")]
