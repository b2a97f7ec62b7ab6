"""Makes an uploaded .xlsx safe to parse: bounded, without entities, every cell within a known extent."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from app.core.i18n import lazy
from app.members.roster.problems import FileRefused
from app.members.roster.rules_columns import column_letter

MAX_ENTRIES = 1_000
MAX_UNPACKED_BYTES = 250 * 1024 * 1024
# Spreadsheets of many equal cells shrink 60-fold; a bomb shrinks 1,000-fold.
MAX_RATIO = 250
_SMALL_BYTES = 1024 * 1024
_CHUNK_BYTES = 1 << 20
# The reader lays a sheet out as a rectangle, 32 bytes a cell, however few of them are filled.
MAX_CELLS = 10_500_000

# Nothing in these says what a cell holds.
_LEFT_OUT = re.compile(r"xl/(?:media|drawings|charts|embeddings|printerSettings|theme|pivot\w+)/|docProps/")
_NOT_PLAIN = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
# A cell up to AZ199999, as every spreadsheet program writes it: whatever they are, they fit.
_NEAR_CELL = re.compile(rb'<c r="A?[A-Z]1?[0-9]{1,5}"')
_NEAR_STARTS = tuple(b"<c" + end for end in (b" ", b">", b"/", b"\n", b"\t", b"\r"))
_PREFIXED = re.compile(rb":c[\s/>]")
_ANY_CELL = re.compile(rb"<(?:[^\s<>/:]{1,40}:)?c(?=[\s/>])([^<>]*)")
_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,7})([0-9]{1,10})[\"']")


def refuse_bombs(content: bytes) -> zipfile.ZipFile:
    """The archive, judged by its directory alone: cheap. Raises FileRefused."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as exc:
        raise damaged() from exc
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
    if "xl/workbook.xml" not in archive.namelist():
        raise not_a_table()
    return archive


def repacked(content: bytes) -> bytes:
    """The workbook packed anew, with what was looked at and nothing else. Raises FileRefused.

    A reader of another make might go by other sizes than the directory's; it is handed only parts that
    were unpacked within bounds here. Formula errors (#N/A) become text: the reader would drop them.
    """
    archive = refuse_bombs(content)
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            seen: set[str] = set()
            for entry in archive.infolist():
                if entry.is_dir() or _LEFT_OUT.match(entry.filename):
                    continue
                if entry.filename in seen:
                    raise damaged()
                seen.add(entry.filename)
                is_near = True
                with archive.open(entry) as source, packed.open(entry.filename, "w") as target:
                    for chunk in _chunks(source):
                        if _NOT_PLAIN.search(chunk):
                            raise damaged()
                        is_near = is_near and _is_near(chunk)
                        target.write(chunk.replace(b' t="e"', b' t="str"').replace(b" t='e'", b" t='str'"))
                if not is_near:
                    with archive.open(entry) as source:
                        _refuse_wide_sheets(_chunks(source))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, OSError, EOFError) as exc:
        raise damaged() from exc
    return out.getvalue()


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    """The part in pieces that each end before a tag, so that no tag is cut."""
    rest = b""
    while chunk := source.read(_CHUNK_BYTES):
        rest += chunk
        cut = rest.rfind(b"<")
        if cut > 0:
            yield rest[:cut]
            rest = rest[cut:]
    yield rest


def _is_near(chunk: bytes) -> bool:
    """Whether every cell stands, in the usual writing, within the first columns and rows."""
    cells = sum(chunk.count(start) for start in _NEAR_STARTS)
    return len(_NEAR_CELL.findall(chunk)) == cells and not _PREFIXED.search(chunk)


def _refuse_wide_sheets(chunks: Iterator[bytes]) -> None:
    """Raises FileRefused past MAX_CELLS, and for a cell that does not say where it stands.

    A blank cell, only formatted, takes no place.
    """
    columns = rows = 0
    for chunk in chunks:
        for cell in _ANY_CELL.findall(chunk):
            if cell.endswith(b"/"):
                continue
            place = _REFERENCE.search(cell)
            if place is None:
                raise damaged()
            columns, rows = max(columns, _column_number(place[1])), max(rows, int(place[2]))
    if columns * rows > MAX_CELLS:
        words = lazy(
            "表格的范围太大(到 %(column)s 列第 %(row)s 行)。请删去花名册以外的行和列,另存后再导入。",
            column=column_letter(columns - 1),
            row=rows,
        )
        raise FileRefused(words, code="file_too_large")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def not_a_table() -> FileRefused:
    return FileRefused(
        lazy("这不是 Excel(.xlsx)或 CSV 文件。请从 Excel 另存为 .xlsx 后再导入。"), code="file_wrong_kind"
    )


def damaged() -> FileRefused:
    return FileRefused(lazy("文件损坏,打不开。请在 Excel 里打开后另存为 .xlsx 再试。"), code="file_damaged")
