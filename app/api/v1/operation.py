"""Declares what a route takes and answers; the same declaration parses, serialises and documents it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import Response

from app.api.v1.fields import LARGEST_ID, Answer, Body, Query
from app.api.v1.parsing import read_body, read_query
from app.core.errors import NotFound

View = Callable[..., Any]
Answering = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Words:
    """One line in both languages: the document carries both, the page shows the reader's."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} · {self.en}"


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is no JSON: an image or a calendar."""

    content_type: str


@dataclass(frozen=True, slots=True)
class Either:
    """One of two answers, `other` for values of the type `kind`."""

    usual: Answer
    other: Answer
    kind: type


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is a file, by itself or as `file` of a form; the view reads it."""


Form = Answer | Either | Raw | None


@dataclass(frozen=True, slots=True)
class Operation:
    """A route's declaration. `errors`: refusals beyond those that every such route has (see spec.py)."""

    summary: Words
    answers: Mapping[int, Form]
    query: Query | None = None
    body: Body | Mapping[str, Body] | Upload | None = None
    errors: tuple[int, ...] = ()
    detail: Words | None = None
    # Names of security schemes, any of which does; None in it: without a credential of its own.
    security: tuple[str | None, ...] = field(default=("bearer",))


def operation(
    zh: str,
    en: str,
    *,
    answers: Mapping[int, Form],
    query: Query | None = None,
    body: Body | Mapping[str, Body] | Upload | None = None,
    errors: tuple[int, ...] = (),
    detail: tuple[str, str] | None = None,
    security: tuple[str | None, ...] = ("bearer",),
) -> Callable[[View], Answering]:
    """Hand the view its typed `query` and `body`, and turn what it returns into a response.

    A view returns a value for the first of `answers`, or (value, status).
    """
    words = Words(*detail) if detail else None
    declared = Operation(Words(zh, en), answers, query, body, errors, words, security)

    def declare(view: View) -> Answering:
        @wraps(view)
        def answering(**kwargs: Any) -> Response:
            # Not in the address's pattern: Werkzeug answers 405 there for an id that no row can have.
            if any(isinstance(value, int) and value > LARGEST_ID for value in kwargs.values()):
                raise NotFound()
            if query is not None:
                kwargs["query"] = read_query(query)
            if body is not None and not isinstance(body, Upload):
                kwargs["body"] = read_body(body)
            return _response(declared, view(**kwargs))

        answering.operation = declared  # type: ignore[attr-defined]
        return answering

    return declare


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _response(declared: Operation, result: Any) -> Response:
    value, status = result if isinstance(result, tuple) else (result, next(iter(declared.answers)))
    form = declared.answers[status]
    if form is None:
        return Response(status=status)
    if isinstance(form, Raw):
        return Response(value, status=status, content_type=form.content_type)
    if isinstance(form, Either):
        form = form.other if isinstance(value, form.kind) else form.usual
    text = _JSON.encode(form.dump(value))
    return Response(text, status=status, content_type="application/json")
