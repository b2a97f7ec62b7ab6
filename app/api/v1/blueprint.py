"""The blueprint that every route of the API hangs on, and the types of what stands in its addresses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from werkzeug.routing import BaseConverter

from app.core.vocabulary import Group, OrgTag

PREFIX = "/api/v1"
bp = Blueprint("api", __name__, url_prefix=PREFIX)


class OrgCodeConverter(BaseConverter):
    """Code of a unit: anything without slashes and control characters."""

    regex = r"[^/\x00-\x1f\x7f]{1,40}"
    schema: dict[str, Any] = {  # noqa: RUF012 - read only
        "type": "string",
        "minLength": 1,
        "maxLength": 40,
    }


class GroupKeyConverter(BaseConverter):
    """Key of a group; the view answers 404 for one that there is not, after asking who calls."""

    regex = r"[^/\x00-\x1f\x7f]{1,40}"
    schema: dict[str, Any] = {  # noqa: RUF012 - read only
        "type": "string",
        "enum": [group.value for group in Group],
    }


class TagKeyConverter(GroupKeyConverter):
    """Key of a tag, the same way."""

    schema: dict[str, Any] = {  # noqa: RUF012 - read only
        "type": "string",
        "enum": [tag.value for tag in OrgTag],
    }


class TaskKeyConverter(BaseConverter):
    """Key of long work; the view answers 404 for one that there is not, after asking who calls."""

    regex = r"[^/\x00-\x1f\x7f]{1,40}"
    schema: dict[str, Any] = {  # noqa: RUF012 - read only
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]{22}$",
    }


CONVERTERS: dict[str, type[BaseConverter]] = {
    "org_code": OrgCodeConverter,
    "group_key": GroupKeyConverter,
    "tag_key": TagKeyConverter,
    "task_key": TaskKeyConverter,
}


@bp.after_request
def name_the_scheme(response: Response) -> Response:
    """A 401 says which credential is wanted (RFC 9110)."""
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
