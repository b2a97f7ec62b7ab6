"""Opens what an office uploads, within bounds, as sheets of plain rows; knows nothing of their meaning."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.core.i18n import lazy
from app.members.roster.archives import damaged, not_a_table, refuse_bombs, repacked
from app.members.roster.problems import FileRefused

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
_DAYS_1904 = 1_462

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SINCE_1904 = re.compile(rb"<(?:\w+:)?workbookPr[^<>]*\sdate1904\s*=\s*[\"'](?:1|true)[\"']")
MAX_MERGED_CELLS = 400_000
_MOST_COLUMNS = 100
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; `rows` gives (row number as shown, cells) and can be walked once."""

    title: str
    is_hidden: bool
    serial_offset: int
    rows: Iterator[tuple[int, Cells]]
    # How many rows there are at most; 0 where only walking them tells.
    height: int = 0


def refuse_wrong_files(content: bytes) -> None:
    """What can be told without parsing: size, kind, encryption, zip bombs. Raises FileRefused."""
    if len(content) > MAX_BYTES:
        raise FileRefused(
            lazy("文件超过 20 MB。请删去图片和无关的工作表,或分几个文件导入。"), code="file_too_large"
        )
    if not content.strip():
        raise FileRefused(lazy("文件是空的。"), code="file_empty")
    if content.startswith(_OLD_OFFICE):
        if _ENCRYPTED in content:
            raise FileRefused(lazy("文件加了密码。请在 Excel 里取消密码后再导入。"), code="file_encrypted")
        raise FileRefused(lazy("这是旧版 Excel 文件(.xls)。请另存为 .xlsx 后再导入。"), code="file_old_excel")
    if content.startswith(b"PK"):
        refuse_bombs(content)
    else:
        _decoded(content)


def open_sheets(content: bytes) -> Iterator[Sheet]:
    """The sheets of an .xlsx or .csv file, one after the other; a CSV is one sheet without a title.

    What the file is follows from its bytes, not its name. Blank rows are left out; a value merged
    over several rows stands in each of them. Raises FileRefused, also while rows are walked.
    """
    refuse_wrong_files(content)
    if content.startswith(b"PK"):
        yield from _xlsx_sheets(repacked(content))
    else:
        yield Sheet("", False, 0, _within_bounds(_csv_rows(content)))


def _xlsx_sheets(packed: bytes) -> Iterator[Sheet]:
    # Only calamine's own readers may see the sheet's XML: see docs/decisions/0012.
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        offset = _DAYS_1904 if _SINCE_1904.search(archive.read("xl/workbook.xml")) else 0
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(packed))
        del packed  # It has a copy of its own.
        for number, about in enumerate(book.sheets_metadata):
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            if about.visible != SheetVisibleEnum.Visible:
                yield Sheet(about.name, True, offset, iter(()))
                continue
            sheet = book.get_sheet_by_index(number)
            rows = _within_bounds(_filled(_sheet_rows(sheet), _merged_down(sheet)))
            yield Sheet(about.name, False, offset, rows, sheet.total_height)
    except CalamineError as exc:
        raise damaged() from exc


def _sheet_rows(sheet: CalamineSheet) -> Iterator[tuple[int, Cells]]:
    # Rows come from the sheet's first, cells only from the first column that is used.
    before = [None] * (sheet.start[1] if sheet.start else 0)
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield number, [*before, *cells] if before else cells


def _merged_down(sheet: CalamineSheet) -> dict[int, dict[int, int]]:
    """Row number → column position → number of the top row of the merged block; top rows left out.

    Blocks beyond the bound are ignored: their lower rows are then read as blank and reported.
    """
    blocks: dict[int, dict[int, int]] = {}
    cells = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if bottom <= top or right >= _MOST_COLUMNS:
            continue
        cells += bottom - top
        if cells > MAX_MERGED_CELLS:
            break
        for row in range(top + 2, bottom + 2):
            # Across, only the first column holds the value.
            blocks.setdefault(row, {})[left] = top + 1
    return blocks


def _filled(
    rows: Iterator[tuple[int, Cells]], merged: dict[int, dict[int, int]]
) -> Iterator[tuple[int, Cells]]:
    """Write the value of each merged block into its lower rows. `merged`: row → column → top row."""
    tops: dict[tuple[int, int], object] = {}
    wanted = {(top, column) for columns in merged.values() for column, top in columns.items()}
    tops_by_row: dict[int, list[int]] = {}
    for top, column in wanted:
        tops_by_row.setdefault(top, []).append(column)
    for number, cells in rows:
        for column in tops_by_row.get(number, ()):
            tops[number, column] = cells[column] if column < len(cells) else None
        columns = merged.get(number)
        # A row that has nothing but what is merged into it is blank.
        if not columns or all(_is_blank(cell) for cell in cells):
            yield number, cells
            continue
        changed = [*cells, *[None] * (max(columns) + 1 - len(cells))]
        for column, top in columns.items():
            if _is_blank(changed[column]):
                changed[column] = tops.get((top, column))
        yield number, changed


def _within_bounds(rows: Iterator[tuple[int, Cells]]) -> Iterator[tuple[int, Cells]]:
    """Leave blank rows out; refuse more rows than any roster has."""
    kept = 0
    for number, cells in rows:
        if all(_is_blank(cell) for cell in cells):
            continue
        kept += 1
        if kept > MAX_ROWS:
            raise FileRefused(lazy("超过 20 万行。请分几个文件导入。"), code="file_too_many_rows")
        yield number, cells


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


# A CSV cannot say whether 1956.1 was text or a number that lost its last 0.
_DECIMAL = re.compile(r"\d{4}\.\d{1,2}")


def _csv_rows(content: bytes) -> Iterator[tuple[int, Cells]]:
    text = _decoded(content)
    lines = text[:20_000].splitlines()[:30]
    separator = max(",\t;", key=lambda char: sum(line.count(char) for line in lines))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            values = [float(cell) if _DECIMAL.fullmatch(cell.strip()) else cell for cell in cells]
            yield reader.line_num, values
    except csv.Error as exc:
        raise damaged() from exc


def _decoded(content: bytes) -> str:
    """UTF-8 with or without mark, UTF-16 with mark, or GB18030 as Chinese Excel writes it."""
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Images and other files may happen to decode; they have control characters, tables have none.
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text
    raise not_a_table()


def text_of(cell: object) -> str:
    """A cell as people read it; whole numbers without ".0"; "-" and its kin are blank."""
    if not isinstance(cell, str):
        if cell is None or isinstance(cell, bool | time):
            return {True: "是", False: "否"}.get(cell, "") if isinstance(cell, bool) else ""
        cell = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    text = cell.strip().strip("\u200b\ufeff\xa0")
    return "" if text in _BLANK_WORDS else text


_BLANK_WORDS = frozenset(
    {"-", "--", "—", "——", "–", "－", "/", "／", "\\", "无", "N/A", "null", "NULL", "None"}
)
