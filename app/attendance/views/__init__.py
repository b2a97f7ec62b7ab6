"""Pages that show sessions together with who came, and the roster's buttons."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("attendance", __name__)

from app.attendance.views import (  # noqa: E402
    classes,
    live,
    member_part,
    member_year,
    paper,
    roster,
    session_list,
    session_page,
    several,
    stay,
)

__all__ = [
    "bp",
    "classes",
    "live",
    "member_part",
    "member_year",
    "paper",
    "roster",
    "session_list",
    "session_page",
    "several",
    "stay",
]
