"""Owns the font that PDFs are set in, and the parts that any of them draws: text, QR codes, the mark.

Lengths are millimetres from the upper left corner of the page, sizes of type are points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from app.core.qr import qr_matrix
from app.settings import ROOT

# Loaded where something is drawn: with its fonts it would be a fifth of the start of every process.
if TYPE_CHECKING:
    from fpdf import FPDF

# Written by scripts/vendor.mjs out of the version that package-lock.json names.
FONT_FILE = ROOT / "static" / "vendor" / "noto-sans-sc-0.4.3" / "NotoSansSC-Regular.ttf"
FONT = "NotoSansSC"
MARK_FILE = ROOT / "static" / "img" / "mark.svg"
Colour = tuple[int, int, int]
# (size, most lines), the most wanted first.
Fits = tuple[tuple[float, int], ...]
# The paper's colours of static/css/tokens.css.
INK, MUTED, LINE, RED = (29, 33, 39), (92, 99, 109), (228, 223, 215), (164, 22, 26)
MM_PER_POINT = 25.4 / 72
# Distance of baselines as a part of the size, and of the first one from the top.
LEADING, _ASCENT = 1.28, 1.0
_CIRCLE = re.compile(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"(?: fill="(#\w+)")?')
# A part of a name with what stands after it, before the next part.
_PARTS = re.compile(r"[^ \u3000·•・‧-]+[ \u3000·•・‧-]*|[ \u3000·•・‧-]+")
# A Latin word, or one character of any other script.
_PIECES = re.compile(r"[!-~\u00c0-\u024f]+ *|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Text broken into lines, and the size at which they fit."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * LEADING * MM_PER_POINT


def new_pdf(title: str, author: str, made_at: datetime) -> FPDF:
    """An empty A4 document; it will hold only those characters of the font that it uses.

    The same drawing at the same time gives the same bytes.
    """
    from fpdf import FPDF

    pdf = FPDF(unit="mm", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font(FONT, fname=FONT_FILE)
    pdf.set_font(FONT, size=10)
    pdf.set_title(title)
    pdf.set_author(author)
    pdf.set_lang("zh-CN")
    pdf.set_creation_date(made_at)
    return pdf


@lru_cache(maxsize=1)
def _widths() -> dict[int, float]:
    """Width of every character that the font has, as a part of the size."""
    from fontTools.ttLib import TTFont

    with TTFont(FONT_FILE, lazy=True) as font:
        units, advances = font["head"].unitsPerEm, font["hmtx"].metrics
        return {code: advances[glyph][0] / units for code, glyph in font.getBestCmap().items()}


def visible(text: str) -> str:
    """The text without what prints as nothing: control marks, joiners, variants of a character.

    Characters that are only unknown stay: Python's tables are older than some characters of names.
    """
    return "".join(
        char for char in text if not _is_variant(char) and unicodedata.category(char) not in ("Cc", "Cf")
    )


def _is_variant(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def lacks(text: str) -> bool:
    """Whether the font has no shape for some character of the text."""
    return any(not _has(char) for char in visible(text))


def _has(char: str) -> bool:
    return ord(char) in _widths()


def text_width(text: str, size: float) -> float:
    """A character that the font lacks is as wide as its box."""
    widths = _widths()
    return sum(widths.get(ord(char), 1.0) for char in text) * size * MM_PER_POINT


@lru_cache(maxsize=4096)
def fitted(
    text: str,
    width: float,
    fits: Fits,
    *,
    height: float | None = None,
    may_cut: bool = False,
) -> Fitted:
    """The text at the first of `fits` (size, most lines) at which it keeps within `width` and `height`.

    Breaks between any two characters of other scripts than Latin. Where nothing holds it: at the last
    size on as many lines as it takes; with `may_cut`, on the lines allowed, the last with an ellipsis.
    """
    text = visible(text).strip()
    whole = _first_that_holds(text, _PIECES, width, fits, height)
    if whole is not None:
        return whole
    size, most = fits[-1]
    lines = _broken(_PIECES.findall(text), width, size) or list(_filled(text, width, size))
    if not may_cut or len(lines) <= most:
        return Fitted(tuple(lines), size)
    last = lines[most - 1]
    while last and text_width(last + "…", size) > width:
        last = last[:-1]
    return Fitted((*lines[: most - 1], last + "…"), size)


def fitted_name(name: str, width: float, fits: Fits, *, height: float) -> Fitted:
    """The same for a person's name: the parts of a name (阿依古丽·买买提) stay whole if that can be had
    at half the first size or more."""
    name = visible(name).strip()
    large = tuple(fit for fit in fits if fit[0] >= fits[0][0] / 2)
    several = len(_PARTS.findall(name)) > 1
    by_parts = _first_that_holds(name, _PARTS, width, large, height) if several else None
    return by_parts or fitted(name, width, fits, height=height)


def _first_that_holds(
    text: str,
    pieces: re.Pattern[str],
    width: float,
    fits: Fits,
    height: float | None,
) -> Fitted | None:
    for size, most in fits:
        found = Fitted(tuple(_broken(pieces.findall(text), width, size)), size)
        if 0 < len(found.lines) <= most and (height is None or found.height <= height):
            return found
    return None


def _broken(pieces: Sequence[str], width: float, size: float) -> list[str]:
    """Lines that break between `pieces` only; none when one of them is wider than a line."""
    if any(text_width(piece.rstrip(), size) > width for piece in pieces):
        return []
    return list(_filled(pieces, width, size))


def _filled(pieces: Sequence[str], width: float, size: float) -> Iterator[str]:
    line = ""
    for piece in pieces:
        if line and text_width((line + piece).rstrip(), size) > width:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()


def draw_text(
    pdf: FPDF, x: float, y: float, text: str, size: float, *, colour: Colour = INK, stroke: float = 0
) -> float:
    """One line with its baseline at `y`; returns where it ends.

    A character that the font lacks becomes an empty box of its size, to be filled in by hand.
    stroke: thickens the shapes by so many points, in place of a second, bold font.
    """
    from fpdf.enums import TextMode

    pdf.set_text_color(colour)
    pdf.set_draw_color(colour)
    pdf.set_font_size(size)
    for run, has in _runs(visible(text)):
        if has:
            pdf.text_mode = TextMode.FILL_STROKE if stroke else TextMode.FILL
            # Written into the text as it is, in points.
            pdf.line_width = stroke
            pdf.text(x, y, run)
        else:
            _draw_boxes(pdf, x, y, size, len(run))
        x += text_width(run, size)
    return x


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces that the font has whole, or has nothing of."""
    run = ""
    for char in text:
        if run and _has(char) is not _has(run[-1]):
            yield run, _has(run[-1])
            run = ""
        run += char
    if run:
        yield run, _has(run[-1])


