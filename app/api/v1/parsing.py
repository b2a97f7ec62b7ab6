"""Reads what a request carries into typed values, or refuses it naming every field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.api.v1.fields import Body, Query, Truth, Whole
from app.api.v1.words import WHOLE_BODY, field_error, refused
from app.core.errors import InvalidInput

Values = dict[str, Any]
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def read_query(schema: Query) -> Values:
    """The address's parameters; a blank one counts as left out. Raises InvalidInput."""
    wanted = {field.data_key or name: field for name, field in schema.fields.items()}
    given: dict[str, Any] = {}
    repeated = []
    for name, texts in request.args.lists():
        field = wanted.get(name)
        if field is not None and len(texts) > 1:
            repeated.append(field_error(name, "repeated"))
        elif texts != [""] or field is None:
            given[name] = _typed(field, texts[0])
    if repeated:
        raise InvalidInput(errors=repeated)
    return _load(schema, given)


def _typed(field: Any, text: str) -> Any:
    if isinstance(field, Whole) and _WHOLE.fullmatch(text):
        return int(text)
    if isinstance(field, Truth):
        return _TRUTHS.get(text, text)
    return text


def read_body(schema: Body | Mapping[str, Body]) -> Values:
    """The JSON body. Raises InvalidInput, and HTTPException for 400, 413 and 415.

    A mapping offers several forms, each known by the field that only it has.
    """
    data = _json()
    if isinstance(schema, Body):
        return _load(schema, data)
    if not isinstance(data, dict):
        raise InvalidInput(errors=[field_error(WHOLE_BODY, "not_an_object")])
    form = next((form for key, form in schema.items() if key in data), None)
    if form is None:
        raise InvalidInput(errors=[field_error(WHOLE_BODY, "unknown_form")])
    return _load(form, data)


def _json() -> Any:
    if not request.is_json:
        raise UnsupportedMediaType()
    try:
        data = request.get_data()
        return _JSON.decode(data.decode(json.detect_encoding(data), "surrogatepass"))
    except (ValueError, RecursionError) as exc:
        raise BadRequest() from exc


def _no_constant(name: str) -> Any:
    raise ValueError(name)


# Not Flask's reader: it takes NaN and Infinity, which are no JSON.
_JSON = json.JSONDecoder(parse_constant=_no_constant)


def _load(schema: Body, data: Any) -> Values:
    try:
        values: Values = schema.load(data)
    except ValidationError as error:
        raise refused(error.messages) from error
    return values
