"""Rules of the dates in rosters: what each way of writing means; refuses what could mean two things."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, timedelta
from functools import lru_cache

EARLIEST = date(1900, 1, 1)
# Day 0 of Excel's calendar, which counts a 29 February 1900 that never was.
_EXCEL_DAY_ZERO = date(1899, 12, 30)
# Whole numbers up to here are years, above it days since 1900.
_LAST_YEAR = 2200
_LAST_SERIAL = 80_000  # the year 2119

_PARTED = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?")
_SPACES = re.compile(r"[\s\u200b\ufeff]+")
_SAME_AS = str.maketrans({"。": ".", "、": ".", ",": ".", "_": "-", "—": "-", "–": "-", "\\": "/"})
_TIME = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_SHORT_YEAR = re.compile(r"\d{2}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?月?")


class NotADate(ValueError):
    """The cell cannot be read as one day; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_date(value: object, today: date, *, serial_offset: int = 0) -> date:
    """The day that a cell means; a month alone is its first day.

    value: text in any usual writing (1956-03-12, 1956/3/12, 1956.03, 195603, 19560312,
    1956年3月12日), a date, or a number: an Excel serial, 19560312, or 1956.03 that the spreadsheet
    took for a number. serial_offset: days to add to serials (1462 in the calendar of 1904).
    Raises NotADate: `short_year`, `year_only`, `lost_zero` (1956.1 as a number may be January or
    October), `no_such_day`, `future`, `too_early`, `unreadable`.
    """
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    elif isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NotADate("unreadable")
    elif isinstance(value, str):
        found = _from_text(value, serial_offset)
    else:
        found = _from_number(value, serial_offset)
    # One object a day, however many rows have it.
    found = _once(found)
    if found > today:
        raise NotADate("future")
    if found < EARLIEST:
        raise NotADate("too_early")
    return found


@lru_cache(maxsize=50_000)
def _once(day: date) -> date:
    return day


def _from_number(value: float, serial_offset: int) -> date:
    if not math.isfinite(value):
        raise NotADate("unreadable")
    if value == int(value):
        return _from_digits(str(int(value)), serial_offset)
    if 1900 <= value < _LAST_YEAR:
        month = f"{value:.2f}".split(".")[1]
        if month == "10":
            raise NotADate("lost_zero")
        return _day(int(value), int(month), 1)
    # A serial with a time of day.
    return _from_digits(str(int(value)), serial_offset)


def _from_text(text: str, serial_offset: int) -> date:
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = _TIME.sub("", plain)
    plain = _SPACES.sub("", plain).translate(_SAME_AS)
    if plain.isascii() and plain.isdigit():
        return _from_digits(plain, serial_offset)
    if found := _PARTED.fullmatch(plain):
        return _day(int(found[1]), int(found[2]), int(found[3] or 1))
    raise NotADate("short_year" if _SHORT_YEAR.fullmatch(plain) else "unreadable")


def _from_digits(digits: str, serial_offset: int) -> date:
    if len(digits) == 8:
        return _day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if len(digits) == 6:
        # 195603 is a month; 560312 would be a year of two digits.
        if not "1900" <= digits[:4] <= str(_LAST_YEAR):
            raise NotADate("short_year")
        return _day(int(digits[:4]), int(digits[4:]), 1)
    number = int(digits) if len(digits) <= 5 else 0
    if 1800 <= number <= _LAST_YEAR:
        raise NotADate("year_only")
    if _LAST_YEAR < number <= _LAST_SERIAL:
        return _EXCEL_DAY_ZERO + timedelta(days=number + serial_offset)
    raise NotADate("unreadable")


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as exc:
        raise NotADate("no_such_day") from exc
