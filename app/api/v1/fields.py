"""Fields of requests and answers: strict JSON types, and a stable code for whatever does not fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from app.core.clock import office_tz

LARGEST_ID = 2**31 - 1
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# PostgreSQL stores no NUL, and neither database a lone half of a surrogate pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
Codes = dict[str, str | list[Any] | dict[Any, Any]]
# marshmallow's keys of what can go wrong → our codes; `words.py` has a sentence for each.
_CODES: Codes = {
    "required": "required",
    "null": "null",
    "invalid": "invalid",
    "invalid_utf8": "invalid",
    "too_large": "out_of_range",
    "out_of_range": "out_of_range",
    "unknown": "unknown",
    "type": "invalid",
    "validator_failed": "invalid",
}
_MOMENT_CODES: Codes = {**_CODES, "invalid": "invalid_moment"}
_DAY_CODES: Codes = {**_CODES, "invalid": "invalid_date"}
_SCHEMA_CODES = {"unknown": "unknown_field", "type": "not_an_object"}


class Text(fields.String):
    """Text of at most `longest` characters; blank only where `blank` allows it."""

    default_error_messages = _CODES

    def __init__(self, longest: int = 200, *, blank: bool = False, **more: Any) -> None:
        lengths = [validate.Length(max=longest, error="too_long")]
        if not blank:
            lengths.append(validate.Length(min=1, error="blank"))
        super().__init__(validate=lengths, **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        if UNSTORABLE.search(text):
            raise self.make_error("invalid")
        return text


class Whole(fields.Integer):
    """A whole number from `low` to `high`; neither 1.0 nor true is one."""

    default_error_messages = _CODES

    def __init__(self, low: int = 0, high: int = LARGEST_ID, **more: Any) -> None:
        bounds = validate.Range(min=low, max=high, error="out_of_range")
        super().__init__(strict=True, validate=bounds, **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return value


class Identifier(Whole):
    """The id of a member, session or class."""

    def __init__(self, **more: Any) -> None:
        super().__init__(1, LARGEST_ID, **more)


class Truth(fields.Boolean):
    """true or false, and nothing that merely looks like it."""

    default_error_messages = _CODES

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Said(fields.String):
    """Text of an answer."""


class Count(fields.Integer):
    """A whole number of an answer."""


class Number(fields.Float):
    """A number of an answer."""


class Numbers(fields.Dict):
    """Numbers by name."""

    def __init__(self) -> None:
        super().__init__(keys=fields.String(), values=fields.Float())


class Moment(fields.DateTime):
    """RFC 3339 with an offset; answers are in the office's zone, to the second."""

    default_error_messages = _MOMENT_CODES

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value is None else value.astimezone(office_tz()).isoformat(timespec="seconds")

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError as exc:
            raise self.make_error("invalid") from exc
        if not FIRST_DAY < moment.date() < LAST_DAY:
            raise self.make_error("out_of_range")
        return moment.astimezone(UTC)


class Day(fields.Date):
    """An ISO calendar day such as 2019-09-10."""

    default_error_messages = _DAY_CODES

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError as exc:
            raise self.make_error("invalid") from exc
        if not FIRST_DAY <= day <= LAST_DAY:
            raise self.make_error("out_of_range")
        return day


class Choice(fields.String):
    """One of the words of `kind`, or of those in `only`."""

    default_error_messages = _CODES

    def __init__(self, kind: type[StrEnum], only: Sequence[StrEnum] = (), **more: Any) -> None:
        self.choices = {word.value: word for word in only or kind}
        words = [*self.choices, *([None] if more.get("allow_none") else [])]
        metadata = {**more.pop("metadata", {}), "enum": words}
        super().__init__(metadata=metadata, **more)

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if value not in self.choices:
            raise self.make_error("unknown")
        return self.choices[value]


class Uuid(fields.String):
    """A UUID, kept as the client wrote it, in lower case."""

    default_error_messages = _CODES
    _FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata={"format": "uuid"}, **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not self._FORM.fullmatch(value.lower()):
            raise self.make_error("invalid")
        return value.lower()


class Key(fields.String):
    """A key of long work that the client makes, so that a repeat is the same work."""

    default_error_messages = _CODES
    _FORM = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)

    def __init__(self, **more: Any) -> None:
        metadata = {"pattern": f"^{self._FORM.pattern}$", **more.pop("metadata", {})}
        super().__init__(metadata=metadata, **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not self._FORM.fullmatch(value):
            raise self.make_error("invalid")
        return value


class Items(fields.List[Any]):
    """A list of at most `most` items."""

    default_error_messages = _CODES

    def __init__(self, item: fields.Field[Any], most: int | None = None, **more: Any) -> None:
        limit = validate.Length(max=most, error="too_many") if most is not None else None
        super().__init__(item, validate=limit, **more)


class Part(fields.Nested):
    """An object inside another."""

    default_error_messages = _CODES


class Body(Schema):
    """What a request carries: fields that are not listed are refused by name."""

    error_messages = _SCHEMA_CODES

    class Meta:
        unknown = RAISE


class Query(Body):
    """The part of an address after `?`; values arrive as text and are typed by `parsing`."""


class Answer(Schema):
    """What an answer carries: every field is always there, unless its metadata says `optional`."""

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = not field_obj.metadata.get("optional", False)
