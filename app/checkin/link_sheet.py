"""Writes personal links into a workbook, as text cells only: names are data, never formulas."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import xlsxwriter

from app.core.i18n import gettext as _

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS = (12, 28, 60, 90)


def link_sheet(rows: Sequence[tuple[Any, str]]) -> bytes:
    """(MemberLink, message) of each: name, branch, link and the text to send."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(str(_("本人链接")))
        bold = book.add_format({"bold": True})
        heads = (_("姓名"), _("支部"), _("链接"), _("可以直接发送的文字"))
        for column, (head, width) in enumerate(zip(heads, _WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, str(head), bold)
        for number, (link, message) in enumerate(rows, 1):
            for column, text in enumerate((link.member.name, link.member.org_name, link.url, message)):
                sheet.write_string(number, column, text)
        sheet.freeze_panes(1, 0)
    return out.getvalue()
