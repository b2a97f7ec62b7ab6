"""Draws the sheet of A4 with a check-in code for the wall of a place without a screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.core.i18n import gettext as _
from app.core.pdf import (
    INK,
    MUTED,
    Fits,
    draw_lines,
    draw_mark,
    draw_qr,
    draw_text,
    fitted,
    new_pdf,
    text_width,
)
from app.core.qr import qr_matrix

if TYPE_CHECKING:
    from fpdf import FPDF

_WIDTH, _EDGE = 210.0, 18.0
_QR_SIDE = 118.0
_TITLE: Fits = ((30, 1), (30, 2), (24, 2), (20, 3))
_LARGE: Fits = ((22, 1), (18, 1), (18, 2))
_PLAIN: Fits = ((15, 1), (13, 2))
_SMALL: Fits = ((10, 2),)


@dataclass(frozen=True, slots=True)
class PaperCode:
    """What stands on the sheet, besides the words that are the same on all."""

    title: str
    when: str
    host: str
    venue: str
    valid: str
    address: str


def draw_paper_code(paper: PaperCode, office: str, made_at: datetime) -> bytes:
    """One page; the code is read from several steps away."""
    pdf = new_pdf(paper.title, office, made_at)
    pdf.add_page()
    draw_mark(pdf, _EDGE - 2, 14, 11)
    draw_text(pdf, _EDGE + 11, 21.5, office, 12, colour=MUTED)
    y = _centred(pdf, 33, paper.title, _TITLE, bold=True)
    y = _centred(pdf, y + 3, paper.when, _PLAIN)
    y = _centred(pdf, y + 1, " · ".join(part for part in (paper.host, paper.venue) if part), _PLAIN)
    module = _QR_SIDE / len(qr_matrix(paper.address))
    # Four modules stay blank on every side.
    top = max(y + 4 * module + 2, 92.0)
    draw_qr(pdf, (_WIDTH - _QR_SIDE) / 2, top, paper.address, module)
    y = top + _QR_SIDE + 4 * module + 2
    y = _centred(pdf, y, paper.valid, _LARGE, bold=True)
    _centred(pdf, y + 3, _("手机扫码签到;不方便用手机请找工作人员。"), _LARGE)
    _centred(pdf, 278, footnote(), _SMALL, muted=True)
    return bytes(pdf.output())


def footnote() -> str:
    """What the office should know about a code that hangs on a wall."""
    return str(_("张贴的签到码不会变,可靠程度比屏幕上的低;凭它的签到在报表中会注明。"))


def _centred(
    pdf: FPDF, top: float, text: str, fits: Fits, *, bold: bool = False, muted: bool = False
) -> float:
    found = fitted(text, _WIDTH - 2 * _EDGE, fits, may_cut=True)
    bottom = top
    for line in found.lines:
        one = type(found)((line,), found.size)
        x = (_WIDTH - text_width(line, found.size)) / 2
        stroke = 0.02 * found.size if bold else 0
        bottom = draw_lines(pdf, x, bottom, one, colour=MUTED if muted else INK, stroke=stroke)
    return bottom
