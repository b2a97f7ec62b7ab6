"""Person-times and coverage, by whatever divides them."""

from __future__ import annotations

from typing import Any

from flask import request

from app.core.access import permission
from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.reports import forms
from app.reports.queries import coverage, person_times
from app.reports.rules import By, CoverageBy
from app.reports.tables import coverage_table, person_times_table
from app.reports.tables.person_times import BY_LABELS
from app.reports.views.frame import answer, bp, marked, question

COVERAGE_BY_LABELS: dict[CoverageBy, Text] = {
    CoverageBy.GROUP: lazy("党员类别"),
    CoverageBy.ORG: lazy("组织"),
}


@bp.get("/person-times", endpoint="person_times")
@permission("reports.read")
def person_times_page() -> Any:
    by = forms.word_of(request.args, "by", By, By.KIND) or By.KIND
    asked = question()
    result = person_times(asked.session, asked.ask.period, asked.ask.place, by)
    table = marked(asked, person_times_table(result, by, asked.ask))
    questions = {
        By.KIND: _("哪一类学习参加的人次最多?"),
        By.MODE: _("哪一种形式参加的人次最多?"),
        By.ORG: _("各组织有多少人次?"),
        By.GROUP: _("各类党员有多少人次?"),
        By.MONTH: _("每个月有多少人次?"),
    }
    chart = (questions[by], "line" if by is By.MONTH else "bar", False)
    return answer("reports/report.html", asked, table, by=by, by_choices=BY_LABELS, chart=chart)


@bp.get("/coverage", endpoint="coverage")
@permission("reports.read")
def coverage_page() -> Any:
    by = forms.word_of(request.args, "by", CoverageBy, CoverageBy.GROUP) or CoverageBy.GROUP
    asked = question()
    ask = asked.ask
    result = coverage(asked.session, ask.period, ask.snapshot, ask.place, by)
    table = marked(asked, coverage_table(result, by, ask))
    is_group = by is CoverageBy.GROUP
    title = _("哪一类党员还没有覆盖到?") if is_group else _("哪个组织还没有覆盖到?")
    return answer(
        "reports/report.html",
        asked,
        table,
        by=by,
        by_choices=COVERAGE_BY_LABELS,
        chart=(title, "bar", True),
        asks_day=True,
    )
