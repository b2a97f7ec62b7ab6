"""Reads a whole roster file into rows and problems; the only place that ever sees an ID number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice

from app.core.i18n import lazy, listed
from app.members.roster.files import Sheet, open_sheets, text_of
from app.members.roster.problems import FileRefused
from app.members.roster.rules_columns import (
    ROSTER,
    Column,
    DoubledColumn,
    Header,
    MissingColumns,
    find_header,
)
from app.members.roster.rules_problems import Place
from app.members.roster.rules_row import RefusedRow, RosterRow, read_row

# Titles, notes and merged heads stand above the header; nobody needs more rows than this for them.
_HEADER_ROWS = 30
Progress = Callable[[int], None]


def no_progress(rows: int) -> None:
    """Nobody watches."""


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


def read_roster(content: bytes, today: date, progress: Progress = no_progress) -> Roster:
    """All rows of a roster file. Raises FileRefused when the file as a whole cannot be used."""
    roster = Roster()
    for row in table_rows(content, ROSTER, roster):
        read = read_row(row.place, row.cells, text_of, today, row.serial_offset)
        if isinstance(read, RosterRow):
            roster.rows.append(read)
        else:
            roster.refused.append(read)
        progress(1)
    if not roster.rows and not roster.refused:
        raise FileRefused(lazy("表头下面没有内容。"), code="file_no_rows")
    return roster


def table_rows(content: bytes, columns: Sequence[Column], roster: Roster) -> Iterator[TableRow]:
    """The rows under the header of every visible sheet that has one; notes in `roster` what was met."""
    for number, sheet in enumerate(open_sheets(content)):
        roster.titles.append(sheet.title)
        header, rows = (None, iter(())) if sheet.is_hidden else _under_header(sheet, columns)
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
        raise FileRefused(detail, code="file_no_header")


def _under_header(
    sheet: Sheet, columns: Sequence[Column]
) -> tuple[Header | None, Iterator[tuple[int, Sequence[object]]]]:
    first = list(islice(sheet.rows, _HEADER_ROWS))
    try:
        header = find_header(first, columns)
    except DoubledColumn as error:
        detail = lazy("列名“%(header)s”出现了两次,分不清用哪一列。请删去一列。", header=error.header)
        raise FileRefused(detail, code="file_doubled_column") from error
    except MissingColumns as error:
        detail = lazy("缺少必需的列:%(headers)s。", headers=listed(error.headers))
        raise FileRefused(detail, code="file_missing_column") from error
    if header is None:
        return None, iter(())
    return header, chain([row for row in first if row[0] > header.row_number], sheet.rows)


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
