"""Writes rosters as workbooks: the empty template with its examples, and members as they stand."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

from app.core.i18n import gettext as _
from app.members.roster.plan import Tell, silent
from app.members.roster.rules_columns import NEVER_READ, ROSTER

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_TEMPLATE_ROWS = 5_000
_YES_NO = ("是", "否")
_CHOICES: dict[str, tuple[str, ...]] = {
    "sex": ("男", "女"),
    "education": ("研究生", "大学本科", "大学专科", "中专", "高中", "初中", "小学"),
    "membership_type": ("正式党员", "预备党员"),
    "is_migrant_worker": _YES_NO,
    "is_lost_contact": _YES_NO,
    "is_mobile": _YES_NO,
}
# Columns of the offices' own export come first, in their order.
ROSTER_FIELDS = (
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
HEADERS = {column.field: column.header for column in ROSTER}
# Left out when read: see rules_row.is_example.
_EXAMPLES: tuple[dict[str, str], ...] = (
    {
        "name": "示例:张三", "sex": "男", "ethnicity": "汉族", "birth_date": "1956-03-12",
        "education": "大学专科", "membership_type": "正式党员", "branch": "第一社区党支部",
        "phone": "13900000001", "joined_party_on": "1980-07-01", "confirmed_on": "1981-07-01",
        "job": "离退休人员", "is_migrant_worker": "否", "is_lost_contact": "否", "is_mobile": "否",
    },
    {
        "name": "示例:李四", "sex": "女", "ethnicity": "土家族", "birth_date": "1990-11",
        "education": "大学本科", "membership_type": "预备党员", "branch": "中共某街道工委第二社区支部委员会",
        "phone": "027-85550001", "joined_party_on": "2019-05-01", "is_mobile": "是",
        "away_since": "2019-01-10", "away_at": "广东深圳",
    },
)  # fmt: skip


def template_book() -> bytes:
    """An empty roster as .xlsx: headers, two examples, drop-downs, and a sheet of notes."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        styles = book_styles(book)
        sheet = _roster_sheet(book, styles)
        for at, field in enumerate(ROSTER_FIELDS):
            if field in _CHOICES:
                allowed = {"validate": "list", "source": list(_CHOICES[field]), "ignore_blank": True}
                sheet.data_validation(1, at, _TEMPLATE_ROWS, at, allowed)
        for line, example in enumerate(_EXAMPLES, start=1):
            for at, field in enumerate(ROSTER_FIELDS):
                sheet.write_string(line, at, example.get(field, ""), styles["quiet"])
        _write_notes(book.add_worksheet(_("填写说明")), styles)
    return out.getvalue()


def roster_book(rows: Iterable[Mapping[str, str]], total: int, tell: Tell = silent) -> bytes:
    """Members as .xlsx in the template's columns; each row is field → text."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        styles = book_styles(book)
        sheet = _roster_sheet(book, styles)
        for line, row in enumerate(rows, start=1):
            tell("writing", line, total)
            for at, field in enumerate(ROSTER_FIELDS):
                if text := row.get(field):
                    sheet.write_string(line, at, text)
        sheet.autofilter(0, 0, max(total, 1), len(ROSTER_FIELDS) - 1)
    return out.getvalue()


def _roster_sheet(book: Any, styles: Mapping[str, Any]) -> Any:
    sheet = book.add_worksheet(_("党员花名册"))
    write_head(sheet, [HEADERS[field] for field in ROSTER_FIELDS], styles)
    for at, field in enumerate(ROSTER_FIELDS):
        # Text, so that no spreadsheet rounds a number or turns 1956.10 into 1956.1.
        sheet.set_column(at, at, _width(HEADERS[field]), styles["text"])
    sheet.freeze_panes(1, 1)
    return sheet


def _write_notes(sheet: Any, styles: Mapping[str, Any]) -> None:
    notes = [
        (
            _("必须填写"),
            _("姓名,以及所在党支部(或党支部编码)。其余各列不清楚就留空或填“-”,空格不会清除已有内容。"),
        ),
        (_("示例"), _("姓名以“示例:”开头的两行只作参考,导入时跳过,可以不删。")),
        (_("列的顺序"), _("可以任意,多余的列不会读取。表头上方可以有标题。")),
        (_("身份号码"), _("本系统不保存“%(column)s”,即使有这一列也不会读取。请先删去。", column=NEVER_READ)),
        (_("日期"), _("写四位年份,如 1956-03-12;只知道年月时写 1956-03,按当月 1 日计。")),
        (_("电话"), _("11 位手机号,或带区号的固定电话。请把这一列设为文本。")),
        (_("所在党支部"), _("写系统里的名称、曾用名或编码。全称前面的“中共……委员会”可写可不写。")),
        (
            _("同一位党员"),
            _("先按姓名和电话对照,再按姓名、出生日期和党支部对照。分不清时请您来选,不会自动合并。"),
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


def book_styles(book: Any) -> dict[str, Any]:
    """Cell formats by name."""
    text: dict[str, object] = {"num_format": "@", "valign": "top"}
    tints: dict[str, dict[str, object]] = {
        "wrong": {"bg_color": "#F8D7DA", "font_color": "#A4161A"},
        "rejected": {"bg_color": "#F8D7DA", "font_color": "#A4161A", "bold": True},
        "created": {"bg_color": "#DCEFE3", "font_color": "#1B6E3C"},
        "changed": {"bg_color": "#FBF0DC", "font_color": "#7A4F10"},
        "missing": {"bg_color": "#E9E6E1", "font_color": "#5C636D"},
        "quiet": {"font_color": "#5C636D", "italic": True},
    }
    return {
        "head": book.add_format({"bold": True, "bottom": 1, "valign": "top", "text_wrap": True}),
        "text": book.add_format(text),
        "wrap": book.add_format({**text, "text_wrap": True}),
        **{name: book.add_format({**text, **tint}) for name, tint in tints.items()},
    }


def write_head(sheet: Any, heads: Sequence[str], styles: Mapping[str, Any]) -> None:
    """The first row, and columns as wide as their heads need (a Chinese character takes two)."""
    for at, head in enumerate(heads):
        sheet.write_string(0, at, head, styles["head"])
        sheet.set_column(at, at, _width(head))


def _width(head: str) -> int:
    return max(12, 2 * len(head) + 2)
