"""The summaries by branch, group, form and lecturer, and the attendance rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from app.attendance.queries.hours import policy_of
from app.core.access import permission
from app.core.i18n import gettext as _
from app.reports import forms
from app.reports.queries import (
    attendance_rate,
    branch_summary,
    form_summary,
    group_summary,
    lecturer_summary,
    line_title,
)
from app.reports.rules import Level, RateBy
from app.reports.tables import (
    attendance_rate_table,
    branches_table,
    forms_table,
    groups_table,
    lecturers_table,
)
from app.reports.tables.summary import LEVEL_LABELS, RATE_LABELS
from app.reports.views.frame import answer, bp, marked, page_of, part_of, question


@bp.get("/branches", endpoint="branches")
@permission("reports.read")
def branches_page() -> Any:
    level = forms.word_of(request.args, "level", Level, Level.BRANCH) or Level.BRANCH
    asked = question()
    ask = asked.ask
    result = branch_summary(asked.session, ask.period, ask.snapshot, ask.place, level)
    shown = replace(result, rows=part_of(result.rows))
    table = marked(asked, branches_table(shown, level, ask))
    return answer(
        "reports/report.html",
        asked,
        table,
        level=level,
        level_choices=LEVEL_LABELS,
        asks_day=True,
        page=page_of(table, len(result.rows)),
    )


@bp.get("/groups", endpoint="groups")
@permission("reports.read")
def groups_page() -> Any:
    asked = question()
    ask = asked.ask
    result = group_summary(asked.session, ask.period, ask.snapshot, ask.place)
    return answer("reports/report.html", asked, marked(asked, groups_table(result, ask)), asks_day=True)


@bp.get("/forms", endpoint="forms")
@permission("reports.read")
def forms_page() -> Any:
    asked = question()
    ask = asked.ask
    result = form_summary(asked.session, ask.period, ask.place)
    return answer("reports/forms.html", asked, marked(asked, forms_table(result, ask)), totals=result.total)


@bp.get("/lecturers", endpoint="lecturers")
@permission("reports.read")
def lecturers_page() -> Any:
    asked = question()
    ask = asked.ask
    result = lecturer_summary(asked.session, ask.period, ask.place)
    per_hour = policy_of(asked.session, ask.period.last.year).minutes_per_hour
    shown = replace(result, rows=part_of(result.rows))
    table = marked(asked, lecturers_table(shown, per_hour, ask), by_host=True)
    return answer("reports/report.html", asked, table, page=page_of(table, len(result.rows)))


@bp.get("/attendance-rate", endpoint="attendance_rate")
@permission("reports.read")
def attendance_rate_page() -> Any:
    by = forms.word_of(request.args, "by", RateBy, RateBy.KIND) or RateBy.KIND
    line = forms.id_of(request.args, "line", low=-(2**31 - 1))
    asked = question()
    if line is not None:
        asked = asked.narrowed(line_title(asked.session, line, asked.ask.place) or _("某个班次"))
    ask = asked.ask
    result = attendance_rate(asked.session, ask.period, ask.place, by, line)
    shown = replace(result, rows=part_of(result.rows))
    table = marked(asked, attendance_rate_table(shown, by, ask))
    chart = {}
    if by is not RateBy.CLASS:
        chart["chart"] = (_("应到的人来了多少?"), "line" if by is RateBy.MONTH else "bar", True)
    return answer(
        "reports/report.html",
        asked,
        table,
        by=by,
        by_choices=RATE_LABELS,
        page=page_of(table, len(result.rows)),
        **chart,
    )
