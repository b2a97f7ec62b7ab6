"""Pages of long lists: by number for screens, by opaque cursor for the API."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from flask import abort, redirect, request, url_for

from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.numbers import whole

Row = TypeVar("Row")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of `total` rows; `number` counts from 1. at_least: there may be more than `total`.

    Beyond the last page the answer is a redirect to it.
    """

    items: Sequence[Row]
    number: int
    total: int
    size: int = PAGE_SIZE
    at_least: bool = False

    def __post_init__(self) -> None:
        # An old address may point past the end of a list that became shorter: what stands there would read
        # as if there were nothing at all.
        if not self.items and self.total >= 1 and self.number > self.pages and request.method == "GET":
            abort(redirect(self.url(self.pages)))

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def has_prev(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.at_least or self.number < self.pages

    def url(self, number: int) -> str:
        """The running page's address with another page number; filters stay."""
        args: dict[str, Any] = {
            **request.args.to_dict(flat=False),
            **(request.view_args or {}),
            "page": number,
        }
        return url_for(str(request.endpoint), **args)


def page_number() -> int:
    """The page asked for in the address; 1 when it is missing or no number."""
    number = whole(request.args.get("page"))
    return max(1, min(number, 100_000)) if number else 1


def encode_cursor(*values: Any) -> str:
    """An opaque cursor that holds the last row's sort key, made of what `decode_cursor` reads."""
    text = json.dumps(values, default=lambda day: day.isoformat())
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """The sort key inside a cursor; raises InvalidInput for one that this list did not make.

    kinds: str, int, date or datetime (aware) for each of its parts.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list):
            raise ValueError("no sort key")
        return tuple(_part(value, kind) for value, kind in zip(values, kinds, strict=True))
    except ValueError as exc:
        raise InvalidInput.field("cursor", "invalid", lazy("翻页位置无效,请从第一页开始。")) from exc


def _part(value: Any, kind: type) -> Any:
    """One part, if a database takes it: no NUL or half character in text, no number beyond 32 bits, no
    day that its types do not reach. Raises ValueError."""
    if issubclass(kind, date) and type(value) is str:
        day: date = kind.fromisoformat(value)
        is_key = 1900 <= day.year < 2200 and (not isinstance(day, datetime) or day.tzinfo is not None)
        value = day
    elif kind is int and type(value) is int:
        is_key = 0 <= value < 2**31
    else:
        is_key = type(value) is kind and not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in str(value))
    if not is_key:
        raise ValueError("no key")
    return value
