"""What attendance shows on a member's page: a year's hours and the latest records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from flask import request

from app.attendance.queries.absences import missed_by
from app.attendance.queries.adjustments import waiting_of_member
from app.attendance.queries.member import counts_of_members, member_attendance, member_hours
from app.attendance.queries.ways import ways_for
from app.attendance.reasons import reason_words
from app.core.access import Scope, current_staff
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.labels import METHOD_LABELS
from app.core.numbers import whole
from app.core.vocabulary import MakeUpState
from app.members.views.parts import PARTS, RECORD_COUNTS
from app.trainings.queries.choices import modes

# A glance; every year has its own page.
SHOWN = 8
FIRST_YEAR = 1950


def studied(member_id: int, on: date) -> Mapping[str, Any]:
    """Variables of attendance/_member.html; sessions out of the reader's reach are named, not linked."""
    session = db.session()
    # One more than is shown tells whether there are more.
    reader = current_staff().scope_if_held("sessions.read")
    found = member_attendance(session, member_id, limit=SHOWN + 1, reader=reader)
    rows = found[:SHOWN]
    hours = member_hours(session, member_id, _year(on))
    return {
        "attendance": True,
        "hours": hours,
        "this_year": on.year,
        "rows": rows,
        "adjustments": waiting_of_member(session, member_id) if hours.has_adjustments else [],
        "reason_words": reason_words,
        "has_more": len(found) > SHOWN,
        "method_labels": METHOD_LABELS,
        **_missed(member_id, _year(on), reader),
    }


def _missed(member_id: int, year: int, reader: Scope | None) -> dict[str, Any]:
    """What was missed in the year and how it can be made up; ways only for those who may plan one."""
    session, staff = db.session(), current_staff()
    days = date(year, 1, 1), date(year, 12, 31)
    rows = missed_by(session, member_id, days, SHOWN, done=True, reader=reader)
    may_plan = staff.may("attendance.write")
    open_ids = [row.session_id for row in rows if row.state is None]
    is_due = any(row.state is not MakeUpState.DONE for row in rows)
    return {
        "missed": rows,
        "ways": ways_for(session, member_id, open_ids, utc_now()) if may_plan else {},
        "may_plan": may_plan,
        "this_day": today(),
        "visit_modes": [one for one in modes(session) if one.key != "in_person"] if is_due else [],
    }


def attendance_counts(member_ids: Collection[int]) -> Mapping[int, int]:
    """How many sessions were recorded of each member."""
    return counts_of_members(db.session(), member_ids)


PARTS.append(studied)
RECORD_COUNTS.append(attendance_counts)


def _year(on: date) -> int:
    """The year asked for in the address, from the first that anything can be dated in to this one."""
    return max(whole(request.args.get("year"), on.year) or on.year, FIRST_YEAR)
