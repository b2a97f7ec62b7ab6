"""Pages of scheduling: the form, the steps of a session's life, the calendar.

Pages that also show who came (list, session, class) stand in `app.attendance.views`, on this blueprint.
"""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("trainings", __name__)


from app.trainings.views import calendar, editing, on_the_day, steps  # noqa: E402

__all__ = ["bp", "calendar", "editing", "on_the_day", "steps"]
