"""The administrator's one page: five numbers, each a door; coverage by group; every report."""

from __future__ import annotations

from typing import Any

from app.core.access import permission
from app.core.i18n import Text, lazy
from app.reports.queries import coverage, person_times_total, year_hours
from app.reports.rules import CoverageBy
from app.reports.tables import coverage_table
from app.reports.views.frame import answer, bp, marked, question

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
    asked = question(by_year=True)
    ask = asked.ask
    totals = person_times_total(asked.session, ask.period, ask.place)
    reached = coverage(asked.session, ask.period, ask.snapshot, ask.place, CoverageBy.GROUP)
    hours = year_hours(asked.session, asked.year, ask.snapshot, ask.place)
    table = marked(asked, coverage_table(reached, CoverageBy.GROUP, ask))
    return answer(
        "reports/index.html",
        asked,
        table,
        title=ask.title_as_of(lazy("报表")),
        totals=totals,
        reached=reached.total,
        hours=hours,
        figures_list=FIGURES,
        forms=FORMS,
    )
