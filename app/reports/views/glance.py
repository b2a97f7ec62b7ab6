"""The page at a glance: five numbers, each a door; coverage by group; and the parts that it gathers.

The year's course and the gaps in duties are pages of their own, each with its files: this page shows them
as they arrive, and leads there without script.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from app.core.access import permission
from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.core.paging import PAGE_SIZE
from app.reports import forms
from app.reports.queries import (
    branches_lacking,
    coverage,
    duty_gaps,
    duty_kinds,
    period_hours,
    person_times_total,
    trend,
)
from app.reports.rules import CoverageBy, Period, snapshot_day
from app.reports.rules_glance import duty_span
from app.reports.tables import coverage_brief, coverage_table, duty_gaps_table, lacking_table, trend_table
from app.reports.views.frame import Question, answer, bp, cut, marked, page_of, question, wants_file

# Endpoint, name, what it says. Those of a year take the year, the others both days.
FIGURES: tuple[tuple[str, Text, Text], ...] = (
    ("reports.person_times", lazy("人次"), lazy("按类别、形式、组织、党员类别或月份看学习情况。")),
    ("reports.coverage", lazy("覆盖率"), lazy("各类党员、各组织有多少人已经参加过。")),
    ("reports.attendance_rate", lazy("参训率"), lazy("应到的人来了多少、补了多少,还有谁没到。")),
    ("reports.uncovered", lazy("未覆盖名单"), lazy("还没有参加过的党员,以及建议的送学方式。")),
)
# The office's report forms, by their number.
FORMS: tuple[tuple[str, Text, Text], ...] = (
    ("trainings.index", lazy("签到表"), lazy("在场次页面打印:课前是空表,课后带签到结果。")),
    ("reports.ledger", lazy("班次台账"), lazy("每个班次的时间、地点、讲师和人数。")),
    ("reports.study_hours", lazy("个人学时"), lazy("每位党员已修的学时,以及还可以补的部分。")),
    ("reports.branches", lazy("支部汇总"), lazy("每个支部的人数、学时、参训率和覆盖率。")),
    ("reports.groups", lazy("分类汇总"), lazy("老年、流动、两新、农村等各类党员的同一组数。")),
    ("reports.forms", lazy("形式汇总"), lazy("按类别和形式看场次、人次,以及没有人数的场次。")),
    ("reports.make_ups", lazy("补学送学清单"), lazy("谁要补学、谁要送学上门,补到哪一步。")),
    ("reports.duties", lazy("组织生活"), lazy("各支部每月开展的三会一课、主题党日。")),
    ("reports.lecturers", lazy("讲师授课统计"), lazy("每位讲师讲了几场、多少人听。")),
    ("reports.corrections", lazy("更正记录"), lazy("谁在什么时候改了哪条记录,为什么。")),
    ("reports.bulletin", lazy("年度综述"), lazy("办公室的年度总数一段话,每个数都能点开。")),
)


@bp.get("")
@permission("reports.read")
def index() -> Any:
    asked = question(at_a_glance=True)
    ask = asked.ask
    totals = person_times_total(asked.session, ask.period, ask.place)
    reached = coverage(asked.session, ask.period, ask.snapshot, ask.place, CoverageBy.GROUP)
    hours = period_hours(asked.session, ask.period, ask.snapshot, ask.place)
    table = marked(asked, coverage_table(reached, CoverageBy.GROUP, ask))
    return answer(
        "reports/index.html",
        asked,
        table,
        brief=coverage_brief(table),
        title=ask.title_as_of(lazy("报表")),
        totals=totals,
        reached=reached,
        hours=hours,
        figures_list=FIGURES,
        forms=FORMS,
        has_today=ask.period.first <= asked.today <= ask.period.last,
    )


@bp.get("/trend", endpoint="trend")
@permission("reports.read")
def trend_page() -> Any:
    asked = question(by_year=True)
    ask = asked.ask
    result = trend(asked.session, asked.year, ask.snapshot, ask.place, asked.today)
    return answer("reports/trend.html", asked, trend_table(result, ask))


@bp.get("/duty-gaps", endpoint="duty_gaps")
@permission("reports.read")
def duty_gaps_page() -> Any:
    asked = _until(question(by_year=True))
    result = duty_gaps(asked.session, asked.year, asked.ask.place, asked.today)
    table = duty_gaps_table(result, asked.ask)
    total = len(table.rows)
    if not wants_file():
        part = cut()
        table = replace(table, rows=table.rows[part.offset : part.offset + PAGE_SIZE])
    page = page_of(table, total)
    running = asked.today.month if asked.year == asked.today.year else None
    return answer("reports/duty_gaps.html", asked, table, page=page, running=running)


@bp.get("/rows/branches", endpoint="lacking")
@permission("reports.read")
def lacking_page() -> Any:
    """The branches behind a number of the gaps in duties."""
    asked = question(by_year=True)
    day = asked.today
    month = forms.month_of(request.args) or Period.of_month(day.year, day.month)
    year, number = month.first.year, month.first.month
    key = request.args.get("kind") or None
    found = branches_lacking(asked.session, (year, number), asked.ask.place, day, key, cut())
    if found is None:
        raise InvalidInput.field("kind", "choice", lazy("没有这个选项,请重新选择。"))
    kind = next((kind for kind in duty_kinds(asked.session, year) if kind.key == key), None)
    span = duty_span(kind.frequency, number) if kind else range(number, number + 1)
    period = Period(month.first.replace(month=span[0]), Period.of_month(year, span[-1]).last)
    asked = replace(asked, ask=replace(asked.ask, period=period)).narrowed(*[kind.label] if kind else [])
    table = lacking_table(found, asked.ask)
    return answer("reports/rows.html", asked, table, page=page_of(table, found.count), sums="")


def _until(asked: Question) -> Question:
    """Duties do not depend on the members of a day."""
    until = replace(asked.ask.snapshot, on=snapshot_day(asked.ask.period, asked.today))
    return replace(asked, ask=replace(asked.ask, snapshot=until))
