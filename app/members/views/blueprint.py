"""The blueprint that every page of this feature is registered on, and what their views share."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from flask import Blueprint, Response, current_app, send_file

from app.members.queries.tree import OrgRow

bp = Blueprint("members", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def elderly_age() -> int:
    """Full years from which a member is elderly, as the office has set it."""
    age: int = current_app.extensions["settings"].elderly_age
    return age


def org_choices(rows: Iterable[OrgRow]) -> list[tuple[str, str]]:
    """(code, name) of units in the order of the tree, indented below their parents."""
    ordered = sorted(rows, key=lambda row: [int(part) for part in row.path.strip("/").split("/")])
    top = min((row.depth for row in ordered), default=0)
    return [(row.code, "\u3000" * (row.depth - top) + row.name) for row in ordered]


def workbook(book: bytes, name: str) -> Response:
    """A workbook to download."""
    return send_file(BytesIO(book), mimetype=XLSX, as_attachment=True, download_name=name)
