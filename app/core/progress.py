"""The page that shows how far long work is; it asks again by itself, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response, render_template, request

from app.core.clock import utc_now
from app.core.db import db
from app.core.health import scheduler_runs
from app.core.i18n import Text
from app.core.tasks import TaskView

# Time enough for a worker to start; after it, "waiting" needs an explanation.
_PATIENCE = timedelta(seconds=20)


def progress_answer(
    task: TaskView, title: Text, steps: Mapping[str, Text], *, back: tuple[Text, str]
) -> Any | None:
    """The progress page, its fragment for the page that polls, or None once the task has ended and the
    caller shows what came of it.

    steps: the feature's word for what is being done → what people read. back: (label, address) to leave
    by; the work goes on.
    """
    polls = "HX-Request" in request.headers
    if task.has_ended:
        return Response(headers={"HX-Refresh": "true"}) if polls else None
    stuck = utc_now() - task.created_at > _PATIENCE and not scheduler_runs(db.session(), utc_now())
    context = {"task": task, "title": title, "steps": steps, "back": back, "stuck": stuck}
    return render_template("tasks/_progress.html" if polls else "tasks/progress.html", **context)
