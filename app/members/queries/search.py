"""What a search text means: the columns it is looked for in, as ranges that the indexes of both databases
serve; % and _ mean themselves."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from app.core.crypto import blind_index
from app.members.models import Member
from app.members.pinyin import BETWEEN

LONGEST_SEARCH = 80
# Above every text that begins with a prefix, in byte order.
_AFTER_ALL = "\U0010ffff"
# Between the parts of a name, as keyboards and rosters have it.
_DOTS = "·•・‧"
# Keyboards without ü: 吕 is written lv here, and typed lü, lu or lyu.
_UMLAUTS = (("lyu", "lv"), ("nyu", "nv"), ("lu", "lv"), ("nu", "nv"))


class In(StrEnum):
    """Where a text is looked for; each is a column of `Member`."""

    NAME = "name"
    PINYIN = "pinyin"
    INITIALS = "pinyin_initials"


@dataclass(frozen=True, slots=True)
class Sought:
    """One way to match: a column begins with `prefix`; or the index of the phone's end is `tail`; or the
    name holds `inside` anywhere. Everybody when nothing is given."""

    where: In | None = None
    prefix: str = ""
    tail: bytes | None = None
    inside: str = ""

    @property
    def order(self) -> Any:
        """The column that what is found is listed by: names in characters by themselves, so that equal
        ones stand together; everything else by pinyin."""
        return Member.name if self.where is In.NAME or self.inside else Member.pinyin

    def condition(self) -> ColumnElement[bool] | None:
        """The condition on `Member`; None: everyone."""
        if self.tail is not None:
            held: ColumnElement[bool] = Member.phone_tail_index == self.tail
            return held
        if self.inside:
            return Member.name.contains(self.inside, autoescape=True)
        return None if self.where is None else starts_with(getattr(Member, self.where), self.prefix)

    def walked(self) -> ColumnElement[bool] | None:
        """The part of the order's index in which everything sought lies; None: all of it."""
        if self.where is In.INITIALS:
            # The first syllable gives the first initial.
            return starts_with(Member.pinyin, self.prefix[0])
        return None if self.where is None else self.condition()


def sought(text: str | None, anywhere: bool = False) -> list[Sought]:
    """What a text looks for; several ways add up, none finds nobody.

    Characters: the beginning of the name, or with `anywhere` any part of it. Letters: the beginning of
    the pinyin or of the initials. Four digits: the end of the telephone.
    """
    q = unicodedata.normalize("NFKC", text or "").strip()
    if not q:
        return [Sought()]
    if len(q) > LONGEST_SEARCH:
        return []
    if q.isascii() and q.isdigit():
        # A whole number would put it into addresses and logs: only its end can be looked for.
        return [Sought(tail=blind_index(q, "phone_tail"))] if len(q) == 4 else []
    letters = "".join(char for char in q.lower() if char not in BETWEEN).replace("ü", "v")
    if letters.isascii() and letters.isalnum():
        return _by_sound(letters)
    words = "".join(q.split()) if not q.isascii() else q
    if anywhere:
        return [Sought(inside=words)]
    dotted = [words.translate(dict.fromkeys(map(ord, _DOTS), dot)) for dot in _DOTS]
    return [Sought(In.NAME, spelling) for spelling in dict.fromkeys(dotted)]


def _by_sound(letters: str) -> list[Sought]:
    spellings = dict.fromkeys([letters])
    for typed, kept in _UMLAUTS:
        spellings |= dict.fromkeys(known.replace(typed, kept) for known in list(spellings))
    ways = [Sought(In.PINYIN, known) for known in spellings]
    # One letter begins the pinyin wherever it begins the initials.
    return ways if len(letters) == 1 else [*ways, Sought(In.INITIALS, letters)]


def matches(text: str | None, anywhere: bool = False) -> ColumnElement[bool]:
    """The same as one condition on `Member`: the definition that every way of finding is held to."""
    ways = [way.condition() for way in sought(text, anywhere)]
    if any(way is None for way in ways):
        return Member.id.is_not(None)
    return or_(false(), *[way for way in ways if way is not None])


def starts_with(column: Any, prefix: str) -> ColumnElement[bool]:
    """Ranges instead of LIKE, on a column in byte order."""
    return and_(column >= prefix, column < prefix + _AFTER_ALL)
