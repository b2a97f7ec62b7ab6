"""Rules of telephone numbers: one written form, and how little of it is shown; stores nothing."""

from __future__ import annotations

import re
import unicodedata

_MOBILE = re.compile(r"1[3-9]\d{9}")
# 010 and 02x have two digits after the 0, the rest of the country three; then 7 or 8 digits.
_LANDLINE = re.compile(r"(?:0(?:10|2\d)|0[3-9]\d{2})[2-9]\d{6,7}")
# What people put between the digits. Full-width forms are folded before.
_BETWEEN = re.compile(r"[\s\-‐‑‒–—―−_.·()\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")  # noqa: RUF100, PLE2502, PLE2515
# What a spreadsheet makes of a number it was not told to keep as text.
_FLOAT = re.compile(r"\d+\.0+")
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})")


def normalise_phone(text: str) -> str:
    """Digits alone of a mainland mobile ("13900000001") or a number with area code ("02785550001").

    Takes spaces, hyphens, brackets, full-width digits, +86, 0086 and 86 before a mobile, and
    13900000001.0. Raises ValueError for everything else, also for a number that a spreadsheet
    has rounded (1.39E+10): its last digits are gone.
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    if _FLOAT.fullmatch(folded):
        folded = folded.split(".")[0]
    digits = _without_exponent(folded)
    digits = _BETWEEN.sub("", digits)
    if digits.startswith(("+86", "0086")):
        digits = digits.removeprefix("+86").removeprefix("0086")
        # +86 27 8555 0001 leaves out the 0 of the area code.
        if not _MOBILE.fullmatch(digits) and not digits.startswith("0"):
            digits = "0" + digits
    elif len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if digits.isascii() and (_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits)):
        return digits
    raise ValueError("neither a mainland mobile number nor a number with area code")


def _without_exponent(text: str) -> str:
    """1.3900000001E10 → 13900000001, if all eleven digits are there."""
    found = _SCIENTIFIC.fullmatch(text.replace(" ", ""))
    if not found:
        return text
    first, rest, exponent = found[1], found[2] or "", int(found[3])
    # Fewer digits than the exponent: the spreadsheet shows a rounded number, or it ends in zeros.
    # Which of the two cannot be told, so it is left as it is and refused.
    return first + rest if len(rest) == exponent else text


def mask_phone(phone: str) -> str:
    """As shown: "139****0001"; a landline keeps area code and last four, a short number its last two."""
    if len(phone) >= 10:
        area = 4 if phone.startswith("0") and not phone.startswith(("010", "02")) else 3
        return f"{phone[:area]}****{phone[-4:]}"
    return "****" + (phone[-2:] if len(phone) >= 6 else "")
