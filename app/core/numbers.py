"""Whole numbers as people, and programs that pretend to be people, send them in addresses and forms."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

# The largest id that a column of ours holds.
LARGEST = 2**31 - 1
_DIGITS = 10


def whole(text: str | None, most: int = LARGEST) -> int | None:
    """The number that `text` writes with at most ten plain digits; None for anything else."""
    # `isdigit` alone takes "²", which int() does not; and int() refuses thousands of digits.
    if not text or len(text) > _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if number <= most else None


class WholeConverter(IntegerConverter):
    """`<int:…>` in addresses: an id of nine digits at most, which every column holds; else 404."""

    # By the pattern, not by a bound: a number refused later is a 405 where another method matches.
    regex = r"[0-9]{1,9}"


def init_numbers(app: Flask) -> None:
    """Before any route is registered."""
    app.url_map.converters["int"] = WholeConverter
