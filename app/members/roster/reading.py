"""Reads a whole roster file into rows and problems; the only place that ever sees an ID number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice

from app.core.i18n import lazy, listed
from app.members.phones import mask_phone, normalise_phone
from app.members.roster.files import Sheet, open_sheets, text_of
from app.members.roster.plan import Tell, silent
from app.members.roster.problems import FileRefused, HeaderUnknown
from app.members.roster.rules_columns import (
    ROSTER,
    Column,
    DoubledColumn,
    FileColumn,
    Header,
    MissingColumns,
    find_header,
    guess_header,
    is_id_header,
    plain_header,
    recognise,
)
from app.members.roster.rules_problems import Place
from app.members.roster.rules_row import (
    RefusedRow,
    RosterRow,
    is_example,
    looks_like_id_number,
    read_row,
)

# Titles, notes and merged heads stand above the header; nobody needs more rows than this for them.
_HEADER_ROWS = 30
_SAMPLES = 3
_SAMPLE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row under a header: field → raw cell of the known columns. Other columns are not kept."""

    place: Place
    cells: dict[str, object] = field(repr=False)
    serial_offset: int


@dataclass(slots=True)
class Roster:
    """What a file holds. `headers` and `titles` by sheet number; `skipped` are sheets without a header."""

    rows: list[RosterRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    headers: dict[int, Header] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    # Rows that there are at most, of the sheets seen so far; 0 where only reading tells.
    height: int = 0
    # Of the first sheet that was read.
    columns: list[FileColumn] = field(default_factory=list)


def read_roster(
    content: bytes, today: date, tell: Tell = silent, mapping: Mapping[str, str] | None = None
) -> Roster:
    """All rows of a roster file; the template's examples are left out.

    mapping: what columns hold by the office's own word, see `rules_columns.recognise`. Raises FileRefused
    when the file as a whole cannot be used.
    """
    roster = Roster()
    for done, row in enumerate(table_rows(content, ROSTER, roster, mapping), start=1):
        tell("reading", done, roster.height)
        if is_example(text_of(row.cells.get("name"))):
            continue
        read = read_row(row.place, row.cells, text_of, today, row.serial_offset)
        if isinstance(read, RosterRow):
            roster.rows.append(read)
        else:
            roster.refused.append(read)
    if not roster.rows and not roster.refused:
        raise FileRefused(lazy("表头下面没有内容。"), code="file_no_rows")
    return roster


def table_rows(
    content: bytes, columns: Sequence[Column], roster: Roster, mapping: Mapping[str, str] | None = None
) -> Iterator[TableRow]:
    """The rows under the header of every visible sheet that has one; notes in `roster` what was met."""
    for number, sheet in enumerate(open_sheets(content)):
        roster.titles.append(sheet.title)
        roster.height += sheet.height
        header: Header | None = None
        rows: Iterator[tuple[int, Sequence[object]]] = iter(())
        if not sheet.is_hidden:
            header, rows = _under_header(sheet, columns, mapping or {}, roster)
        if header is None:
            roster.skipped.append(sheet.title)
            continue
        roster.headers[number] = header
        for row_number, cells in rows:
            known = {name: cells[at] for name, at in header.positions.items() if at < len(cells)}
            if not _is_data(known, header):
                continue
            yield TableRow(Place(number, row_number), known, sheet.serial_offset)
    if not roster.headers:
        wanted = listed(column.header for column in columns if column.required)
        detail = lazy("没有找到表头。表格里要有一行列名,至少包括:%(wanted)s。", wanted=wanted)
        raise HeaderUnknown(detail, code="file_no_header", columns=roster.columns)


def _under_header(
    sheet: Sheet, columns: Sequence[Column], mapping: Mapping[str, str], roster: Roster
) -> tuple[Header | None, Iterator[tuple[int, Sequence[object]]]]:
    first = list(islice(sheet.rows, _HEADER_ROWS))
    try:
        header = find_header(first, columns, mapping)
    except DoubledColumn as error:
        detail = lazy("列名“%(header)s”出现了两次,分不清用哪一列。请删去一列。", header=error.header)
        raise FileRefused(detail, code="file_doubled_column") from error
    except MissingColumns as error:
        detail = lazy("缺少必需的列:%(headers)s。", headers=listed(error.headers))
        head = next(number for number, cells in first if cells is error.cells)
        found = _columns_of(first, head, recognise(error.cells, columns, mapping))
        raise HeaderUnknown(detail, code="file_missing_column", columns=found) from error
    if header is None:
        roster.columns = roster.columns or _columns_of(first, None, None)
        return None, iter(())
    if not roster.headers:
        roster.columns = _columns_of(first, header.row_number, header.positions)
    return header, chain([row for row in first if row[0] > header.row_number], sheet.rows)


def _columns_of(
    first: Sequence[tuple[int, Sequence[object]]], header_row: int | None, positions: Mapping[str, int] | None
) -> list[FileColumn]:
    """The named columns under a header, guessed where there is none, with a few cells of each."""
    head = next((row for row in first if row[0] == header_row), None) or guess_header(first)
    if head is None:
        return []
    below = [cells for number, cells in first if number > head[0]]
    known = positions if positions is not None else _recognised(head[1])
    fields = {at: name for name, at in known.items()}
    found = []
    for at, cell in enumerate(head[1]):
        if not plain_header(cell):
            continue
        texts = [text for cells in below if at < len(cells) and (text := text_of(cells[at]))]
        is_id = is_id_header(cell) or any(looks_like_id_number(text) for text in texts)
        samples = () if is_id else tuple(dict.fromkeys(_sample(text) for text in texts))[:_SAMPLES]
        found.append(FileColumn(at, _words(cell), samples, "" if is_id else fields.get(at, ""), is_id))
    return found


def _recognised(cells: Sequence[object]) -> Mapping[str, int]:
    try:
        return recognise(cells, ROSTER)
    except DoubledColumn:
        return {}


def _sample(text: str) -> str:
    """Short, and without the middle of a telephone number."""
    try:
        return mask_phone(normalise_phone(text))
    except ValueError:
        return text if len(text) <= _SAMPLE_LENGTH else text[:_SAMPLE_LENGTH] + "…"


def _is_data(known: dict[str, object], header: Header) -> bool:
    """Not a blank row, nor the header repeated at the top of a printed page."""
    if not any(text_of(cell) for cell in known.values()):
        return False
    # The first column decides alone for nearly every row.
    first = next(iter(header.titles))
    if _words(known.get(first)) != header.titles[first]:
        return True
    repeated = (name for name, title in header.titles.items() if _words(known.get(name)) == title)
    return len(list(islice(repeated, 2))) < 2


def _words(cell: object) -> str:
    return " ".join(cell.split()) if isinstance(cell, str) else ""
