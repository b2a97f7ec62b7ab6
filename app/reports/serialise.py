"""Turns results into the JSON bodies that the API and the command print alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core.clock import office_tz
from app.core.paging import decode_cursor, encode_cursor
from app.reports.queries import (
    Adjusted,
    AttendanceRate,
    Corrections,
    Coverage,
    CoverageRow,
    Duties,
    DutyGaps,
    FormSummary,
    Lacking,
    LecturerRow,
    LecturerSummary,
    Ledger,
    MakeUps,
    PersonTimes,
    PersonTimesRow,
    RateRow,
    StudyHours,
    Summary,
    SummaryRow,
    Trend,
    Uncovered,
    UnitGaps,
)
from app.reports.rules import Key, LongKey, Slice

Body = dict[str, Any]


def cursor_key(cursor: str | None) -> Key | None:
    """The key that a list continues after; raises InvalidInput for a cursor no list made."""
    if not cursor:
        return None
    code, row_id = decode_cursor(cursor, (str, int))
    return (code, row_id)


def _next(key: Key | LongKey | None) -> str | None:
    return encode_cursor(*key) if key else None


def with_low_assurance(body: Body, person_times: int) -> Body:
    """The body with how many of the person-times behind it came by a code on paper; as it is for none."""
    return body | {"low_assurance_person_times": person_times} if person_times else body


def with_adjustments(body: Body, found: Adjusted) -> Body:
    """The body with what waits since the period was locked; as it is where nothing does."""
    if not found.count:
        return body
    numbers = {name: getattr(found, name) for name in ("count", "added", "removed", "minutes")}
    return body | {"adjustments": numbers}


def corrections_body(result: Corrections) -> Body:
    items = [
        {
            "at": item.at.astimezone(office_tz()).isoformat(timespec="seconds"),
            "session": item.session_id,
            "title": item.title,
            "office_date": item.office_date.isoformat(),
            "member": item.member,
            "name": item.name,
            "org_code": item.org_code,
            "org_name": item.org_name,
            "status_before": item.status_before,
            "status_after": item.status_after,
            "reason": item.reason,
            "by": item.by,
            "after_lock": item.after_lock,
        }
        for item in result.items
    ]
    return {"count": result.count, "items": items, "next": _next(result.next)}


def person_times_body(result: PersonTimes) -> Body:
    return {"total": _numbers(result.total), "rows": [asdict(row) for row in result.rows]}


def coverage_body(result: Coverage) -> Body:
    return {"total": _numbers(result.total), "rows": [_coverage_row(row) for row in result.rows]}


def _coverage_row(row: CoverageRow) -> Body:
    return {
        "key": row.key,
        "label": row.label,
        "members": row.members,
        "covered": row.covered,
        "coverage": row.coverage,
        "required": row.required,
        "required_covered": row.required_covered,
        "required_coverage": row.required_coverage,
    }


def _numbers(row: PersonTimesRow | CoverageRow) -> Body:
    body = _coverage_row(row) if isinstance(row, CoverageRow) else asdict(row)
    return {name: value for name, value in body.items() if name not in ("key", "label")}


def uncovered_body(result: Uncovered) -> Body:
    items = [
        {
            "member": item.member,
            "name": item.name,
            "org_code": item.org_code,
            "org_name": item.org_name,
            "groups": [group.value for group in item.groups],
            "phone_masked": item.phone_masked,
            "last_attended_on": item.last_attended_on.isoformat() if item.last_attended_on else None,
            "suggested_mode": item.suggested_mode,
        }
        for item in result.items
    ]
    return {"count": result.count, "items": items, "next": _next(result.next)}


def make_up_key(cursor: str | None) -> LongKey | None:
    """The same of the list of make-ups, where a member has several rows."""
    if not cursor:
        return None
    code, member_id, session_id = decode_cursor(cursor, (str, int, int))
    return (code, member_id, session_id)


def make_ups_body(result: MakeUps) -> Body:
    items = [
        {
            "member": item.member,
            "name": item.name,
            "org_code": item.org_code,
            "org_name": item.org_name,
            "groups": [group.value for group in item.groups],
            "phone_masked": item.phone_masked,
            "session": item.session_id,
            "title": item.title,
            "kind": item.kind_key,
            "date": item.office_date.isoformat(),
            "status": item.status.value if item.status else None,
            "suggested_mode": item.suggested_mode,
            "state": item.state.value,
            "mode": item.mode_key,
            "via": item.via_id,
            "done_on": item.done_on.isoformat() if item.done_on else None,
        }
        for item in result.items
    ]
    return {"count": result.count, "items": items, "next": _next(result.next)}


def study_hours_body(result: StudyHours) -> Body:
    items = [
        {
            "member": item.member,
            "name": item.name,
            "org_code": item.org_code,
            "required_hours": item.required_hours,
            "hours": item.hours,
            "make_up_hours": item.make_up_hours,
            "central_classes": item.central_classes,
            "shortfall_hours": item.shortfall_hours,
        }
        for item in result.items
    ]
    return {"count": result.count, "items": items, "next": _next(result.next)}


def duties_body(result: Duties) -> Body:
    kinds = [{"key": kind.key, "label": kind.label, "frequency": kind.frequency} for kind in result.kinds]
    rows = [
        {
            "org_code": row.org_code,
            "org_name": row.org_name,
            "duties": [
                {
                    "kind": duty.kind,
                    "months": list(duty.months),
                    "months_met": duty.months_met,
                    "met": duty.met,
                    "due": duty.due,
                    "rate": duty.rate,
                }
                for duty in row.duties
            ],
            "months_met": row.months_met,
            "met": row.met,
            "due": row.due,
            "rate": row.rate,
        }
        for row in result.rows
    ]
    return {
        "year": result.year,
        "count": result.count,
        "kinds": kinds,
        "rows": rows,
        "excluded": [
            {
                "org_code": branch.org_code,
                "org_name": branch.org_name,
                "closed_on": branch.closed_on.isoformat() if branch.closed_on else None,
                "opens_on": branch.opens_on.isoformat() if branch.opens_on else None,
            }
            for branch in result.excluded
        ],
        "next": _next(result.next),
    }


def attendance_rate_body(result: AttendanceRate) -> Body:
    rows = [{"key": row.key, "label": row.label, **_rates(row)} for row in result.rows]
    return {"total": _rates(result.total), "rows": rows}


def _rates(row: RateRow) -> Body:
    return {
        "expected": row.expected,
        "attended": row.attended,
        "made_up": row.made_up,
        "missing": row.missing,
        "attendance_rate": row.attendance_rate,
        "attendance_rate_without_make_ups": row.attendance_rate_without,
    }


def summary_body(result: Summary) -> Body:
    """Of the summary by branch as of that by group."""
    rows = [{"key": row.key, "label": row.label, **_summary_numbers(row)} for row in result.rows]
    return {"total": _summary_numbers(result.total), "rows": rows}


def _summary_numbers(row: SummaryRow) -> Body:
    return {
        "members": row.reached.members,
        "required": row.reached.required,
        "people": row.people,
        "person_times": row.person_times,
        "hours": row.hours,
        **_rates(row.turnout),
        "covered": row.reached.covered,
        "coverage": row.reached.coverage,
        "required_covered": row.reached.required_covered,
        "required_coverage": row.reached.required_coverage,
        "uncovered": row.reached.uncovered,
    }


def forms_body(result: FormSummary) -> Body:
    named = ("kind", "mode", "kind_label", "mode_label")
    total = {name: value for name, value in asdict(result.total).items() if name not in named}
    return {"total": total, "rows": [asdict(row) for row in result.rows]}


def lecturers_body(result: LecturerSummary) -> Body:
    rows = [
        {
            "lecturer": row.lecturer,
            "name": row.name,
            "title": row.title,
            "is_exemplar": row.is_exemplar,
            "role": row.role.value if row.role else None,
            **_given(row),
        }
        for row in result.rows
    ]
    return {"total": _given(result.total), "rows": rows}


def _given(row: LecturerRow) -> Body:
    return {
        "sessions": row.sessions,
        "minutes": row.minutes,
        "person_times": row.person_times,
        "members": row.members,
        "declared_person_times": row.declared_person_times,
    }


def ledger_body(result: Ledger) -> Body:
    items = [
        {
            "number": item.number,
            "kind": item.kind_key,
            "kind_label": item.kind_label,
            "title": item.title,
            "first_on": item.first_on.isoformat(),
            "last_on": item.last_on.isoformat(),
            "venues": list(item.venues),
            "host_org": item.host_code,
            "host_name": item.host_name,
            "lecturers": list(item.lecturers),
            "sessions": item.sessions,
            "minutes": item.minutes,
            "expected": item.expected,
            "attended": item.attended,
            "person_times": item.person_times,
            "declared_person_times": item.declared_person_times,
        }
        for item in result.items
    ]
    return {"count": result.count, "items": items, "next": _next(result.next)}


def trend_body(result: Trend) -> Body:
    months = [
        {
            "month": row.month,
            "person_times": row.person_times,
            "members": row.members,
            "covered": row.covered,
            "coverage": row.coverage,
            "required": row.required,
            "required_covered": row.required_covered,
            "required_coverage": row.required_coverage,
        }
        for row in result.months
    ]
    return {"year": result.year, "on": result.on.isoformat(), "months": months}


def duty_gaps_body(result: DutyGaps) -> Body:
    return {
        "year": result.year,
        "on": result.on.isoformat(),
        "total": _gaps(result.total),
        "rows": [{"org_code": row.code, "org_name": row.label, **_gaps(row)} for row in result.rows],
    }


def _gaps(row: UnitGaps) -> Body:
    return {"branches": row.branches, "lacking": list(row.lacking)}


def lacking_body(result: Lacking, cut: Slice) -> Body:
    """The list goes on by number: it is counted anew from the duty matrix each time."""
    items = [
        {"org_code": item.code, "org_name": item.name, "months_met": item.months_met} for item in result.items
    ]
    seen = cut.offset + len(items)
    return {"count": result.count, "items": items, "next": _next(("", seen)) if seen < result.count else None}


def glance_body(totals: PersonTimesRow, reached: Coverage, hours: float) -> Body:
    return {
        "sessions": totals.sessions,
        "person_times": totals.person_times,
        "reached": totals.members,
        "hours": hours,
        **_numbers(reached.total),
        "uncovered": reached.total.uncovered,
    }
