"""Turns the demo's planned sessions and their attendance into rows of the tables."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.vocabulary import AudienceKind, CountMark, Method, SessionState
from app.demo.assemble import DemoYear, Held
from app.demo.district import District
from app.demo.district_rows import Context, Rows, Staff
from app.demo.plan import Plan
from app.demo.today import Today
from app.trainings.rules import split_credit

_BY_STAFF = (Method.STAFF_SCAN, Method.STAFF_ENTRY, Method.PAPER)
ANNOUNCED_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A session with the ids that it and its class get."""

    id: int
    class_id: int | None
    held: Held


def number(demo: DemoYear, today: Today) -> list[Numbered]:
    """Ids in order: the year's sessions first, then those around today."""
    before = len(demo.courses)
    all_sessions = [*((0, held) for held in demo.sessions), *((before, held) for held in today.sessions)]
    return [
        Numbered(i, first + held.plan.course if held.plan.course else None, held)
        for i, (first, held) in enumerate(all_sessions, 1)
    ]


def count(district: District, numbered: list[Numbered]) -> int:
    """How many rows there will be, but for the few of classes, lecturers and venues."""
    plans = [row.held.plan for row in numbered]
    audience = sum(len(plan.orgs) + len(plan.groups) + len(plan.members) for plan in plans)
    lists = sum(len(row.held.expected) + len(row.held.attendees) for row in numbered)
    tree = 2 * len(district.units) + sum(len(unit.tags) for unit in district.units)
    people = len(district.people) + len(district.stays) + len(district.in_groups) + len(district.postings)
    return lists + audience + len(plans) + tree + people


def courses(demo: DemoYear, today: Today, context: Context) -> Rows:
    begun = {held.plan.course: held.plan.starts_at for held in demo.sessions if held.plan.course}
    for i, course in enumerate((*demo.courses, *today.courses), 1):
        in_year = i <= len(demo.courses)
        yield {
            "id": i,
            "title": course.title,
            "kind_key": course.kind,
            "host_org_id": course.host_id,
            "created_at": begun[i] - 2 * ANNOUNCED_BEFORE if in_year else context.now,
        }


def sessions(numbered: list[Numbered], context: Context) -> Rows:
    for row in numbered:
        plan = row.held.plan
        declared = plan.declared
        yield {
            "id": row.id,
            "title": plan.title,
            "kind_key": plan.kind,
            "mode_key": plan.mode,
            "state": plan.state,
            "class_id": row.class_id,
            "host_org_id": plan.host_id,
            "venue_id": plan.venue,
            "starts_at": plan.starts_at,
            "ends_at": plan.ends_at,
            "office_date": plan.day,
            "opens_at": plan.opens_at,
            "closes_at": plan.closes_at,
            "credited_minutes": plan.credited_minutes,
            "code_secret": secrets.token_bytes(32),
            "declared_person_times": declared.person_times if declared else None,
            "declared_mark": declared.mark if declared else CountMark.EXACT,
            **_history(plan, context.now),
            "created_by_id": _author(plan.host_id, context.staff),
        }


def _history(plan: Plan, now: datetime) -> dict[str, datetime | None]:
    """When each step was taken: published a week ahead, opened and closed on time, never in the future."""
    published_at = min(plan.starts_at - ANNOUNCED_BEFORE, now - timedelta(days=1))
    is_published = plan.state is not SessionState.DRAFT
    opened_at = plan.opens_at if plan.state in (SessionState.OPEN, SessionState.CLOSED) else None
    closed_at = plan.closes_at if plan.state is SessionState.CLOSED else None
    return {
        "published_at": published_at if is_published else None,
        "opened_at": opened_at,
        "closed_at": closed_at,
        "created_at": published_at - timedelta(days=1),
        "updated_at": closed_at or opened_at or published_at,
    }


def _author(host_id: int, staff: Staff) -> int:
    return staff.secretary_id if host_id == staff.secretary_org_id else staff.organiser_id


def session_lecturers(numbered: list[Numbered]) -> Rows:
    for row in numbered:
        for position, (lecturer_id, role) in enumerate(row.held.plan.lecturers):
            yield {
                "session_id": row.id,
                "lecturer_id": lecturer_id,
                "role": role,
                "position": position,
            }


def audience(numbered: list[Numbered]) -> Rows:
    nothing = {"org_id": None, "group_key": None, "member_id": None}
    for row in numbered:
        plan = row.held.plan
        lines: list[dict[str, Any]] = [{"kind": AudienceKind.ORG, "org_id": i} for i in plan.orgs]
        lines += [{"kind": AudienceKind.GROUP, "group_key": group} for group in plan.groups]
        lines += [{"kind": AudienceKind.MEMBER, "member_id": i} for i in plan.members]
        for line in lines:
            yield {"session_id": row.id, **nothing, **line}


def expected(numbered: list[Numbered]) -> Rows:
    for row in numbered:
        for invited in row.held.expected:
            yield {
                "session_id": row.id,
                "member_id": invited.member_id,
                "org_id": invited.org_id,
                "groups": invited.groups,
            }


def attendance(numbered: list[Numbered], context: Context) -> Rows:
    for row in numbered:
        plan = row.held.plan
        credit = split_credit(plan.starts_at, plan.ends_at, plan.credited_minutes, context.tz)
        author = _author(plan.host_id, context.staff)
        for attendee in row.held.attendees:
            yield {
                "session_id": row.id,
                "member_id": attendee.member_id,
                "status": attendee.status,
                "excuse_reason": attendee.excuse_reason,
                "is_extra": attendee.is_extra,
                "method": attendee.method,
                "recorded_by_id": author if attendee.method in _BY_STAFF else None,
                "occurred_at": attendee.occurred_at,
                "received_at": attendee.received_at,
                "is_held": plan.state is SessionState.CLOSED,
                "office_date": plan.day,
                "kind_key": plan.kind,
                "mode_key": plan.mode,
                "class_id": row.class_id,
                "minutes": credit.total,
                "morning_minutes": credit.morning,
                "org_id": attendee.org_id,
                "groups": attendee.groups,
            }
