"""Rules of one roster row: from cells to a member's facts, or to what is wrong with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from app.members.phones import normalise_phone
from app.members.roster.rules_dates import NotADate, parse_date
from app.members.roster.rules_problems import Place, Problem

ADULT_YEARS = 18

# Member columns that hold text as the roster words it, and how long it may be.
TEXT_LIMITS = {
    "name": 80,
    "ethnicity": 20,
    "education": 40,
    "membership_type": 20,
    "social_stratum": 60,
    "job": 100,
    "away_at": 100,
    "branch": 200,
    "branch_code": 40,
}
_PLAIN_TEXTS = ("ethnicity", "education", "membership_type", "social_stratum", "job")
_DATES = ("birth_date", "joined_party_on", "confirmed_on", "away_since")
_FLAGS = ("is_migrant_worker", "is_lost_contact", "is_mobile")

_ID_NUMBER = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?![\dXx])")
_FORMULA_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_YES = frozenset({"是", "有", "y", "yes", "true", "1", "√", "✓", "✔"})
_NO = frozenset({"否", "不是", "没有", "n", "no", "false", "0", "×", "x", "✗"})
_SEXES = {
    "男": "男",
    "女": "女",
    "男性": "男",
    "女性": "女",
    "m": "男",
    "f": "女",
    "male": "男",
    "female": "女",
}
_MASKED = re.compile(r"(?:\d{3,4})?\*{4}\d{0,4}")
_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_DOTS = str.maketrans({"•": "·", "・": "·", "‧": "·", "．": "·", ".": "·"})
_RETIRED = re.compile(r"(?<![未非])(?:离退休|离休|退休)")


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A row that can be read. `values` holds the Member columns that the row says something about;
    a blank cell says nothing. ID numbers have no place here.
    """

    place: Place
    name: str = field(repr=False)
    branch: str
    branch_code: str
    phone: str | None = field(repr=False)
    values: Mapping[str, object] = field(repr=False)
    is_lost_contact: bool | None = None
    is_mobile: bool | None = None
    away_since: date | None = None
    away_at: str | None = None
    # 139****0001, as our own export writes it: tells people apart, and changes nothing.
    phone_mask: str | None = None

    @property
    def birth_date(self) -> date | None:
        found = self.values.get("birth_date")
        return found if isinstance(found, date) else None

    @property
    def joined_on(self) -> date | None:
        """The first day on which the roster shows a member."""
        for name in ("joined_party_on", "confirmed_on"):
            found = self.values.get(name)
            if isinstance(found, date):
                return found
        return None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row with problems; its branch is kept, so that a wrong one is told in the same report."""

    place: Place
    problems: list[Problem]
    branch: str
    branch_code: str


class _Reader:
    """Reads the cells of one row and gathers what is wrong instead of stopping at the first."""

    def __init__(self, cells: Mapping[str, object], texts: Mapping[str, str]) -> None:
        self.cells = cells
        self.texts = texts
        self.problems: list[Problem] = []

    def refuse(self, code: str, column: str | None, **params: str | int) -> None:
        self.problems.append(Problem(code, column, params))

    def text(self, column: str) -> str:
        text = plain_text(self.texts.get(column, ""))
        if len(text) > TEXT_LIMITS.get(column, 100):
            self.refuse("too_long", column, limit=TEXT_LIMITS.get(column, 100))
            return ""
        return text

    def name(self) -> str:
        name = plain_name(self.text("name"))
        if not name:
            if not any(problem.field == "name" for problem in self.problems):
                self.refuse("name_missing", "name")
        elif _is_odd(name):
            self.refuse("name_odd", "name")
        return name

    def day(self, column: str, today: date, serial_offset: int) -> date | None:
        if not self.texts.get(column):
            return None
        try:
            return parse_date(self.cells[column], today, serial_offset=serial_offset)
        except NotADate as error:
            self.refuse(f"date_{error.code}", column)
            return None

    def flag(self, column: str) -> bool | None:
        text = self.texts.get(column, "").lower()
        if not text:
            return None
        if text in _YES or text in _NO:
            return text in _YES
        self.refuse("flag_unknown", column)
        return None

    def sex(self) -> str | None:
        text = self.texts.get("sex", "").lower()
        if text and text not in _SEXES:
            self.refuse("sex_unknown", "sex")
        return _SEXES.get(text)

    def phone_mask(self) -> str | None:
        text = plain_text(self.texts.get("phone", ""))
        return text if _MASKED.fullmatch(text) else None

    def phone(self) -> str | None:
        text = self.texts.get("phone", "")
        if not text or ("*" in text and self.phone_mask()):
            return None
        try:
            return normalise_phone(text)
        except ValueError:
            plain = unicodedata.normalize("NFKC", text).replace(" ", "")
            self.refuse("phone_rounded" if _ROUNDED.fullmatch(plain) else "phone_invalid", "phone")
            return None


def read_row(
    place: Place,
    cells: Mapping[str, object],
    text_of: Callable[[object], str],
    today: date,
    serial_offset: int = 0,
) -> RosterRow | RefusedRow:
    """The row's facts, or everything that is wrong with it.

    cells: field → raw cell of the known columns. text_of: how a cell is read as text ("" is blank).
    """
    texts = {column: text_of(cell) for column, cell in cells.items()}
    reader = _Reader(cells, texts)
    _refuse_what_is_never_kept(reader)
    if reader.problems:
        return RefusedRow(place, reader.problems, "", "")
    branch, branch_code = reader.text("branch"), reader.text("branch_code")
    if not branch and not branch_code and not reader.problems:
        reader.refuse("branch_missing", "branch")
    name = reader.name()
    days = {column: reader.day(column, today, serial_offset) for column in _DATES}
    flags = {column: reader.flag(column) for column in _FLAGS}
    values: dict[str, object] = {column: reader.text(column) for column in _PLAIN_TEXTS}
    values |= {column: days[column] for column in _DATES if column != "away_since"}
    values |= {"sex": reader.sex(), "is_migrant_worker": flags["is_migrant_worker"]}
    phone = reader.phone()
    away_at = reader.text("away_at") or None
    _refuse_impossible_lives(reader, days, today)
    if reader.problems:
        return RefusedRow(place, reader.problems, branch, branch_code)
    return RosterRow(
        place=place,
        name=name,
        branch=branch,
        branch_code=branch_code,
        phone=phone,
        values={column: value for column, value in values.items() if value not in (None, "")},
        is_lost_contact=flags["is_lost_contact"],
        is_mobile=flags["is_mobile"],
        away_since=days["away_since"],
        away_at=away_at,
        phone_mask=reader.phone_mask() if phone is None else None,
    )


def is_example(text: str) -> bool:
    """Whether the name is one of the template's own examples, which are nobody."""
    return plain_text(text).startswith("示例:")


