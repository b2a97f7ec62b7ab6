"""Reads the addresses of report pages into what is asked for; raises InvalidInput."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.core.vocabulary import Group, Status
from app.reports.rules import Period

Word = TypeVar("Word", bound=StrEnum)
Args = Mapping[str, str]
FIRST_YEAR, LAST_YEAR = 1921, 2200


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """Which organisation: its code, only while directly below `under` or anywhere below `within`, or
    `own` for it without what is below."""

    org: str | None
    under: str | None
    own: bool
    within: str | None


def day_of(args: Args, name: str) -> date | None:
    """A day as 2019-04-28; None when it is not given."""
    text = args.get(name, "").strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput.field(name, "date", lazy("日期请写成 2019-04-28 这样。"))
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        words = lazy("日期的年份应在 %(low)s 到 %(high)s 之间。", low=str(FIRST_YEAR), high=str(LAST_YEAR))
        raise InvalidInput.field(name, "date", words)
    return found


def period_of(args: Args, default: Period) -> Period:
    """from and to; one that is missing is taken from the year of the other, both from `default`."""
    first, last = day_of(args, "from"), day_of(args, "to")
    if first is None and last is None:
        return default
    first = first or date((last or default.last).year, 1, 1)
    last = last or date(first.year, 12, 31)
    if last < first:
        raise InvalidInput.field("to", "before_from", lazy("结束日期在开始日期之前,请调换。"))
    return Period(first, last)


def month_of(args: Args) -> Period | None:
    """month=2019-04."""
    text = args.get("month", "")
    if not text:
        return None
    try:
        day = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidInput.field("month", "month", lazy("月份请写成 2019-04 这样。")) from None
    return Period.of_month(day.year, day.month)


def year_of(args: Args, default: int) -> int:
    text = args.get("year", "").strip()
    if not text:
        return default
    return _number(text, "year", FIRST_YEAR, LAST_YEAR)


def require_begun(period: Period, today: date) -> None:
    """Of a year to come nothing can be told as if it had been."""
    if period.first > today:
        raise InvalidInput.field("year", "future", lazy("这一年还没有到,还没有可写的。"))


def age_of(args: Args, default: int) -> int:
    """Full years from which a member is counted as elderly."""
    text = args.get("age", "").strip()
    return _number(text, "age", 40, 120) if text else default


def id_of(args: Args, name: str, low: int = 1) -> int | None:
    text = args.get(name, "").strip()
    return _number(text, name, low, 2**31 - 1) if text else None


def _number(text: str, name: str, low: int, high: int) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10 or not low <= int(text) <= high:
        raise InvalidInput.field(name, "number", _whole_number(name, low, high))
    return int(text)


def _whole_number(name: str, low: int, high: int) -> Text:
    if name == "year":
        return lazy("年份应是 %(low)s 到 %(high)s 之间的整数。", low=str(low), high=str(high))
    if name == "age":
        return lazy("年龄应是 %(low)s 到 %(high)s 之间的整数。", low=str(low), high=str(high))
    return lazy("这里应是一个合适的整数。")


def word_of(args: Args, name: str, words: type[Word], default: Word | None = None) -> Word | None:
    """One of an enumeration's words; `default` when it is not given."""
    text = args.get(name, "")
    if not text:
        return default
    try:
        return words(text)
    except ValueError:
        raise InvalidInput.field(name, "choice", lazy("没有这个选项,请重新选择。")) from None


def place_words(args: Args) -> PlaceWords:
    org, under, within = (args.get(name) or None for name in ("org", "under", "within"))
    return PlaceWords(org, under, args.get("own") == "1", within)


def flag(args: Args, name: str) -> bool | None:
    """True for 1, False for 0, None when it is not given."""
    return {"1": True, "0": False}.get(args.get(name, ""))


def group_of(args: Args) -> Group | None:
    return word_of(args, "group", Group)


def status_of(args: Args) -> Status | None:
    return word_of(args, "status", Status)
