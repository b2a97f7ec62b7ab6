"""Lays a table out on A4 pages: its head on every page, numbers in line, notes at the end, page x of y.

Lengths are millimetres, sizes of type are points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.core.i18n import gettext as _
from app.core.i18n import moment_text
from app.core.pdf import (
    INK,
    LEADING,
    LINE,
    MM_PER_POINT,
    MUTED,
    Colour,
    draw_text,
    draw_texts,
    fitted,
    new_pdf,
    text_width,
)
from app.core.pdf_columns import PAD_X, PdfColumn, column_widths

SHORT_SIDE, LONG_SIDE = 210.0, 297.0
_MARGIN, _TOP, _BOTTOM, _FOOT = 14.0, 14.0, 17.0, 10.0
_PAD_Y = 1.1
_TITLE, _ABOUT, _NOTE, _SMALL = 16.0, 10.0, 8.5, 8.0
# A cell of more lines would fill a page; it ends with an ellipsis.
_MOST_LINES = 12
_BOLD = 0.025
Told = Callable[[int], None]
Cells = Sequence[str]
# Left end of the baseline, and the text.
Placed = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class PdfTable:
    """What is printed. `facts`: lines of (label, value) between title and table, each line shared evenly.

    size: of the rows' type; row_height: at least so high; is_form: lines on every side, to write into.
    """

    title: str
    columns: Sequence[PdfColumn]
    rows: Sequence[Cells]
    total: Cells | None = None
    about: str = ""
    facts: Sequence[Sequence[tuple[str, str]]] = ()
    notes: Sequence[str] = ()
    size: float = 9.0
    row_height: float = 0.0
    is_form: bool = False
    # What stands small above the head of every page after the first.
    running: str = ""


@dataclass(slots=True)
class _Page:
    """Rows (first, behind the last) and notes (lines) of one page, and where its table begins."""

    top: float
    rows: tuple[int, int] = (0, 0)
    notes: list[str] = field(default_factory=list)
    notes_top: float = 0.0


def pdf_of(table: PdfTable, office: str, made_at: datetime, told: Told = lambda done: None) -> bytes:
    """The document; the same table at the same time gives the same bytes.

    told: is called with the number of rows drawn so far.
    """
    lines = [*table.rows, table.total] if table.total else table.rows
    widths, is_wide = column_widths(
        table.columns, lines, table.size, SHORT_SIDE - 2 * _MARGIN, LONG_SIDE - 2 * _MARGIN
    )
    drawing = _Drawing(table, widths, is_wide, office, made_at)
    return drawing.document(lines, told)


class _Drawing:
    """One document while it is drawn: first which rows go on which page, then the pages."""

    def __init__(
        self, table: PdfTable, widths: Sequence[float], is_wide: bool, office: str, made_at: datetime
    ) -> None:
        self.table, self.widths = table, widths
        self.width, self.height = (LONG_SIDE, SHORT_SIDE) if is_wide else (SHORT_SIDE, LONG_SIDE)
        self.format = "L" if is_wide else "P"
        self.right, self.floor = self.width - _MARGIN, self.height - _BOTTOM
        self.pdf = new_pdf(table.title, office, made_at)
        self.made = f"{office} · {moment_text(made_at)}"
        self.head = [self._cell(column.label, n, table.size) for n, column in enumerate(table.columns)]
        self.head_height = max(len(part) for part in self.head) * self._line(table.size) + 2 * _PAD_Y

    def document(self, lines: Sequence[Cells], told: Told) -> bytes:
        broken = [self._broken(cells) for cells in lines]
        pages = self._pages(broken)
        for number, page in enumerate(pages, 1):
            self.pdf.add_page(orientation=self.format, format="A4")
            self._draw_page_top(number)
            if page.rows[1] > page.rows[0] or not lines:
                self._draw_rows(page, broken)
            for at, note in enumerate(page.notes):
                y = page.notes_top + (at + 1) * self._line(_NOTE)
                draw_text(self.pdf, _MARGIN, y, note, _NOTE, colour=MUTED)
            self._draw_foot(number, len(pages))
            told(page.rows[1])
        return bytes(self.pdf.output())

    def _line(self, size: float) -> float:
        return size * LEADING * MM_PER_POINT

    def _cell(self, text: str, column: int, size: float) -> tuple[str, ...]:
        room = self.widths[column] - 2 * PAD_X
        if text_width(text, size) <= room:
            return (text,)
        return fitted(text, room, ((size, _MOST_LINES),), may_cut=True).lines

    def _broken(self, cells: Cells) -> list[tuple[str, ...]]:
        return [self._cell(text, n, self.table.size) for n, text in enumerate(cells)]

    def _row_height(self, row: Sequence[tuple[str, ...]]) -> float:
        lines = max((len(part) for part in row), default=1)
        return max(self.table.row_height, lines * self._line(self.table.size) + 2 * _PAD_Y)

    def _pages(self, broken: Sequence[Sequence[tuple[str, ...]]]) -> list[_Page]:
        page = _Page(self._first_top())
        pages, y, start = [page], page.top + self.head_height, 0
        for number, row in enumerate(broken):
            height = self._row_height(row)
            if y + height > self.floor and number > start:
                page.rows, start = (start, number), number
                page = _Page(_TOP + 4)
                pages.append(page)
                y = page.top + self.head_height
            y += height
        page.rows = (start, len(broken))
        self._place_notes(pages, y + 4)
        return pages

    def _place_notes(self, pages: list[_Page], y: float) -> None:
        page = pages[-1]
        page.notes_top = y
        for line in self._note_lines():
            if y + self._line(_NOTE) > self.floor:
                y = _TOP + 4
                page = _Page(y, (page.rows[1], page.rows[1]), notes_top=y)
                pages.append(page)
            page.notes.append(line)
            y += self._line(_NOTE)

    def _note_lines(self) -> Iterator[str]:
        for note in self.table.notes:
            yield from fitted(note, self.right - _MARGIN, ((_NOTE, 99),)).lines

    def _title(self) -> tuple[str, ...]:
        return fitted(self.table.title, self.right - _MARGIN, ((_TITLE, 3),), may_cut=True).lines

    def _about(self) -> tuple[str, ...]:
        if not self.table.about:
            return ()
        return fitted(self.table.about, self.right - _MARGIN, ((_ABOUT, 3),), may_cut=True).lines

    def _fact_size(self) -> float:
        return max(self.table.size, _ABOUT)

    def _first_top(self) -> float:
        """Where the table begins on the first page."""
        used = len(self._title()) * self._line(_TITLE) + len(self._about()) * self._line(_ABOUT)
        return _TOP + used + len(self.table.facts) * (self._line(self._fact_size()) + 2.4) + 3

    def _draw_page_top(self, number: int) -> None:
        if number > 1:
            running = fitted(
                self.table.running or self.table.title, self.right - _MARGIN, ((_SMALL, 1),), may_cut=True
            )
            draw_text(self.pdf, _MARGIN, _TOP + 2, running.lines[0], _SMALL, colour=MUTED)
            return
        y = _TOP
        for line in self._title():
            y += self._line(_TITLE)
            draw_text(self.pdf, _MARGIN, y - 1.5, line, _TITLE, stroke=_BOLD * _TITLE)
        for line in self._about():
            y += self._line(_ABOUT)
            draw_text(self.pdf, _MARGIN, y - 1, line, _ABOUT, colour=MUTED)
        for facts in self.table.facts:
            y = self._draw_facts(facts, y)

    def _draw_facts(self, facts: Sequence[tuple[str, str]], y: float) -> float:
        """Label and value over a line that can be written on."""
        size, gap = self._fact_size(), 6.0
        y += self._line(size) + 2.4
        share = (self.right - _MARGIN + gap) / len(facts)
        for place, (label, value) in enumerate(facts):
            x, end = _MARGIN + place * share, _MARGIN + (place + 1) * share - gap
            start = draw_text(self.pdf, x, y - 1.6, label, size, colour=MUTED) + 2
            if value:
                words = fitted(value, end - start, ((size, 1), (size * 0.85, 1)), may_cut=True)
                draw_text(self.pdf, start, y - 1.6, words.lines[0], words.size)
            self.pdf.set_draw_color(LINE)
            self.pdf.set_line_width(0.25)
            self.pdf.line(x, y, end, y)
        return y

    def _draw_rows(self, page: _Page, broken: Sequence[Sequence[tuple[str, ...]]]) -> None:
        bold = _BOLD * self.table.size
        y = page.top
        draw_texts(self.pdf, self._placed(self.head, y, self.head_height), self.table.size, stroke=bold)
        y += self.head_height
        heavy, light = [y], list[float]()
        usual, last = list[Placed](), list[Placed]()
        for number in range(*page.rows):
            row, is_total = broken[number], number == len(self.table.rows)
            if is_total:
                heavy.append(y)
            height = self._row_height(row)
            (last if is_total else usual).extend(self._placed(row, y, height))
            y += height
            light.append(y)
        draw_texts(self.pdf, usual, self.table.size)
        draw_texts(self.pdf, last, self.table.size, stroke=bold)
        self._rules(light, MUTED if self.table.is_form else LINE, 0.2)
        self._rules(heavy, INK, 0.4)
        if self.table.is_form:
            self._draw_sides(page.top, y)

    def _draw_sides(self, top: float, bottom: float) -> None:
        self._rules([top], MUTED, 0.2)
        x = _MARGIN
        for width in (0.0, *self.widths):
            x += width
            self.pdf.line(x, top, x, bottom)

    def _placed(self, row: Sequence[tuple[str, ...]], y: float, height: float) -> Iterator[Placed]:
        """Where each line of each cell begins, as `draw_texts` takes it."""
        size, x = self.table.size, _MARGIN
        for column, lines, width in zip(self.table.columns, row, self.widths, strict=True):
            top = y + _PAD_Y
            if self.table.row_height:
                top = y + (height - len(lines) * self._line(size)) / 2
            for number, line in enumerate(lines):
                if line:
                    at = x + width - PAD_X - text_width(line, size) if column.is_number else x + PAD_X
                    yield at, top + number * self._line(size) + size * MM_PER_POINT, line
            x += width

    def _rules(self, ys: Sequence[float], colour: Colour, width: float) -> None:
        """Lines from margin to margin."""
        self.pdf.set_draw_color(colour)
        self.pdf.set_line_width(width)
        for y in ys:
            self.pdf.line(_MARGIN, y, self.right, y)

    def _draw_foot(self, number: int, pages: int) -> None:
        y = self.height - _FOOT
        words = _("第 %(page)s 页,共 %(pages)s 页", page=number, pages=pages)
        draw_text(self.pdf, _MARGIN, y, self.made, _SMALL, colour=MUTED)
        draw_text(self.pdf, self.right - text_width(words, _SMALL), y, words, _SMALL, colour=MUTED)
