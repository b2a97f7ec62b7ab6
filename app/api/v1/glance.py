"""What the page at a glance gathers: the five numbers, the year's course, and where duties are lacking."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.reports import _day, _period, _place, _year
from app.api.v1.schemas.glance import (
    DutyGapsAnswer,
    DutyGapsQuery,
    GlanceAnswer,
    GlanceQuery,
    LackingAnswer,
    LackingQuery,
    TrendAnswer,
    TrendQuery,
)
from app.api.v1.words import field_error
from app.core.access import permission
from app.core.clock import today
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.office import elderly_age
from app.reports.forms import month_of
from app.reports.queries import (
    branches_lacking,
    coverage,
    duty_gaps,
    period_hours,
    person_times_total,
    trend,
)
from app.reports.rules import CoverageBy, Period, Slice, Snapshot, snapshot_day
from app.reports.serialise import (
    Body,
    cursor_key,
    duty_gaps_body,
    glance_body,
    lacking_body,
    trend_body,
)

_YEAR = ("不填为最近有场次的一年。", "Without year the latest one with sessions.")


@bp.get("/reports/glance")
@permission("reports.read")
@operation(
    "一览的五个数",
    "Five numbers at a glance",
    query=GlanceQuery(),
    answers={200: GlanceAnswer()},
    errors=(404,),
    detail=(
        "from 和 to 都包含在内;都不填为最近有场次的一年。",
        "from and to are both included; without them the latest year with sessions.",
    ),
)
def read_glance(query: dict[str, Any]) -> Body:
    session, period, place = db.session(), _period(query), _place(query)
    snapshot = _day(query, period)
    return glance_body(
        person_times_total(session, period, place),
        coverage(session, period, snapshot, place, CoverageBy.GROUP),
        period_hours(session, period, snapshot, place),
    )


@bp.get("/reports/trend")
@permission("reports.read")
@operation(
    "一年的走势",
    "A year's course",
    query=TrendQuery(),
    answers={200: TrendAnswer()},
    errors=(404,),
    detail=_YEAR,
)
def read_trend(query: dict[str, Any]) -> Body:
    year = _year(query)
    day = query.get("on") or snapshot_day(Period.of_year(year), today())
    found = trend(db.session(), year, Snapshot(day, elderly_age()), _place(query), today())
    return trend_body(found)


@bp.get("/reports/duty-gaps")
@permission("reports.read")
@operation(
    "每月缺组织生活的支部数",
    "Branches that lack duties, by month",
    query=DutyGapsQuery(),
    answers={200: DutyGapsAnswer()},
    errors=(404,),
    detail=_YEAR,
)
def read_duty_gaps(query: dict[str, Any]) -> Body:
    return duty_gaps_body(duty_gaps(db.session(), _year(query), _place(query), today()))


@bp.get("/reports/duty-gaps/branches")
@permission("reports.read")
@operation(
    "没有开展组织生活的支部",
    "Branches that lack a duty",
    query=LackingQuery(),
    answers={200: LackingAnswer()},
    errors=(404,),
    detail=(
        "填了 kind,看该项所在的月、季或年;不填,看当月任何一项。",
        "With kind the month, quarter or year in which it is due; without it any duty of the month.",
    ),
)
def list_branches_lacking(query: dict[str, Any]) -> Body:
    month = month_of(query)
    if month is None:
        raise InvalidInput(errors=[field_error("month", "required")])
    after = cursor_key(query.get("cursor"))
    cut = Slice(query["limit"], offset=max(0, after[1]) if after else 0)
    asked = (month.first.year, month.first.month)
    found = branches_lacking(db.session(), asked, _place(query), today(), query.get("kind"), cut)
    if found is None:
        raise InvalidInput(errors=[field_error("kind", "unknown")])
    return lacking_body(found, cut)
