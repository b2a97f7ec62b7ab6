"""The blueprint that every page of this feature is registered on, and what their views share."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from flask import Blueprint, Response, send_file

from app.members.queries.tree import OrgRow

bp = Blueprint("members", __name__)
# A longer list is no help: units are then chosen from an upper part of it, or their names are typed.
MOST_CHOICES = 300
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def org_choices(rows: Iterable[OrgRow]) -> list[tuple[str, str]]:
    """(code, name) of units in the order of the tree, indented below their parents."""
    ordered = sorted(rows, key=lambda row: [int(part) for part in row.path.strip("/").split("/")])
    top = min((row.depth for row in ordered), default=0)
    return [(row.code, "\u3000" * (row.depth - top) + row.name) for row in ordered]


def workbook(book: bytes, name: str) -> Response:
    """A workbook to download."""
    return send_file(BytesIO(book), mimetype=XLSX, as_attachment=True, download_name=name)