@lru_cache(maxsize=20_000)
def plain_text(text: str) -> str:
    """As a text is stored and compared: no full-width forms, single spaces.

    Remembered, because a roster says few different things very often; so each stands in memory once.
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def looks_like_id_number(text: str) -> bool:
    """Whether a text holds an ID number of 18 or 15 digits, also with spaces or full-width digits."""
    return bool(_ID_NUMBER.search(re.sub(r"[\s'’`-]+", "", unicodedata.normalize("NFKC", text))))


def _refuse_what_is_never_kept(reader: _Reader) -> None:
    for column, text in reader.texts.items():
        if text.startswith("#") and text.upper() in _FORMULA_ERRORS:
            reader.refuse("formula_error", column)
        elif len(text) >= 15 and looks_like_id_number(text):
            reader.refuse("id_number", column)


def _refuse_impossible_lives(reader: _Reader, days: Mapping[str, date | None], today: date) -> None:
    born, joined, confirmed = days["birth_date"], days["joined_party_on"], days["confirmed_on"]
    if born and _is_before_birthday(today, born, ADULT_YEARS):
        reader.refuse("too_young", "birth_date")
    elif born and joined and _is_before_birthday(joined, born, ADULT_YEARS):
        reader.refuse("joined_too_young", "joined_party_on")
    if joined and confirmed and confirmed < joined:
        reader.refuse("confirmed_before_joined", "confirmed_on")
    if born and days["away_since"] and days["away_since"] < born:
        reader.refuse("away_before_birth", "away_since")


def _is_before_birthday(day: date, born: date, full_years: int) -> bool:
    return (day.year - full_years, day.month, day.day) < (born.year, born.month, born.day)


def plain_name(name: str) -> str:
    """A name as it is stored and compared: 张 三 → 张三; one kind of middle dot; Latin words keep a space."""
    folded = unicodedata.normalize("NFKC", name).translate(_DOTS)
    if any(char.isascii() and char.isalpha() for char in folded):
        return " ".join(folded.split())
    return "".join(folded.split())


def _is_odd(name: str) -> bool:
    """Nothing that could be a name: no letter of any script at all, or control characters."""
    # Rare characters of old systems stand in the private area (Co), which Python calls unprintable.
    letters = [char for char in name if char.isalpha() or unicodedata.category(char) == "Co"]
    return not letters or any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in name)


def means_retired(job: object) -> bool:
    """Whether 工作岗位 says that the member has retired (离退休人员, 退休)."""
    return isinstance(job, str) and bool(_RETIRED.search(job))
