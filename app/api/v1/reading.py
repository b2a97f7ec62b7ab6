"""Turns the OpenAPI document into chapters for a reader: operations, fields, answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.api.v1.fields import LARGEST_ID
from app.core.i18n import gettext as _
from app.core.i18n import is_english

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
# Fields inside fields are shown so many levels deep; deeper ones are named by their schema only.
DEEPEST = 3


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of a body, or one parameter; `name` is dotted, lists end in []."""

    name: str
    kind: str
    required: bool
    note: str


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """One status an operation answers with."""

    status: str
    note: str
    content_type: str
    forms: tuple[tuple[FieldLine, ...], ...]


@dataclass(frozen=True, slots=True)
class OperationPart:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    detail: str
    open_to_all: bool
    parameters: tuple[FieldLine, ...]
    forms: tuple[tuple[FieldLine, ...], ...]
    answers: tuple[AnswerPart, ...]
    refusals: tuple[AnswerPart, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of one tag."""

    key: str
    title: str
    operations: tuple[OperationPart, ...]


def chapters(document: Json) -> list[Chapter]:
    """In the document's order of tags; texts in the reader's language."""
    found = [
        Chapter(tag["name"], told(tag["description"]), tuple(_operations(document, tag["name"])))
        for tag in document["tags"]
    ]
    return [chapter for chapter in found if chapter.operations]


def told(text: str) -> str:
    """The reader's half of a text that is written in both languages: "中文 · English"."""
    zh, separator, en = text.partition(" · ")
    return (en if is_english() else zh) if separator else text


def _operations(document: Json, tag: str) -> Iterator[OperationPart]:
    for path, item in document["paths"].items():
        for method in METHODS:
            operation = item.get(method)
            if operation is not None and tag in operation["tags"]:
                yield _operation(document, path, method, operation)


def _operation(document: Json, path: str, method: str, operation: Json) -> OperationPart:
    content = operation.get("requestBody", {}).get("content", {})
    answers = [_answer(document, status, given) for status, given in operation["responses"].items()]
    return OperationPart(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=told(operation["summary"]),
        detail=told(operation.get("description", "")),
        open_to_all={} in operation["security"],
        parameters=tuple(_parameter(each) for each in operation.get("parameters", [])),
        forms=_forms(document, content.get("application/json", {}).get("schema")),
        answers=tuple(answer for answer in answers if answer.status < "300"),
        refusals=tuple(answer for answer in answers if answer.status >= "300"),
    )


def _parameter(given: Json) -> FieldLine:
    return FieldLine(given["name"], _kind(given["schema"]), given["required"], _note(given, given["schema"]))


def _note(described: Json, schema: Json) -> str:
    """The description, and what stands for a value that is left out."""
    whole = schema["anyOf"][0] if "anyOf" in schema else schema
    default = whole.get("default")
    notes = [told(described.get("description", ""))]
    if default not in (None, [], False):
        notes.append(_("不填为 %(value)s", value=default))
    return ("; " if is_english() else ";").join(note for note in notes if note)


def _answer(document: Json, status: str, given: Json) -> AnswerPart:
    content = given.get("content", {})
    content_type = next(iter(content), "")
    shown = content[content_type]["schema"] if content_type == "application/json" else None
    return AnswerPart(status, told(given["description"]), content_type, _forms(document, shown))


def _forms(document: Json, schema: Json | None) -> tuple[tuple[FieldLine, ...], ...]:
    if schema is None:
        return ()
    several = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return tuple(tuple(_fields(document, each, "", 1)) for each in several)


def _fields(document: Json, schema: Json, prefix: str, depth: int) -> Iterator[FieldLine]:
    whole = _resolved(document, schema)
    for name, field in whole.get("properties", {}).items():
        shown = f"{prefix}{name}"
        yield FieldLine(shown, _kind(field), name in whole.get("required", []), _note(field, field))
        inner = field.get("items", field)
        below = _resolved(document, inner)
        if "properties" in below and depth < DEEPEST:
            marks = "[]." if "items" in field else "."
            yield from _fields(document, inner, shown + marks, depth + 1)


def _resolved(document: Json, schema: Json) -> Json:
    reference: str | None = schema.get("$ref")
    if reference is None:
        return schema
    resolved: Json = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return resolved


def _kind(schema: Json) -> str:
    """What a value looks like: "string (date)", "integer 1–500", "present | late", "[object]"."""
    if "anyOf" in schema:
        return _kind(schema["anyOf"][0])
    if "$ref" in schema:
        return "object"
    if "enum" in schema:
        return " | ".join("null" if word is None else str(word) for word in schema["enum"])
    if "items" in schema:
        return f"[{_kind(schema['items'])}]"
    types = schema.get("type", "any")
    kinds = types if isinstance(types, list) else [types]
    low, high = schema.get("minimum"), schema.get("maximum")
    if "format" in schema:
        kinds = [f"{kinds[0]} ({schema['format']})", *kinds[1:]]
    elif high is not None and high != LARGEST_ID:
        kinds = [f"{kinds[0]} {low}–{high}", *kinds[1:]]
    return " | ".join(kinds)
