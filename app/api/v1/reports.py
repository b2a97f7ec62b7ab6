"""The figures: each calls the same query and body as the page and the command."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.report_forms import (
    BranchesQuery,
    BulletinAnswer,
    BulletinQuery,
    CorrectionsAnswer,
    CorrectionsQuery,
    FormsAnswer,
    GroupsQuery,
    LecturersAnswer,
    LedgerAnswer,
    LedgerQuery,
    RateAnswer,
    RateQuery,
    SummaryAnswer,
)
from app.api.v1.schemas.reports import (
    CoverageAnswer,
    CoverageQuery,
    DutiesAnswer,
    DutiesQuery,
    MakeUpsAnswer,
    MakeUpsQuery,
    PeriodQuery,
    PersonTimesAnswer,
    PersonTimesQuery,
    StudyHoursAnswer,
    StudyHoursQuery,
    UncoveredAnswer,
    UncoveredQuery,
)
from app.api.v1.words import field_error
from app.core.access import current_scope, permission
from app.core.clock import today
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.office import elderly_age
from app.core.paging import decode_cursor
from app.reports.bulletin import bulletin_of
from app.reports.forms import require_begun
from app.reports.queries import (
    CorrectionsAsked,
    Place,
    adjusted,
    attendance_rate,
    branch_summary,
    bulletin_numbers,
    corrections,
    coverage,
    default_period,
    duties,
    form_summary,
    group_summary,
    lecturer_summary,
    ledger,
    low_assurance_person_times,
    make_ups,
    member_of_place,
    person_times,
    place_in_scope,
    session_title,
    study_hours,
    uncovered,
)
from app.reports.rules import Period, Slice, Snapshot, snapshot_day
from app.reports.serialise import (
    Body,
    attendance_rate_body,
    corrections_body,
    coverage_body,
    cursor_key,
    duties_body,
    forms_body,
    lecturers_body,
    ledger_body,
    make_up_key,
    make_ups_body,
    person_times_body,
    study_hours_body,
    summary_body,
    uncovered_body,
    with_adjustments,
    with_low_assurance,
)
from app.reports.tables import Ask

_PERIOD = (
    "from 和 to 都包含在内;都不填为最近有场次的一年。",
    "from and to are both included; without them the latest year with sessions.",
)
_YEAR = ("不填为最近有场次的一年。", "Without year the latest one with sessions.")


@bp.get("/reports/person-times")
@permission("reports.read")
@operation(
    "人次",
    "Person-times",
    query=PersonTimesQuery(),
    answers={200: PersonTimesAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_person_times(query: dict[str, Any]) -> Body:
    period = _period(query)
    place = _place(query)
    return _marked(person_times_body(person_times(db.session(), period, place, query["by"])), period, place)


@bp.get("/reports/coverage")
@permission("reports.read")
@operation(
    "覆盖率",
    "Coverage",
    query=CoverageQuery(),
    answers={200: CoverageAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_coverage(query: dict[str, Any]) -> Body:
    period = _period(query)
    place = _place(query)
    found = coverage(db.session(), period, _day(query, period), place, query["by"])
    return _marked(coverage_body(found), period, place)


@bp.get("/reports/uncovered")
@permission("reports.read")
@operation(
    "未覆盖名单",
    "Members not yet reached",
    query=UncoveredQuery(),
    answers={200: UncoveredAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_uncovered(query: dict[str, Any]) -> Body:
    period = _period(query)
    place = _place(query)
    found = uncovered(db.session(), period, _day(query, period), place, query.get("group"), _slice(query))
    return _marked(uncovered_body(found), period, place)


@bp.get("/reports/make-ups")
@permission("reports.read")
@operation(
    "补学送学清单",
    "What was missed and how it is made up",
    query=MakeUpsQuery(),
    answers={200: MakeUpsAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_make_ups(query: dict[str, Any]) -> Body:
    part = Slice(limit=query["limit"], after=make_up_key(query.get("cursor")))
    state, group = query.get("state"), query.get("group")
    return make_ups_body(make_ups(db.session(), _period(query), _place(query), state, group, part))


@bp.get("/reports/study-hours")
@permission("reports.read")
@operation(
    "个人学时",
    "Study hours",
    query=StudyHoursQuery(),
    answers={200: StudyHoursAnswer()},
    errors=(404,),
    detail=_YEAR,
)
def report_study_hours(query: dict[str, Any]) -> Body:
    year = _year(query)
    period, place = Period.of_year(year), _place(query)
    snapshot = Snapshot(snapshot_day(period, today()), elderly_age())
    found = study_hours(db.session(), year, snapshot, place, query["below"], _slice(query))
    return _marked(study_hours_body(found), period, place)


@bp.get("/reports/duties")
@permission("reports.read")
@operation(
    "三会一课", "Duties", query=DutiesQuery(), answers={200: DutiesAnswer()}, errors=(404,), detail=_YEAR
)
def report_duties(query: dict[str, Any]) -> Body:
    year, place = _year(query), _place(query)
    body = duties_body(duties(db.session(), year, place, today(), _slice(query)))
    return with_adjustments(body, adjusted(db.session(), Period.of_year(year), place, by_host=True))


@bp.get("/reports/corrections")
@permission("reports.read")
@operation(
    "更正记录",
    "Corrections",
    query=CorrectionsQuery(),
    answers={200: CorrectionsAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_corrections(query: dict[str, Any]) -> Body:
    period, place = _period(query), _place(query)
    member_id = query.get("member")
    if member_id is not None and member_of_place(db.session(), member_id, _day(query, period), place) is None:
        raise NotFound()
    session_id = query.get("session")
    if session_id is not None and session_title(db.session(), session_id, place) is None:
        raise NotFound()
    asked = CorrectionsAsked(None, member_id, session_id, query["after_lock"])
    after: Any = decode_cursor(query["cursor"], (datetime, int)) if query.get("cursor") else None
    part = Slice(query["limit"], after=(after[0].isoformat(), after[1]) if after else None)
    return corrections_body(corrections(db.session(), period, place, asked, part))


@bp.get("/reports/bulletin")
@permission("reports.read")
@operation(
    "年度综述",
    "Yearly bulletin",
    query=BulletinQuery(),
    answers={200: BulletinAnswer()},
    errors=(404,),
    detail=_YEAR,
)
def report_bulletin(query: dict[str, Any]) -> Body:
    period, place = Period.of_year(_year(query)), _place(query)
    require_begun(period, today())
    snapshot = Snapshot(snapshot_day(period, today()), elderly_age())
    numbers = bulletin_numbers(db.session(), period, snapshot, place)
    return _marked(bulletin_of(numbers, Ask(place, period, snapshot)).body, period, place)


@bp.get("/reports/attendance-rate")
@permission("reports.read")
@operation(
    "参训率",
    "Attendance rate",
    query=RateQuery(),
    answers={200: RateAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_attendance_rate(query: dict[str, Any]) -> Body:
    period, place = _period(query), _place(query)
    found = attendance_rate(db.session(), period, place, query["by"], query.get("line"))
    return _marked(attendance_rate_body(found), period, place)


@bp.get("/reports/branches")
@permission("reports.read")
@operation(
    "支部汇总",
    "Summary by branch",
    query=BranchesQuery(),
    answers={200: SummaryAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_branches(query: dict[str, Any]) -> Body:
    period, place = _period(query), _place(query)
    found = branch_summary(db.session(), period, _day(query, period), place, query["level"])
    return _marked(summary_body(found), period, place)


@bp.get("/reports/groups")
@permission("reports.read")
@operation(
    "分类汇总",
    "Summary by group",
    query=GroupsQuery(),
    answers={200: SummaryAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_groups(query: dict[str, Any]) -> Body:
    period, place = _period(query), _place(query)
    found = group_summary(db.session(), period, _day(query, period), place)
    return _marked(summary_body(found), period, place)


@bp.get("/reports/forms")
@permission("reports.read")
@operation(
    "形式汇总",
    "Summary by kind and mode",
    query=PeriodQuery(),
    answers={200: FormsAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_forms(query: dict[str, Any]) -> Body:
    period, place = _period(query), _place(query)
    return _marked(forms_body(form_summary(db.session(), period, place)), period, place)


@bp.get("/reports/lecturers")
@permission("reports.read")
@operation(
    "讲师授课统计",
    "Summary by lecturer",
    query=PeriodQuery(),
    answers={200: LecturersAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_lecturers(query: dict[str, Any]) -> Body:
    period, place = _period(query), _place(query)
    body = lecturers_body(lecturer_summary(db.session(), period, place))
    return _marked(body, period, place, by_host=True)


@bp.get("/reports/ledger")
@permission("reports.read")
@operation(
    "班次台账",
    "Ledger of classes",
    query=LedgerQuery(),
    answers={200: LedgerAnswer()},
    errors=(404,),
    detail=_PERIOD,
)
def report_ledger(query: dict[str, Any]) -> Body:
    period, place = _period(query), _place(query)
    return _marked(
        ledger_body(ledger(db.session(), period, place, _slice(query))), period, place, by_host=True
    )


def _marked(body: Body, period: Period, place: Place, *, by_host: bool = False) -> Body:
    found = low_assurance_person_times(db.session(), period, place, by_host=by_host)
    body = with_low_assurance(body, found)
    return with_adjustments(body, adjusted(db.session(), period, place, by_host=by_host))


def _place(query: dict[str, Any]) -> Place:
    return place_in_scope(db.session(), current_scope(), query.get("org"), today())


def _slice(query: dict[str, Any]) -> Slice:
    return Slice(limit=query["limit"], after=cursor_key(query.get("cursor")))


def _period(query: dict[str, Any]) -> Period:
    """One end alone means the rest of its own year."""
    first: date | None = query.get("from_")
    last: date | None = query.get("to")
    known = first or last
    if known is None:
        return default_period(db.session(), today())
    first = first or date(known.year, 1, 1)
    last = last or date(known.year, 12, 31)
    if last < first:
        raise InvalidInput(errors=[field_error("to", "before_from")])
    return Period(first, last)


def _day(query: dict[str, Any], period: Period) -> Snapshot:
    return Snapshot(query.get("on") or snapshot_day(period, today()), elderly_age())


def _year(query: dict[str, Any]) -> int:
    year: int | None = query.get("year")
    return year if year is not None else default_period(db.session(), today()).first.year
