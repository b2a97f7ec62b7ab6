"""Lists of members: who has not been reached, and everyone's study hours."""

from __future__ import annotations

from typing import Any

from flask import request

from app.core.access import permission
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.core.vocabulary import Group
from app.reports import forms
from app.reports.queries import coverage, mode_names, study_hours, uncovered
from app.reports.rules import CoverageBy
from app.reports.tables import study_hours_table, uncovered_table
from app.reports.views.frame import answer, bp, cut, marked, page_of, question, wants_file


@bp.get("/uncovered", endpoint="uncovered")
@permission("reports.read")
def uncovered_page() -> Any:
    group = forms.group_of(request.args)
    asked = question().narrowed(*([GROUP_LABELS[group]] if group else []))
    ask, session = asked.ask, asked.session
    result = uncovered(session, ask.period, ask.snapshot, ask.place, group, cut())
    table = marked(asked, uncovered_table(result, mode_names(session), ask))
    tabs: list[tuple[Any, ...]] = []
    if not wants_file():
        counts = coverage(session, ask.period, ask.snapshot, ask.place, CoverageBy.GROUP)
        tabs = [("", _("全部"), counts.total.uncovered)]
        tabs += [(row.key, GROUP_LABELS[Group(row.key)], row.uncovered) for row in counts.rows]
    page = page_of(table, result.count)
    return answer("reports/uncovered.html", asked, table, page=page, tabs=tabs, group=group, asks_day=True)


@bp.get("/study-hours", endpoint="study_hours")
@permission("reports.read")
def study_hours_page() -> Any:
    below = bool(forms.flag(request.args, "below"))
    asked = question(by_year=True).narrowed(*([_("只看未达要求的")] if below else []))
    ask = asked.ask
    result = study_hours(asked.session, asked.year, ask.snapshot, ask.place, below, cut())
    table = marked(asked, study_hours_table(result, ask))
    page = page_of(table, result.count)
    return answer("reports/study_hours.html", asked, table, page=page, result=result, below=below)
