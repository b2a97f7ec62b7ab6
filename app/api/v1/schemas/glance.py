"""Bodies of what the page at a glance gathers, as `app.reports.serialise` makes them."""

from __future__ import annotations

from app.api.v1.fields import Answer, Count, Day, Items, Number, Part, Query, Said, Text, Whole
from app.api.v1.schemas.reports import FIRST_YEAR, LAST_YEAR, CoverageNumbersAnswer, PeriodQuery


class GlanceQuery(PeriodQuery):
    on = Day()


class GlanceAnswer(CoverageNumbersAnswer):
    sessions = Count()
    person_times = Count()
    reached = Count(
        metadata={"description": "人次背后去重后的人数 · distinct members behind the person-times"}
    )
    hours = Number(metadata={"description": "学时,按上限折减后 · study hours, after the caps"})
    uncovered = Count()


class TrendQuery(Query):
    year = Whole(FIRST_YEAR, LAST_YEAR)
    on = Day(metadata={"description": "分母所在的日期,不填为年末或今天 · the day of the denominator"})
    org = Text(40, blank=True)


class TrendMonthAnswer(CoverageNumbersAnswer):
    month = Said(metadata={"description": "2019-04"})
    person_times = Count()


class TrendAnswer(Answer):
    year = Count()
    on = Said(metadata={"format": "date"})
    months = Items(
        Part(TrendMonthAnswer),
        metadata={
            "description": "人次为当月;覆盖从1月1日累计到当月末"
            " · person-times of the month; coverage since 1 January"
        },
    )


class DutyGapsQuery(Query):
    year = Whole(FIRST_YEAR, LAST_YEAR)
    org = Text(40, blank=True)


class GapsAnswer(Answer):
    branches = Count()
    lacking = Items(
        Count(),
        metadata={
            "description": "从一月起到本月,每月没有举办过组织生活的支部数"
            " · from January to the present month, branches without any duty session"
        },
    )


class UnitGapsAnswer(GapsAnswer):
    org_code = Said()
    org_name = Said()


class DutyGapsAnswer(Answer):
    year = Count()
    on = Said(metadata={"format": "date"})
    total = Part(GapsAnswer)
    rows = Items(Part(UnitGapsAnswer))


class LackingQuery(Query):
    month = Text(7, required=True, metadata={"description": "2019-04"})
    kind = Text(40, metadata={"description": "一种组织生活;不填为任何一种 · one duty; without it any"})
    org = Text(40, blank=True)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class LackingBranchAnswer(Answer):
    org_code = Said()
    org_name = Said()
    months_met = Count()


class LackingAnswer(Answer):
    count = Count()
    items = Items(Part(LackingBranchAnswer))
    next = Said(allow_none=True)
