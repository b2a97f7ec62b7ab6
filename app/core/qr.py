"""Draws QR codes: SVG for screens, PNG for programs, modules for print."""

from __future__ import annotations

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

_PRINT_MASK = 3


def qr_svg(text: str) -> str:
    """An SVG drawing with the four-module quiet zone; scales to any size."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    image = code.make_image(image_factory=SvgPathImage)
    return str(image.to_string(encoding="unicode"))


def qr_png(text: str, module_pixels: int = 10) -> bytes:
    """A black-on-white PNG with the quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4, box_size=module_pixels)
    code.add_data(text)
    buffer = io.BytesIO()
    code.make_image().save(buffer, format="PNG")
    return buffer.getvalue()


def qr_matrix(text: str) -> list[list[bool]]:
    """The modules by row from the top, dark ones True, without a quiet zone.

    One mask for all: looking for the best of the eight took four fifths of the time of a sheet of cards,
    and what the mask is for, no large even areas, random text gives by itself.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_PRINT_MASK)
    code.add_data(text)
    code.make()
    modules: list[list[bool]] = code.modules
    return modules
