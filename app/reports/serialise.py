"""Turns results into the JSON bodies that the API and the command print alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core.paging import decode_cursor, encode_cursor
from app.reports.queries import (
    Adjusted,
    Corrections,
    Coverage,
    CoverageRow,
    Duties,
    Ledger,
    PersonTimes,
    PersonTimesRow,
    StudyHours,
    Uncovered,
)
from app.reports.rules import Key

Body = dict[str, Any]


def cursor_key(cursor: str | None) -> Key | None:
    """The key that a list continues after; raises InvalidInput for a cursor no list made."""
    if not cursor:
        return None
    code, row_id = decode_cursor(cursor, (str, int))
    return (code, row_id)


def _next(key: Key | None) -> str | None:
    return encode_cursor(*key) if key else None


def with_low_assurance(body: Body, person_times: int) -> Body:
    """The body with how many of the person-times behind it came by a code on paper; as it is for none."""
    return body | {"low_assurance_person_times": person_times} if person_times else body


def with_adjustments(body: Body, found: Adjusted) -> Body:
    """The body with what waits since the period was locked; as it is where nothing does."""
    return body | {"adjustments": asdict(found)} if found.count else body


def corrections_body(result: Corrections) -> Body:
    items = [
        {
            "at": item.at.isoformat(),
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
        "next": _next(result.next),
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
