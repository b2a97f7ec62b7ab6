"""Adds up the counted rows of members' years, one member after the other; no database.

A district's year is two million rows, and SQL takes twice as long for all that is asked of them: days as
bits, caps of half days and days, distinct classes, kinds. So a row comes as one word, most words occur
hundreds of times, and each is taken apart once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import NamedTuple

MONTHS = 12

# A word: this number, the row's day ("2019-03-05") and the key of its kind, one after the other.
# The number, from its low bits up: by a visit, made up, minutes of the first half-day, minutes, class
# (0: none).
VISIT, MADE_UP = 1, 2
MORNING_SHIFT, MINUTES_SHIFT, CLASS_SHIFT = 2, 22, 42
_MINUTES = (1 << MINUTES_SHIFT - MORNING_SHIFT) - 1
# Between the words of one member; no key contains it.
SEPARATOR = "\n"

# Columns of what comes out.
DAYS = tuple(f"days_{month}" for month in range(1, MONTHS + 1))
MEMBER_COLUMNS = (
    "year", "member_id", "person_times", "class_person_times", "minutes", "credited_minutes",
    "made_up_minutes", "home_minutes", *DAYS,
)  # fmt: skip
KIND_COLUMNS = ("year", "member_id", "kind_key", "class_person_times", "single_sessions", *DAYS)
DAY_COLUMNS = ("office_date", "kind_key", "person_times", "minutes")

Row = tuple[int | str, ...]
DayRow = tuple[str, str, int, int]


class _Said(NamedTuple):
    """A word, taken apart. `packed`: minutes and those of the first half-day, to be added up at once."""

    number: int
    day: str
    # Places among the kinds, and among the months of all kinds.
    kind: int
    slot: int
    bit: int
    packed: int
    is_special: bool
    is_made_up: bool
    is_visit: bool
    # 0: none.
    class_id: int


_PACKED = 32


class Words(dict[str, _Said]):
    """What is known of words; may serve for one year after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[str] = []

    def __missing__(self, word: str) -> _Said:
        start = word.index("-") - 4
        number, day, kind = int(word[:start]), word[start : start + 10], word[start + 10 :]
        if kind not in self.kinds:
            self.kinds.append(kind)
        place, class_id = self.kinds.index(kind), number >> CLASS_SHIFT
        self[word] = said = _Said(
            number=len(self),
            day=day,
            kind=place,
            slot=place * MONTHS + int(day[5:7]) - 1,
            bit=1 << int(day[8:]) - 1,
            packed=(number >> MINUTES_SHIFT & _MINUTES) << _PACKED | number >> MORNING_SHIFT & _MINUTES,
            is_special=bool(class_id or number & (MADE_UP | VISIT)),
            is_made_up=bool(number & MADE_UP),
            is_visit=bool(number & VISIT),
            class_id=class_id,
        )
        return said


class _Capped(dict[int, int]):
    """Credited minutes of a packed day, by the caps of the year's rule."""

    def __init__(self, half_day_cap: int, day_cap: int) -> None:
        super().__init__()
        self.half_day_cap, self.day_cap = half_day_cap, day_cap

    def __missing__(self, packed: int) -> int:
        whole, morning = packed >> _PACKED, packed & (1 << _PACKED) - 1
        halves = min(morning, self.half_day_cap) + min(whole - morning, self.half_day_cap)
        self[packed] = credited = min(halves, self.day_cap)
        return credited


class YearSums:
    """Adds up one year by its rule. `members`: rows of MEMBER_COLUMNS; `kinds`: rows of KIND_COLUMNS."""

    def __init__(self, year: int, half_day_cap: int, day_cap: int, words: Words) -> None:
        self.members: list[Row] = []
        self.kinds: list[Row] = []
        self._year = year
        self._words = words
        self._credit = _Capped(half_day_cap, day_cap)
        # How often each word was said.
        self._times: list[int] = []

    def add(self, member_id: int, words: str) -> None:
        """Add up one member, of whom these are all the words."""
        said = list(map(self._words.__getitem__, words.split(SEPARATOR)))
        times, kinds = self._times, self._words.kinds
        times += [0] * (len(self._words) - len(times))
        rows, bits = [0] * len(kinds), [0] * (len(kinds) * MONTHS)
        days: dict[str, int] = defaultdict(int)
        special = []
        for one in said:
            number, day, kind, slot, bit, packed, is_special, *_ = one
            times[number] += 1
            rows[kind] += 1
            bits[slot] |= bit
            days[day] += packed
            if is_special:
                special.append(one)
        in_classes = [one for one in special if one.class_id]
        self._add_kinds(member_id, rows, bits, in_classes)
        self.members.append(
            (
                self._year,
                member_id,
                len(said),
                len({one.class_id for one in in_classes}),
                sum(days.values()) >> _PACKED,
                self._credited(days),
                self._credited(_by_day(one for one in special if one.is_made_up)),
                self._credited(_by_day(one for one in special if one.is_visit)),
                *(reduce(or_, bits[month::MONTHS]) for month in range(MONTHS)),
            )
        )

    def _add_kinds(self, member_id: int, rows: list[int], bits: list[int], in_classes: list[_Said]) -> None:
        classes = Counter(kind for kind, _ in {(one.kind, one.class_id) for one in in_classes})
        of_classes = Counter(one.kind for one in in_classes)
        for kind, times in enumerate(rows):
            if times:
                single, days = times - of_classes[kind], bits[kind * MONTHS : (kind + 1) * MONTHS]
                name = self._words.kinds[kind]
                self.kinds.append((self._year, member_id, name, classes[kind], single, *days))

    def _credited(self, days: dict[str, int]) -> int:
        return sum(map(self._credit.__getitem__, days.values()))

    def days(self) -> list[DayRow]:
        """Rows of DAY_COLUMNS, of all members that were added."""
        found: dict[tuple[str, int], tuple[int, int]] = {}
        for one in self._words.values():
            if one.number < len(self._times) and (said := self._times[one.number]):
                times, minutes = found.get((one.day, one.kind), (0, 0))
                found[one.day, one.kind] = times + said, minutes + said * (one.packed >> _PACKED)
        return [(day, self._words.kinds[kind], *numbers) for (day, kind), numbers in found.items()]


def _by_day(rows: Iterable[_Said]) -> dict[str, int]:
    days: dict[str, int] = defaultdict(int)
    for one in rows:
        days[one.day] += one.packed
    return days
