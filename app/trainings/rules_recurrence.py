"""Decides on which days a repeated session is held, from an iCalendar RRULE; no clock, no database."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

MOST_OCCURRENCES = 200
LONGEST_SERIES = timedelta(days=5 * 366)

_WEEKDAY = r"([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)"


def _numbers(highest: int) -> str:
    one = "|".join(str(n) for n in range(highest, 0, -1))
    return rf"[+-]?({one})(,[+-]?({one}))*"


# The parts of a rule that choose days. Parts that choose hours are refused: every time stays the first one's.
_PARTS = {
    "FREQ": re.compile("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile(r"[1-9]\d{0,2}"),
    "COUNT": re.compile(r"[1-9]\d{0,3}"),
    "UNTIL": re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII),
    "BYDAY": re.compile(rf"{_WEEKDAY}(,{_WEEKDAY})*"),
    "BYMONTHDAY": re.compile(_numbers(31)),
    "BYYEARDAY": re.compile(_numbers(366)),
    "BYWEEKNO": re.compile(_numbers(53)),
    "BYMONTH": re.compile(r"([1-9]|1[0-2])(,([1-9]|1[0-2]))*"),
    "BYSETPOS": re.compile(_numbers(366)),
    "WKST": re.compile("MO|TU|WE|TH|FR|SA|SU"),
}


class RecurrenceRefused(ValueError):
    """A rule cannot be taken; `code`: invalid, endless, too_many, too_far, no_day."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def occurrences(
    rule: str, starts_at: datetime, ends_at: datetime, tz: ZoneInfo
) -> tuple[tuple[datetime, datetime], ...]:
    """Start and end of every session of a series, aware in `tz`; the clock shows the same on each day.

    rule: an RRULE such as "FREQ=WEEKLY;COUNT=4"; it must end by COUNT or UNTIL (a day of the office,
    included, or an instant), within five years and 200 sessions. starts_at: the earliest possible
    start; it is held on that day only if the rule falls on it. Raises RecurrenceRefused.
    """
    parts = _parse(rule)
    first = starts_at.astimezone(tz).replace(tzinfo=None)
    length = ends_at.astimezone(tz).replace(tzinfo=None) - first
    horizon = first + LONGEST_SERIES
    last = _until(parts["UNTIL"], tz) if "UNTIL" in parts else horizon
    wanted = int(parts["COUNT"]) if "COUNT" in parts else None
    if last > horizon:
        raise RecurrenceRefused("too_far")
    if wanted is not None and wanted > MOST_OCCURRENCES:
        raise RecurrenceRefused("too_many")
    days = {name: text for name, text in parts.items() if name not in ("COUNT", "UNTIL")}
    # COUNT is counted here and never handed over: a rule that falls on no day would be searched for ever.
    text = ";".join(f"{name}={value}" for name, value in days.items()) + f";UNTIL={last:%Y%m%dT%H%M%S}"
    try:
        found = list(islice(rrulestr(text, dtstart=first), wanted or MOST_OCCURRENCES + 1))
    except ValueError as exc:
        raise RecurrenceRefused("invalid") from exc
    if not found:
        raise RecurrenceRefused("no_day")
    if len(found) > MOST_OCCURRENCES:
        raise RecurrenceRefused("too_many")
    if wanted is not None and len(found) < wanted:
        raise RecurrenceRefused("too_far")
    return tuple((day.replace(tzinfo=tz), (day + length).replace(tzinfo=tz)) for day in found)


def _parse(rule: str) -> dict[str, str]:
    text = rule.strip().upper().removeprefix("RRULE:").strip().rstrip(";")
    parts: dict[str, str] = {}
    for piece in text.split(";"):
        name, _, value = piece.partition("=")
        if name in parts or name not in _PARTS or not _PARTS[name].fullmatch(value):
            raise RecurrenceRefused("invalid")
        parts[name] = value
    if "FREQ" not in parts or ("COUNT" in parts and "UNTIL" in parts):
        raise RecurrenceRefused("invalid")
    if "COUNT" not in parts and "UNTIL" not in parts:
        raise RecurrenceRefused("endless")
    return parts


def _until(text: str, tz: ZoneInfo) -> datetime:
    """The last instant of a series by the office's clock, without zone; a bare day is included whole."""
    try:
        if len(text) == 8:
            return datetime.strptime(text + "235959", "%Y%m%d%H%M%S")  # noqa: DTZ007 - the office's clock
        moment = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError as exc:
        raise RecurrenceRefused("invalid") from exc
    if not text.endswith("Z"):
        return moment
    if not 1900 < moment.year < 2200:
        raise RecurrenceRefused("invalid")
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(tz).replace(tzinfo=None)
