"""The blueprint of these pages, and how an address names an instructor or a team."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from app.accounts.supervision.commands import Overseer, OverseerKind

bp = Blueprint("supervision", __name__, url_prefix="/supervision")
INSTRUCTOR = "/instructors/<int:instructor_id>"
TEAM = "/teams/<int:team_id>"


def named(instructor_id: int | None, team_id: int | None) -> Overseer:
    """Whom the address names; every route has exactly one of the two."""
    if instructor_id is not None:
        return Overseer(OverseerKind.INSTRUCTOR, instructor_id)
    return Overseer(OverseerKind.TEAM, team_id or 0)


def address(endpoint: str, overseer: Overseer, **more: object) -> str:
    """The address of a page or form of theirs."""
    key = "instructor_id" if overseer.kind is OverseerKind.INSTRUCTOR else "team_id"
    values: dict[str, Any] = {key: overseer.id, **more}
    return url_for(f"supervision.{endpoint}", **values)
