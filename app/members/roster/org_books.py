"""Writes the organisation tree as a workbook that its import takes, and the rows that it refused."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from app.core.i18n import gettext as _
from app.members.queries.tree import OrgRow
from app.members.roster.books import OPTIONS, book_styles, write_head
from app.members.roster.files import text_of
from app.members.roster.problems import place_words, problem_words
from app.members.roster.reading import Roster, table_rows
from app.members.roster.rules_columns import ORGS
from app.members.roster.rules_orgs import KINDS_SHOWN, SECTORS_WRITTEN
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import looks_like_id_number

_WIDTHS = {"code": 18, "name": 48, "kind": 12, "parent_code": 18, "sector": 24}


def tree_book(rows: Sequence[OrgRow]) -> bytes:
    """All units, each after what it hangs below; empty, it is a template. Words are those that the import
    reads, in whatever language the page is."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    styles = book_styles(book)
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


def rejected_book(
    content: bytes, problems: Mapping[Place, Sequence[Problem]], titles: Sequence[str]
) -> bytes:
    """The rejected rows as an .xlsx: where each stands, what is wrong, and its cells, the wrong ones marked.

    `content` is the imported file, read once more: no row is kept in memory for this. ID numbers do
    not come along, wherever they stood.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    styles = book_styles(book)
    sheet = book.add_worksheet(_("需要修改"))
    heads = [_("位置"), _("问题"), *(column.header for column in ORGS)]
    write_head(sheet, heads, styles)
    sheet.set_column(1, 1, 60)
    line = 0
    for row in table_rows(content, ORGS, Roster()):
        found = problems.get(row.place)
        if not found:
            continue
        line += 1
        title = titles[row.place.sheet] if row.place.sheet < len(titles) else ""
        words = " ".join(problem_words(problem, titles) for problem in found)
        sheet.write_string(line, 0, place_words(title, row.place), styles["text"])
        sheet.write_string(line, 1, words, styles["wrap"])
        wrong = {problem.field for problem in found}
        for at, column in enumerate(ORGS, start=2):
            text = text_of(row.cells.get(column.field))
            if looks_like_id_number(text):
                text = _("(身份号码,未保留)")
            sheet.write_string(line, at, text, styles["wrong" if column.field in wrong else "text"])
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(line, 1), len(heads) - 1)
    book.close()
    return out.getvalue()


def _down(row: OrgRow) -> list[int]:
    return [int(part) for part in row.path.strip("/").split("/")]
