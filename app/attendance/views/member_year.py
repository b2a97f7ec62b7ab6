"""A page of what was recorded of one member, year by year."""

from __future__ import annotations

from flask import render_template, request

from app.attendance.queries.member import attendance_years, member_attendance, member_hours
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today
from app.core.db import db
from app.core.errors import NotFound
from app.core.labels import METHOD_LABELS
from app.core.numbers import whole
from app.core.paging import PAGE_SIZE, Page, page_number
from app.members.queries.scoped import find_member
from app.members.views.blueprint import bp as members


@members.get("/members/<int:member_id>/attendance")
@permission("members.read")
def attendance(member_id: int) -> str:
    """Everything recorded of a member in one year, fifty rows a page, with the year's hours."""
    session, scope, on = db.session(), current_scope(), today()
    member = find_member(session, member_id, scope, on)
    if member is None:
        raise NotFound()
    years = attendance_years(session, member_id)
    asked = whole(request.args.get("year"), on.year)
    year = asked if asked in years else next(iter(years), on.year)
    total = years.get(year, 0)
    number = min(page_number(), max(1, -(-total // PAGE_SIZE)))
    reader = current_staff().scope_if_held("sessions.read")
    start = (number - 1) * PAGE_SIZE
    rows = member_attendance(session, member_id, PAGE_SIZE, start, year=year, reader=reader)
    return render_template(
        "attendance/member_year.html",
        member_id=member_id,
        name=member.name,
        years=years,
        year=year,
        page=Page(rows, number, total),
        rows=rows,
        hours=member_hours(session, member_id, year),
        method_labels=METHOD_LABELS,
    )
