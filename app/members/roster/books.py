"""Writes the workbooks of an import: rejected rows with what is wrong, and the empty template."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from app.core.i18n import gettext as _
from app.members.roster.files import text_of
from app.members.roster.problems import place_words, problem_words
from app.members.roster.reading import Roster, table_rows
from app.members.roster.rules_columns import NEVER_READ, ROSTER, Column
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import looks_like_id_number

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_TEMPLATE_ROWS = 5_000
_EDUCATION = ("研究生", "大学本科", "大学专科", "中专", "高中", "初中", "小学")
_MEMBERSHIP_TYPES = ("正式党员", "预备党员")
_YES_NO = ("是", "否")
_CHOICES: dict[str, tuple[str, ...]] = {
    "sex": ("男", "女"),
    "education": _EDUCATION,
    "membership_type": _MEMBERSHIP_TYPES,
    "is_migrant_worker": _YES_NO,
    "is_lost_contact": _YES_NO,
    "is_mobile": _YES_NO,
}
# Columns of the offices' own export come first, in their order.
_TEMPLATE_FIELDS = (
    "name",
    "sex",
    "ethnicity",
    "birth_date",
    "education",
    "membership_type",
    "branch",
    "branch_code",
    "phone",
    "joined_party_on",
    "confirmed_on",
    "social_stratum",
    "job",
    "is_migrant_worker",
    "is_lost_contact",
    "is_mobile",
    "away_since",
    "away_at",
)


def error_book(
    content: bytes,
    problems: Mapping[Place, Sequence[Problem]],
    titles: Sequence[str],
    columns: Sequence[Column] = ROSTER,
) -> bytes:
    """The rejected rows as an .xlsx: where each stands, what is wrong, and its cells, the wrong ones marked.

    `content` is the imported file, read once more: no row is kept in memory for this. ID numbers do
    not come along, wherever they stood.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    styles = styles_of(book)
    sheet = book.add_worksheet(_("需要修改"))
    heads = [_("位置"), _("问题"), *(column.header for column in columns)]
    write_head(sheet, heads, styles)
    sheet.set_column(1, 1, 60)
    line = 0
    for row in table_rows(content, columns, Roster()):
        found = problems.get(row.place)
        if not found:
            continue
        line += 1
        title = titles[row.place.sheet] if row.place.sheet < len(titles) else ""
        words = " ".join(problem_words(problem, titles) for problem in found)
        sheet.write_string(line, 0, place_words(title, row.place), styles["text"])
        sheet.write_string(line, 1, words, styles["wrap"])
        wrong = {problem.field for problem in found}
        for at, column in enumerate(columns, start=2):
            text = text_of(row.cells.get(column.field))
            if looks_like_id_number(text):
                text = _("(身份号码,未保留)")
            sheet.write_string(line, at, text, styles["wrong" if column.field in wrong else "text"])
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(line, 1), len(heads) - 1)
    book.close()
    return out.getvalue()


def template_book() -> bytes:
    """An empty roster as .xlsx: headers, drop-downs, text and date columns, and a sheet of notes."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    styles = styles_of(book)
    sheet = book.add_worksheet(_("党员花名册"))
    headers = {column.field: column.header for column in ROSTER}
    write_head(sheet, [headers[field] for field in _TEMPLATE_FIELDS], styles)
    for at, field in enumerate(_TEMPLATE_FIELDS):
        # Text, so that no spreadsheet rounds a number or turns 1956.10 into 1956.1.
        sheet.set_column(at, at, _width(headers[field]), styles["text"])
        if field in _CHOICES:
            allowed = {"validate": "list", "source": list(_CHOICES[field]), "ignore_blank": True}
            sheet.data_validation(1, at, _TEMPLATE_ROWS, at, allowed)
    sheet.freeze_panes(1, 1)
    _write_notes(book.add_worksheet(_("填写说明")), styles)
    book.close()
    return out.getvalue()


def _write_notes(sheet: Any, styles: dict[str, Any]) -> None:
    notes = [
        (
            _("必须填写"),
            _("姓名,以及所在党支部(或党支部编码)。其余各列不清楚就留空或填“-”,空格不会清除已有内容。"),
        ),
        (_("列的顺序"), _("可以任意,多余的列不会读取。表头上方可以有标题。")),
        (_("身份号码"), _("本系统不保存“%(column)s”,即使有这一列也不会读取。请先删去。", column=NEVER_READ)),
        (_("日期"), _("写四位年份,如 1956-03-12;只知道年月时写 1956-03,按当月 1 日计。")),
        (_("电话"), _("11 位手机号,或带区号的固定电话。请把这一列设为文本。")),
        (_("所在党支部"), _("写系统里的名称或编码。全称前面的“中共……委员会”可写可不写。")),
        (
            _("同一位党员"),
            _("先按姓名和电话对照,再按姓名、出生日期和党支部对照。分不清时这一行会退回,不会自动合并。"),
        ),
        (_("流动党员"), _("填“是”表示外出已满六个月;知道外出日期时请填“外出日期”。")),
        (_("离退休"), _("“工作岗位”写明离退休的,计入离退休党员。")),
        (_("导入"), _("有一行不对就全部不存,改好后重新导入整个文件即可;重复导入不会产生重复的党员。")),
    ]
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 100)
    for line, (title, words) in enumerate(notes):
        sheet.write_string(line, 0, title, styles["head"])
        sheet.write_string(line, 1, words, styles["wrap"])


def styles_of(book: Any) -> dict[str, Any]:
    text = {"num_format": "@", "valign": "top"}
    return {
        "head": book.add_format({"bold": True, "bottom": 1, "valign": "top", "text_wrap": True}),
        "text": book.add_format(text),
        "wrap": book.add_format({**text, "text_wrap": True}),
        "wrong": book.add_format({**text, "bg_color": "#F8D7DA", "font_color": "#A4161A"}),
    }


def write_head(sheet: Any, heads: Sequence[str], styles: dict[str, Any]) -> None:
    for at, head in enumerate(heads):
        sheet.write_string(0, at, head, styles["head"])
        sheet.set_column(at, at, _width(head))


def _width(head: str) -> int:
    return max(12, 2 * len(head) + 2)
