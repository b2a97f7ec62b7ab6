"""Lays out members' cards for print: ten of ISO size to an A4 page, branch by branch, with cutting marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.core.i18n import gettext as _
from app.core.pdf import (
    INK,
    LINE,
    MUTED,
    Colour,
    Fits,
    Fitted,
    draw_lines,
    draw_mark,
    draw_qr,
    draw_text,
    fitted,
    fitted_name,
    lacks,
    new_pdf,
    text_width,
)

if TYPE_CHECKING:
    from fpdf import FPDF

PAGE_WIDTH = 210.0
CARD_WIDTH, CARD_HEIGHT = 85.6, 53.98
COLUMNS, ROWS = 2, 5
PER_PAGE = COLUMNS * ROWS
# Between the cards, so that a cut that goes astray spoils no neighbour.
GAP_X, GAP_Y = 6.0, 2.0
LEFT = (PAGE_WIDTH - COLUMNS * CARD_WIDTH - (COLUMNS - 1) * GAP_X) / 2
RIGHT = PAGE_WIDTH - LEFT
TOP = 11.4
BOTTOM = TOP + ROWS * CARD_HEIGHT + (ROWS - 1) * GAP_Y
# Cutting marks begin so far from the card and are so long; shorter where two cards are near.
_MARK_OFF, _MARK_LONG, _MARK_BETWEEN_ROWS = 0.5, 2.5, 0.5

# Inside a card. The QR code is 25 modules wide and keeps four of quiet on every side.
_EDGE = 6.0
_MODULE = 1.1
_QR_WIDTH, _QUIET = 25 * _MODULE, 4 * _MODULE
_QR_X, _QR_Y = CARD_WIDTH - _EDGE - _QR_WIDTH, 16.2
_TEXT_WIDTH = _QR_X - _QUIET - _EDGE
_HEAD = 11.0
_TEXT_TOP, _TEXT_BOTTOM = _HEAD + 1.5, 41.0
# (size in points, most lines), the first that fits; the last holds the longest name that can be stored.
_NAME_FITS: Fits = (
    (32, 1), (29, 1), (26, 1), (24, 2), (22, 2), (20, 2), (18, 3), (16, 3), (14, 3), (12, 4), (10, 5), (8, 6),
    (6.5, 7), (5, 9),
)  # fmt: skip
_BRANCH_FITS: Fits = ((10.5, 2), (10, 3), (9, 3), (8, 4), (7, 4))
_BY_HAND_FITS: Fits = ((8, 1), (7, 2), (6, 2))
_ONE_LINE: Fits = ((9, 1), (8, 1), (7, 1), (6, 1))
_BETWEEN = 1.2
# On paper for everyone, whatever the language of whoever prints.
_WHAT_TO_DO = "请在签到时出示"
_WHAT_TO_DO_ENGLISH = "Show this card to check in."
_BIND_CODE = "首次使用绑定码:"
_BY_HAND = "方框处请手写"


@dataclass(frozen=True, slots=True)
class CardFace:
    """What is printed on one card. `number` is for people to read out, `qr_text` is the secret.

    bind_code: digits that bind a phone once, where they are handed over together with the card.
    """

    member_id: int
    name: str
    pinyin: str
    branch: str
    number: str
    qr_text: str
    bind_code: str = ""


@dataclass(frozen=True, slots=True)
class BranchCards:
    """The cards of one branch, in the order in which they are printed."""

    name: str
    cards: Sequence[CardFace]

    @property
    def pages(self) -> int:
        return -(-len(self.cards) // PER_PAGE)


@dataclass(slots=True)
class Sheets:
    """The document. `lacking`: ids of members whose name has a character that the font lacks."""

    pdf: bytes = b""
    pages: int = 0
    cards: int = 0
    lacking: list[int] = field(default_factory=list)


def draw_sheets(
    branches: Sequence[BranchCards],
    office: str,
    made_at: datetime,
    told: Callable[[int], None] = lambda done: None,
) -> Sheets:
    """Every branch begins on a page of its own, so that its sheets can be handed to it.

    told: is called with the number of cards drawn so far.
    """
    pdf, sheets = new_pdf(_("签到卡"), office, made_at), Sheets()
    for branch in branches:
        for number in range(branch.pages):
            pdf.add_page()
            if number == 0:
                # An entry in the reader's list of contents.
                pdf.start_section(branch.name)
            _draw_page_head(pdf, branch, number + 1)
            for place, face in enumerate(branch.cards[number * PER_PAGE : (number + 1) * PER_PAGE]):
                x, y = card_corner(place)
                _draw_marks(pdf, x, y)
                _draw_card(pdf, x, y, face, office)
            told(sheets.cards + min(len(branch.cards), (number + 1) * PER_PAGE))
        sheets.pages += branch.pages
        sheets.cards += len(branch.cards)
        sheets.lacking += [face.member_id for face in branch.cards if lacks(face.name)]
    sheets.pdf = bytes(pdf.output())
    return sheets


def card_corner(place: int) -> tuple[float, float]:
    """Upper left corner of the place 0–9 of a page; row by row from the top."""
    row, column = divmod(place, COLUMNS)
    return LEFT + column * (CARD_WIDTH + GAP_X), TOP + row * (CARD_HEIGHT + GAP_Y)


def _draw_page_head(pdf: FPDF, branch: BranchCards, page: int) -> None:
    """Which branch, and which of its pages; outside what is cut out."""
    y = TOP - 4
    words = _("第 %(page)s 页,共 %(pages)s 页 · %(n)s 张", page=page, pages=branch.pages, n=len(branch.cards))
    name = fitted(branch.name, CARD_WIDTH - 8, _ONE_LINE, may_cut=True)
    draw_text(pdf, LEFT + 4, y, name.lines[0], name.size, colour=MUTED)
    draw_text(pdf, RIGHT - 4 - text_width(words, 8), y, words, 8, colour=MUTED)


def _draw_marks(pdf: FPDF, x: float, y: float) -> None:
    """Two short lines at each corner, outside the card, along the lines to cut."""
    pdf.set_draw_color(MUTED)
    pdf.set_line_width(0.12)
    for line in cutting_lines(x, y):
        pdf.line(*line)


def cutting_lines(x: float, y: float) -> Iterator[tuple[float, float, float, float]]:
    """The marks of the card whose upper left corner is given, as x1, y1, x2, y2."""
    for corner_x, out_x in ((x, -1), (x + CARD_WIDTH, 1)):
        for corner_y, out_y in ((y, -1), (y + CARD_HEIGHT, 1)):
            at_border = min(abs(corner_y - TOP), abs(corner_y - BOTTOM)) < 0.1
            down = _MARK_LONG if at_border else _MARK_BETWEEN_ROWS
            across = corner_x + out_x * _MARK_OFF
            along = corner_y + out_y * _MARK_OFF
            yield across, corner_y, across + out_x * _MARK_LONG, corner_y
            yield corner_x, along, corner_x, along + out_y * down


def _draw_card(pdf: FPDF, x: float, y: float, face: CardFace, office: str) -> None:
    _draw_card_head(pdf, x, y, office)
    draw_qr(pdf, x + _QR_X, y + _QR_Y, face.qr_text, _MODULE)
    number = f"No. {face.number}"
    number_x = x + _QR_X + (_QR_WIDTH - text_width(number, 8)) / 2
    draw_text(pdf, number_x, y + CARD_HEIGHT - 3.6, number, 8, colour=MUTED)
    if face.bind_code:
        # In the place of the lines on what to do, so that the name stays large.
        draw_text(pdf, x + _EDGE, y + 44.6, f"{_WHAT_TO_DO};{_BIND_CODE}", 7.5, colour=MUTED)
        draw_text(pdf, x + _EDGE, y + CARD_HEIGHT - 3.6, face.bind_code, 13)
    else:
        draw_text(pdf, x + _EDGE, y + 46.2, _WHAT_TO_DO, 11)
        draw_text(pdf, x + _EDGE, y + CARD_HEIGHT - 3.6, _WHAT_TO_DO_ENGLISH, 7.5, colour=MUTED)
    _draw_member(pdf, x + _EDGE, y + _TEXT_TOP, y + _TEXT_BOTTOM, face)


def _draw_card_head(pdf: FPDF, x: float, y: float, office: str) -> None:
    draw_mark(pdf, x + _EDGE - 0.8, y + 2.9, 7)
    name = fitted(office, CARD_WIDTH - 2 * _EDGE - 8, _ONE_LINE, may_cut=True)
    draw_text(pdf, x + _EDGE + 7.4, y + 7.7, name.lines[0], name.size, colour=MUTED)
    pdf.set_draw_color(LINE)
    pdf.set_line_width(0.25)
    pdf.line(x + _EDGE, y + _HEAD, x + CARD_WIDTH - _EDGE, y + _HEAD)


def _draw_member(pdf: FPDF, x: float, top: float, bottom: float, face: CardFace) -> None:
    """Name and branch, in the middle between `top` and `bottom`. The branch looks the same on all its
    cards; the name takes what it leaves."""
    branch = fitted(face.branch, _TEXT_WIDTH, _BRANCH_FITS, may_cut=True)
    parts: list[tuple[Fitted, Colour]] = [(branch, INK)]
    if lacks(face.name):
        parts.insert(0, (fitted(_by_hand(face), _TEXT_WIDTH, _BY_HAND_FITS, may_cut=True), MUTED))
    left = bottom - top - sum(part.height + _BETWEEN for part, _colour in parts)
    name = fitted_name(face.name, _TEXT_WIDTH, _NAME_FITS, height=left)
    y = top + max(0.0, left - name.height) / 2
    y = draw_lines(pdf, x, y, name, stroke=0.018 * name.size)
    for part, colour in parts:
        y = draw_lines(pdf, x, y + _BETWEEN, part, colour=colour)


def _by_hand(face: CardFace) -> str:
    """What helps with a name that cannot be printed whole: how it is read, and that a pen is wanted."""
    return _BY_HAND if lacks(face.pinyin) else f"{face.pinyin} · {_BY_HAND}"
