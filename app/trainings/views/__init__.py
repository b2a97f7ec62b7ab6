"""Pages of scheduling: the form, the steps of a session's life, the calendar.

Pages that also show who came (list, session, class) stand in `app.attendance.views`, on this blueprint.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

bp = Blueprint("trainings", __name__)


def session_rules() -> dict[str, Any]:
    """The office's settings that services of sessions and attendance take."""
    settings = current_app.extensions["settings"]
    return {"tz": settings.office_tz, "elderly_age": settings.elderly_age}


from app.trainings.views import calendar, editing, steps  # noqa: E402

__all__ = ["bp", "calendar", "editing", "session_rules", "steps"]