def _draw_boxes(pdf: FPDF, x: float, y: float, size: float, count: int) -> None:
    em = size * MM_PER_POINT
    pdf.set_line_width(0.25)
    for place in range(count):
        pdf.rect(x + (place + 0.06) * em, y - 0.78 * em, 0.88 * em, 0.88 * em)


def draw_lines(
    pdf: FPDF, x: float, top: float, text: Fitted, *, colour: Colour = INK, stroke: float = 0
) -> float:
    """Lines below `top`; returns the bottom of the last."""
    for number, line in enumerate(text.lines):
        y = top + (number * LEADING + _ASCENT) * text.size * MM_PER_POINT
        draw_text(pdf, x, y, line, text.size, colour=colour, stroke=stroke)
    return top + text.height


def draw_qr(pdf: FPDF, x: float, y: float, text: str, module: float) -> float:
    """A QR code of squares that are `module` wide; returns its width. The caller leaves four blank.

    All of it is one path: squares that are filled one by one may show hairlines between them.
    """
    matrix = qr_matrix(text)
    unit = module * pdf.k
    left, top = x * pdf.k, (pdf.h - y) * pdf.k
    spans = (f"{first} {-row - 1} {width} 1 re" for row, first, width in _dark_spans(matrix))
    # Straight into the page: the library's own paths take many times as long for so many squares.
    pdf._out(f"q 0 g {unit:.4f} 0 0 {unit:.4f} {left:.2f} {top:.2f} cm {' '.join(spans)} f Q")
    return len(matrix) * module


def _dark_spans(matrix: Sequence[Sequence[bool]]) -> Iterator[tuple[int, int, int]]:
    """(row, first column, width) of the dark runs."""
    for number, row in enumerate(matrix):
        for dark in re.finditer("1+", "".join("1" if cell else "0" for cell in row)):
            yield number, dark.start(), dark.end() - dark.start()


def draw_mark(pdf: FPDF, x: float, y: float, side: float) -> None:
    """The ring of dots of static/img/mark.svg in a square of `side`."""
    unit = side * pdf.k / 48
    left, top = x * pdf.k, (pdf.h - y) * pdf.k
    pdf._out(f"q {unit:.4f} 0 0 {unit:.4f} {left:.2f} {top:.2f} cm 1 J {_mark_dots()} Q")


@lru_cache(maxsize=1)
def _mark_dots() -> str:
    """Strokes in the drawing's own units: a dot is a line of almost no length with round ends, because
    circles would be the largest part of a sheet of cards."""
    dots = []
    for x, y, radius, colour in _CIRCLE.findall(MARK_FILE.read_text()):
        ink = " ".join(f"{part / 255:.3f}" for part in (RED if colour else INK))
        dots.append(f"{ink} RG {2 * float(radius):g} w {x} -{y} m {float(x) + 0.01:g} -{y} l S")
    return " ".join(dots)
