"""The administrator's one page: five numbers, each a door; coverage by group; every report."""

from __future__ import annotations

from typing import Any

from app.core.access import permission
from app.core.i18n import lazy
from app.reports.queries import coverage, person_times_total, year_hours
from app.reports.rules import CoverageBy
from app.reports.tables import coverage_table
from app.reports.views.frame import answer, bp, marked, question


@bp.get("")
@permission("reports.read")
def index() -> Any:
    asked = question(by_year=True)
    ask = asked.ask
    totals = person_times_total(asked.session, ask.period, ask.place)
    reached = coverage(asked.session, ask.period, ask.snapshot, ask.place, CoverageBy.GROUP)
    hours = year_hours(asked.session, asked.year, ask.snapshot, ask.place)
    table = marked(asked, coverage_table(reached, CoverageBy.GROUP, ask))
    reports = [
        ("reports.person_times", lazy("人次"), lazy("按类别、形式、组织、党员类别或月份看学习情况。")),
        ("reports.coverage", lazy("覆盖率"), lazy("各类党员、各组织有多少人已经参加过。")),
        ("reports.uncovered", lazy("未覆盖名单"), lazy("还没有参加过的党员,以及建议的送学方式。")),
        ("reports.study_hours", lazy("个人学时"), lazy("每位党员已修的学时,以及还可以补的部分。")),
        ("reports.duties", lazy("组织生活"), lazy("各支部每月开展的三会一课、主题党日。")),
        ("reports.corrections", lazy("更正记录"), lazy("哪些登记改过、谁改的、为什么;锁定后的调整单列。")),
        ("reports.ledger", lazy("班次台账"), lazy("每个班次的时间、地点、讲师和人数。")),
    ]
    return answer(
        "reports/index.html",
        asked,
        table,
        title=ask.title_as_of(lazy("报表")),
        totals=totals,
        reached=reached.total,
        hours=hours,
        reports=reports,
    )
