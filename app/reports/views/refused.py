"""A filter that cannot be taken: the form again, as it was filled in, with what is wrong above it."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, request

from app.core.access import current_scope
from app.core.clock import today
from app.core.db import db
from app.core.errors import InvalidInput, NotFound, problem, wants_json
from app.core.i18n import Text, lazy
from app.reports import forms
from app.reports.queries import Place, default_period, duty_kinds, place_in_scope
from app.reports.rules import Snapshot, snapshot_day
from app.reports.tables import EACH_KIND, Ask
from app.reports.tables.person_times import BY_LABELS
from app.reports.tables.summary import LEVEL_LABELS, RATE_LABELS
from app.reports.views.frame import Question, bp
from app.reports.views.tables import COVERAGE_BY_LABELS

_TITLES: dict[str, Text] = {
    "reports.person_times": lazy("人次"),
    "reports.coverage": lazy("覆盖率"),
    "reports.uncovered": lazy("未覆盖名单"),
    "reports.study_hours": lazy("个人学时"),
    "reports.duties": lazy("组织生活"),
    "reports.ledger": lazy("班次台账"),
    "reports.bulletin": lazy("年度综述"),
    "reports.branches": lazy("支部汇总"),
    "reports.groups": lazy("分类汇总"),
    "reports.forms": lazy("形式汇总"),
    "reports.lecturers": lazy("讲师授课统计"),
    "reports.attendance_rate": lazy("参训率"),
    "reports.corrections": lazy("更正记录"),
    "reports.make_ups": lazy("补学送学清单"),
    "reports.trend": lazy("走势"),
    "reports.duty_gaps": lazy("每月组织生活"),
    "reach.index": lazy("一个不漏"),
    "reach.start": lazy("一个不漏"),
}
_BY: dict[str, Any] = {
    "reports.person_times": BY_LABELS,
    "reports.coverage": COVERAGE_BY_LABELS,
    "reports.attendance_rate": RATE_LABELS,
}
_OF_A_DAY = (
    "reports.coverage",
    "reports.uncovered",
    "reports.branches",
    "reports.groups",
    "reach.index",
    "reach.start",
)
_OF_A_YEAR = (
    "reports.index",
    "reports.study_hours",
    "reports.duties",
    "reports.bulletin",
    "reports.trend",
    "reports.duty_gaps",
)


@bp.errorhandler(InvalidInput)
def refuse(error: InvalidInput) -> Any:
    if wants_json():
        return problem(error.status, error.code, error.title, error.detail, error.errors)
    endpoint = str(request.endpoint)
    asked = _as_far_as_known(tuple(found.field for found in error.errors))
    kinds = []
    if endpoint == "reports.duties":
        kinds = [(kind.key, kind.label) for kind in duty_kinds(asked.session, asked.year)]
        kinds.append((EACH_KIND, lazy("逐项列出")))
    page = render_template(
        "reports/refused.html",
        asked=asked,
        ask=asked.ask,
        message=error.detail,
        title=_TITLES.get(endpoint, lazy("报表")),
        by_choices=_BY.get(endpoint),
        kinds=kinds,
        asks_day=endpoint in _OF_A_DAY,
        level_choices=LEVEL_LABELS if endpoint == "reports.branches" else None,
        asks_year=endpoint in _OF_A_YEAR,
    )
    return page, error.status


def _as_far_as_known(refused: tuple[str, ...]) -> Question:
    """The usual period and age, and the place asked for; the form shows over them what was typed."""
    session, now = db.session(), today()
    period = default_period(session, now)
    age = current_app.extensions["settings"].elderly_age
    ask = Ask(_place(session, now), period, Snapshot(snapshot_day(period, now), age))
    return Question(session, ask, now, period, refused)


def _place(session: Any, now: Any) -> Place:
    words = forms.place_words(request.args)
    try:
        return place_in_scope(session, current_scope(), words.org, now, words.under, words.own, words.within)
    except NotFound:
        return place_in_scope(session, current_scope(), None, now)
