"""Opens what an office uploads, within bounds, as sheets of plain rows; knows nothing of their meaning."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from app.core.i18n import lazy
from app.members.roster.merges import merged_down
from app.members.roster.problems import FileRefused

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
MAX_ENTRIES = 1_000
MAX_UNPACKED_BYTES = 250 * 1024 * 1024
# Spreadsheets of many equal cells shrink 60-fold; a bomb shrinks 1,000-fold.
MAX_RATIO = 250
_SMALL_BYTES = 1024 * 1024
MAX_CELLS = 20_000_000
_LAST_EXCEL_ROW = 1_048_576
_DAYS_1904 = 1_462

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; `rows` gives (row number as shown, cells) and can be walked once."""

    title: str
    is_hidden: bool
    serial_offset: int
    rows: Iterator[tuple[int, Cells]]


def open_sheets(content: bytes) -> Iterator[Sheet]:
    """The sheets of an .xlsx or .csv file, one after the other; a CSV is one sheet without a title.

    What the file is follows from its bytes, not its name. Blank rows are left out; a value merged
    over several rows stands in each of them. Raises FileRefused, also while rows are walked.
    """
    if len(content) > MAX_BYTES:
        raise FileRefused(
            lazy("文件超过 20 MB。请删去图片和无关的工作表,或分几个文件导入。"), code="file_too_large"
        )
    if not content.strip():
        raise FileRefused(lazy("文件是空的。"), code="file_empty")
    if content.startswith(b"PK"):
        yield from _xlsx_sheets(content)
        return
    if content.startswith(_OLD_OFFICE):
        if _ENCRYPTED in content:
            raise FileRefused(lazy("文件加了密码。请在 Excel 里取消密码后再导入。"), code="file_encrypted")
        raise FileRefused(lazy("这是旧版 Excel 文件(.xls)。请另存为 .xlsx 后再导入。"), code="file_old_excel")
    yield Sheet("", False, 0, _within_bounds(_csv_rows(content)))


def _not_a_table() -> FileRefused:
    return FileRefused(
        lazy("这不是 Excel(.xlsx)或 CSV 文件。请从 Excel 另存为 .xlsx 后再导入。"), code="file_wrong_kind"
    )


def _damaged() -> FileRefused:
    return FileRefused(lazy("文件损坏,打不开。请在 Excel 里打开后另存为 .xlsx 再试。"), code="file_damaged")


def _xlsx_sheets(content: bytes) -> Iterator[Sheet]:
    archive = _bounded_archive(content)
    if "xl/workbook.xml" not in archive.namelist():
        raise _not_a_table()
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("openpyxl must parse through defusedxml")
    try:
        book = _load(content)
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        ParseError,
        OSError,
    ) as exc:
        raise _damaged() from exc
    offset = _DAYS_1904 if book.epoch == CALENDAR_MAC_1904 else 0
    try:
        for sheet in book.worksheets:
            filled = merged_down(archive, sheet._worksheet_path)
            rows = _within_bounds(_filled(_sheet_rows(sheet), filled))
            yield Sheet(sheet.title, sheet.sheet_state != "visible", offset, rows)
    finally:
        book.close()


def _load(content: bytes) -> Any:
    with warnings.catch_warnings():
        # openpyxl tells developers of extensions it drops; an office cannot act on that.
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)


def _bounded_archive(content: bytes) -> zipfile.ZipFile:
    """Refuse zip bombs by the directory alone; reading never passes the sizes that it declares."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as exc:
        raise _damaged() from exc
    unpacked = sum(entry.file_size for entry in entries)
    bomb = len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise FileRefused(lazy("文件加了密码。请取消密码后再导入。"), code="file_encrypted")
        bomb = bomb or (
            entry.file_size > _SMALL_BYTES and entry.file_size > MAX_RATIO * max(1, entry.compress_size)
        )
    if bomb:
        raise FileRefused(
            lazy("文件展开后太大。请只留花名册一个工作表,另存后再导入。"), code="file_too_large"
        )
    return archive


def _sheet_rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    # The size that a file states for its sheet is often wrong, and may be wrong on purpose.
    sheet.reset_dimensions()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from enumerate(sheet.iter_rows(values_only=True), start=1)
    except DefusedXmlException as exc:
        raise _damaged() from exc
    except (
        zipfile.BadZipFile,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        OSError,
        EOFError,
    ) as exc:
        raise _damaged() from exc


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
    """Leave blank rows out; refuse more rows or cells than any roster has."""
    kept = seen_cells = 0
    for number, cells in rows:
        seen_cells += len(cells)
        if seen_cells > MAX_CELLS or number > _LAST_EXCEL_ROW:
            raise FileRefused(lazy("表格太大。请只留花名册一个工作表,另存后再导入。"), code="file_too_large")
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
        raise _damaged() from exc


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
    raise _not_a_table()


def text_of(cell: object) -> str:
    """A cell as people read it; whole numbers without ".0"; "-" and its kin are blank."""
    if cell is None or isinstance(cell, bool | time):
        return {True: "是", False: "否"}.get(cell, "") if isinstance(cell, bool) else ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip().strip("\u200b\ufeff\xa0")
    return "" if text in _BLANK_WORDS else text


_BLANK_WORDS = frozenset(
    {"-", "--", "—", "——", "–", "－", "/", "／", "\\", "无", "N/A", "null", "NULL", "None"}
)
