"""Training classes: the list, and one class with its sessions and its person-times."""

from __future__ import annotations

from flask import render_template

from app.attendance.queries.classes import class_attendance, class_row, classes_page
from app.attendance.queries.session import session_counts
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.paging import PAGE_SIZE, Page, page_number
from app.trainings.queries.listing import SessionFilter, sessions_page
from app.trainings.views import bp


@bp.get("/classes")
@permission("sessions.read")
def classes() -> str:
    """Classes of the scope."""
    number, session = page_number(), db.session()
    rows, total = classes_page(
        session, current_scope(), utc_now(), limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE
    )
    return render_template(
        "attendance/classes.html",
        page=Page(rows, number, total),
        figures=class_attendance(session, [row.id for row in rows]),
    )


@bp.get("/classes/<int:class_id>")
@permission("sessions.read")
def show_class(class_id: int) -> str:
    """One class and the sessions of it that lie within the scope."""
    number, now, scope, session = page_number(), utc_now(), current_scope(), db.session()
    found = class_row(session, class_id, scope, now)
    rows, total = sessions_page(
        session,
        SessionFilter(class_id=class_id),
        scope,
        now,
        limit=PAGE_SIZE,
        offset=(number - 1) * PAGE_SIZE,
    )
    return render_template(
        "attendance/class.html",
        found=found,
        figures=class_attendance(session, [class_id])[class_id],
        page=Page(rows, number, total),
        counts=session_counts(session, [row.id for row in rows]),
        now=now,
    )
