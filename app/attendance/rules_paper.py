"""Reads running numbers off a paper sheet, as somebody types them; no database."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# "8-12", with any of the dashes and words that people use for it.
_SPAN = re.compile(r"\s*[-~\u2010-\u2015\u2212\u301c至到]+\s*")
_BETWEEN = re.compile(r"[\s,;.、。]+")
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a text names, in order; `wrong`: what in it is no number of the list, as typed."""

    found: tuple[int, ...]
    wrong: tuple[str, ...]


def read_numbers(text: str, known: range) -> Numbers:
    """Numbers like "3 8-12 20", of the list's running numbers `known`.

    A span that runs backwards, or out of the list, is wrong as a whole.
    """
    # Full-width digits and marks become plain ones.
    plain = _SPAN.sub("-", unicodedata.normalize("NFKC", text).strip())
    found: dict[int, None] = {}
    wrong: list[str] = []
    for token in filter(None, _BETWEEN.split(plain)):
        first, dash, last = token.partition("-")
        ends = [first, last] if dash else [first]
        if not all(_NUMBER.fullmatch(end) for end in ends):
            wrong.append(token)
            continue
        low, high = int(ends[0]), int(ends[-1])
        if low > high or low not in known or high not in known:
            wrong.append(token)
        else:
            found.update(dict.fromkeys(range(low, high + 1)))
    return Numbers(tuple(found), tuple(wrong))


def list_mark(member_ids: Iterable[int]) -> str:
    """Four signs that tell one list from another: printed on the sheet and shown where it is entered."""
    text = ",".join(str(member_id) for member_id in member_ids)
    return hashlib.sha256(text.encode()).hexdigest()[:4].upper()
