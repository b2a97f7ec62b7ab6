"""Pages that show sessions together with who came, the roster's buttons, and what is to be looked at."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("attendance", __name__)

from app.attendance.views import (  # noqa: E402
    absences,
    adjust,
    classes,
    live,
    locks,
    member_part,
    member_year,
    paper,
    reviews,
    roster,
    session_list,
    session_page,
    several,
    sheet,
    stay,
)

__all__ = [
    "absences",
    "adjust",
    "bp",
    "classes",
    "live",
    "locks",
    "member_part",
    "member_year",
    "paper",
    "reviews",
    "roster",
    "session_list",
    "session_page",
    "several",
    "sheet",
    "stay",
]
