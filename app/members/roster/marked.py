"""Writes the workbook that says of every row of a file what becomes of it, and why."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from app.core.i18n import gettext as _
from app.core.work_folders import work_folder
from app.members.phones import mask_phone, normalise_phone
from app.members.roster.books import HEADERS, ROSTER_FIELDS, book_styles, write_head
from app.members.roster.changes import shown
from app.members.roster.files import text_of
from app.members.roster.plan import Plan, Tell, silent
from app.members.roster.problems import place_words, problem_words
from app.members.roster.reading import Roster, table_rows
from app.members.roster.rules_columns import ROSTER
from app.members.roster.rules_problems import Place
from app.members.roster.rules_row import looks_like_id_number
from app.members.roster.words import change_words

_FIRST = 3


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of a row: the style of its status, the status, why or how, and the cells it is about."""

    style: str
    status: str
    words: str = ""
    fields: frozenset[str | None] = frozenset()


def marked_book(
    content: bytes,
    plan: Plan,
    roster: Roster,
    mapping: Mapping[str, str],
    folder: Path,
    tell: Tell = silent,
    *,
    only_rejected: bool = False,
) -> bytes:
    """Every row with what becomes of it, in the file's order; then the members who are missing.

    `content` is read once more: no row is kept in memory for this. Text cells only, phones masked, no ID
    numbers, wherever they stood. folder: private to this installation; what does not fit in memory is in a
    folder of its own there, unsealed, for as long as this takes.
    """
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False}
    with (
        work_folder(folder) as private,
        xlsxwriter.Workbook(out, {**options, "tmpdir": str(private)}) as book,
    ):
        styles = book_styles(book)
        sheet = book.add_worksheet(_("核对结果"))
        heads = [_("结果"), _("说明"), _("位置"), *(HEADERS[field] for field in ROSTER_FIELDS)]
        write_head(sheet, heads, styles)
        sheet.set_column(1, 1, 60)
        sheet.freeze_panes(1, _FIRST)
        fates = _fates(plan, roster.titles)
        line = 0
        for done, row in enumerate(table_rows(content, ROSTER, Roster(), mapping), start=1):
            tell("writing", done, roster.height)
            if only_rejected and row.place not in plan.rejected:
                continue
            line += 1
            title = roster.titles[row.place.sheet]
            fate = fates.get(row.place) or _Fate("quiet", _("示例"), _("不导入"))
            _write_row(sheet, line, fate, place_words(title, row.place), _texts(row.cells), styles)
        for missing in () if only_rejected else plan.missing:
            line += 1
            texts = {
                "name": missing.name,
                "branch": missing.branch,
                "birth_date": shown(missing.birth_date),
                "phone": missing.phone,
            }
            fate = _Fate("missing", _("名单里没有"), _("系统里有,这个文件里没有。不会改动。"))
            _write_row(sheet, line, fate, "", texts, styles)
        sheet.autofilter(0, 0, max(line, 1), len(heads) - 1)
    return out.getvalue()


def _fates(plan: Plan, titles: Sequence[str]) -> dict[Place, _Fate]:
    created, unchanged = _Fate("created", _("新增")), _Fate("text", _("没有变化"))
    fates = {new.row.place: created for new in plan.created}
    fates |= {row.place: unchanged for row in plan.unchanged}
    for member in plan.changed:
        words = "\n".join(change_words(change) for change in member.changes)
        fields = frozenset(change.field for change in member.changes)
        fates[member.row.place] = _Fate("changed", _("有变化"), words, fields)
    for place, won in plan.merged.items():
        where = place_words(titles[won.sheet], won)
        fates[place] = _Fate("quiet", _("已合并"), _("并入 %(where)s", where=where))
    for place, problems in plan.rejected.items():
        words = " ".join(problem_words(problem, titles) for problem in problems)
        fates[place] = _Fate("rejected", _("要修改"), words, frozenset(p.field for p in problems))
    return fates


def _texts(cells: Mapping[str, object]) -> dict[str, str]:
    texts = {name: text_of(cell) for name, cell in cells.items()}
    for name, text in texts.items():
        if looks_like_id_number(text):
            texts[name] = _("(身份号码,未保留)")
    # A wrong number stays as it is: it must be seen to be put right.
    with suppress(ValueError):
        texts["phone"] = mask_phone(normalise_phone(texts.get("phone", "")))
    return texts


def _write_row(
    sheet: Any, line: int, fate: _Fate, where: str, texts: Mapping[str, str], styles: Mapping[str, Any]
) -> None:
    sheet.write_string(line, 0, fate.status, styles[fate.style])
    sheet.write_string(line, 1, fate.words, styles["wrap"])
    sheet.write_string(line, 2, where, styles["text"])
    mark = styles["wrong" if fate.style == "rejected" else "changed"]
    for at, field in enumerate(ROSTER_FIELDS, start=_FIRST):
        is_meant = field in fate.fields
        if is_meant or texts.get(field):
            sheet.write_string(line, at, texts.get(field, ""), mark if is_meant else styles["text"])
