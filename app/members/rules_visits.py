"""What a note for home visits may say: where, when, who opens, what to bring; no phone, ID or illness."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

LONGEST = {"door": 60, "times": 40, "opener": 40}


class Need(StrEnum):
    """What whoever visits brings or minds."""

    LARGE_PRINT = "large_print"
    SPEAK_UP = "speak_up"
    SIGN_LANGUAGE = "sign_language"
    STAIRS = "stairs"
    DIALECT = "dialect"
    NOTHING = "nothing"


class Fault(StrEnum):
    """Why a text does not belong into the note."""

    TOO_LONG = "too_long"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    MEDICAL = "medical"


@dataclass(frozen=True, slots=True)
class VisitDetails:
    """The whole note. door: how to find it; times: when it suits; opener: who opens, or whom to ask for."""

    door: str = ""
    times: str = ""
    opener: str = ""
    needs: tuple[Need, ...] = ()

    @property
    def is_blank(self) -> bool:
        return not (self.door or self.times or self.opener or self.needs)


_CHINESE_DIGITS = str.maketrans("〇零一幺二两三四五六七八九", "0011223456789")
# Digits, and what people put between those of one number.
_RUN = re.compile(r"\d(?:[\d \-‐–—.·()]*\d)?")
_UNBROKEN = re.compile(r"\d{7,}")
# 8555 0001, 027-8555 0001, 139 0000 0001: how the parts of a telephone number are grouped.
_GROUPED = re.compile(r"(?<!\d)(?:0\d{2,3}[ \-.]?)?\d{3,4}[ \-.]\d{4}(?!\d)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_ID_DIGITS = 15
# Words of illness that people write in passing. The page asks for none; this catches a slip, no more.
_MEDICAL = (
    *("病", "癌", "瘤", "瘫", "中风", "脑梗", "残疾", "痴呆", "糖尿", "血压", "手术", "化疗", "透析", "失能"),
    *("抑郁", "cancer", "stroke", "dementia", "diabet", "disease", "illness", "disab", "surgery"),
)


def has_id_number(text: str) -> bool:
    """Whether so many digits follow each other that they can only be an ID number."""
    digits = unicodedata.normalize("NFKC", text).translate(_CHINESE_DIGITS)
    return any(len(run) >= _ID_DIGITS for run in _runs(digits))


def _runs(digits: str) -> list[str]:
    """Digits that stand together, without what people put between them."""
    return [re.sub(r"\D", "", run) for run in _RUN.findall(digits)]


def fault_of(text: str, longest: int) -> Fault | None:
    """What is wrong with one text of a note, or None. Full-width, Chinese and spaced digits count as well."""
    if len(text) > longest:
        return Fault.TOO_LONG
    if has_id_number(text):
        return Fault.ID_NUMBER
    plain = unicodedata.normalize("NFKC", text)
    digits = plain.translate(_CHINESE_DIGITS)
    runs = _runs(digits)
    if _UNBROKEN.search(digits) or _GROUPED.search(digits) or any(_MOBILE.search(run) for run in runs):
        return Fault.PHONE
    if any(word in plain.lower() for word in _MEDICAL):
        return Fault.MEDICAL
    return None
