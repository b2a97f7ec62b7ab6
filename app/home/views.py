"""Today: what is on, what is left to do, what comes next. It differs by role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, render_template

from app.attendance.queries.session import session_counts
from app.attendance.queries.todo import unfinished_sessions, waiting_work
from app.core.access import Scope, current_scope, current_staff, permission
from app.core.clock import today as office_today
from app.core.clock import utc_now
from app.core.db import db
from app.core.office import elderly_age
from app.core.vocabulary import Role
from app.deliveries.queries import unopened_and_stopped
from app.members.queries.exemptions import waiting_exemption_count
from app.members.queries.transfer_requests import Side, transfer_request_count
from app.members.queries.wishes import open_wishes
from app.reports.queries import (
    CoverageRow,
    coverage,
    default_period,
    duties_owed,
    mode_names,
    place_in_scope,
    uncovered,
)
from app.reports.rules import CoverageBy, Period, Slice, Snapshot, snapshot_day
from app.trainings.queries.listing import (
    ListedSession,
    SessionFilter,
    Tab,
    draft_sessions,
    overdue_sessions,
    sessions_page,
)

bp = Blueprint("home", __name__)

MOST_TODAY = 20
MOST_TO_DO = 5
MOST_AHEAD = 15
MOST_SUPERVISED = 30
AHEAD = timedelta(days=7)
# What is left open longer than this is found in the reports, not on the first page.
TO_DO_SINCE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Supervised:
    """The units assigned to the reader, the first of `total`; none: nothing is assigned now.

    own_code: the row of this unit is what belongs to it alone, without what is below.
    """

    rows: tuple[CoverageRow, ...]
    total: int
    period: Period
    own_code: str | None


@bp.get("/")
@permission("home.read")
def today() -> str:
    """The room one lands in."""
    now, day, staff, session = utc_now(), office_today(), current_staff(), db.session()
    on_today, today_total = _on_today(now)
    ahead, ahead_total = sessions_page(
        session,
        SessionFilter(Tab.UPCOMING, days=(day + timedelta(days=1), day + AHEAD + timedelta(days=1))),
        current_scope(),
        now,
        limit=MOST_AHEAD,
    )
    writing, serving = staff.scope_if_held("sessions.write"), staff.scope_if_held("members.write")
    scheduling = staff.scope_if_held("deliveries.write")
    letters, stopped = unopened_and_stopped(session, staff.id, scheduling, day)
    return render_template(
        "home/today.html",
        day=day,
        now=now,
        on_today=on_today,
        today_total=today_total,
        ahead=ahead,
        ahead_total=ahead_total,
        counts=session_counts(session, [row.id for row in (*on_today, *ahead)]),
        to_do=_to_do(writing) if writing is not None else None,
        wishes=open_wishes(session, serving, day) if serving is not None else 0,
        letters=letters,
        stopped=stopped,
        endpoints=current_app.view_functions,
        supervised=_supervised(),
        figures=Period.of_month(day.year, day.month) if staff.main_role is Role.ADMINISTRATOR else None,
        branch=staff.main_role is Role.SECRETARY,
    )


@bp.get("/today")
@permission("home.read")
def sessions_today() -> str:
    """Today's sessions and how many have come: the part of the first page that changes by the minute."""
    now = utc_now()
    on_today, total = _on_today(now)
    return render_template(
        "home/sessions_today.html",
        day=office_today(),
        on_today=on_today,
        today_total=total,
        counts=session_counts(db.session(), [row.id for row in on_today]),
        to_do={} if current_staff().may("sessions.write") else None,
        endpoints=current_app.view_functions,
    )


def _on_today(now: datetime) -> tuple[list[ListedSession], int]:
    return sessions_page(db.session(), SessionFilter(Tab.TODAY), current_scope(), now, limit=MOST_TODAY)


@bp.get("/branch")
@permission("reports.read")
def branch() -> str:
    """Who of the reader's branches is not reached yet this year, and which duties are still owed."""
    session, day = db.session(), office_today()
    place = place_in_scope(session, current_scope(), None, day)
    period = Period.of_year(day.year)
    owed = duties_owed(session, place, day)
    return render_template(
        "home/branch.html",
        place=place,
        period=period,
        uncovered=uncovered(session, period, Snapshot(day, elderly_age()), place, cut=Slice(MOST_TO_DO)),
        modes=mode_names(session),
        owed=owed,
        one_branch=bool(owed) and owed[0].branches == 1,
        month=f"{day:%Y-%m}",
    )


def _to_do(scope: Scope) -> dict[str, Any]:
    """What this user can still finish, a few of each."""
    now, session = utc_now(), db.session()
    leave, reviews = waiting_work(session, current_staff().scope("attendance.write"), now)
    return {
        "overdue": overdue_sessions(session, scope, now, MOST_TO_DO),
        "unfinished": unfinished_sessions(session, office_today() - TO_DO_SINCE, scope, now, MOST_TO_DO),
        "drafts": draft_sessions(session, scope, now, MOST_TO_DO),
        "leave": leave,
        "reviews": reviews,
        **_people_to_do(),
    }


def _people_to_do() -> dict[str, int]:
    """Transfers that wait for this user's branches, and exemptions that wait for this user's word."""
    session, day, staff = db.session(), office_today(), current_staff()
    writing, approving = staff.scope_if_held("members.write"), staff.scope_if_held("members.approve")
    return {
        "transfers": transfer_request_count(session, writing, day, Side.INCOMING) if writing else 0,
        "approvals": waiting_exemption_count(session, approving, day, not_by=staff.id) if approving else 0,
    }


def _supervised() -> Supervised | None:
    """Coverage of the year by the units assigned; of a single one, by what is directly below it.

    None for those who do not supervise, and for those who supervise everything: they have the reports.
    """
    staff, session, day = current_staff(), db.session(), office_today()
    if staff.main_role is not Role.SUPERVISOR:
        return None
    place = place_in_scope(session, staff.scope("reports.read"), None, day)
    if place.is_everything:
        return None
    period = default_period(session, day)
    if not place.org_ids:
        return Supervised((), 0, period, None)
    snapshot = Snapshot(snapshot_day(period, day), elderly_age())
    rows = coverage(session, period, snapshot, place, CoverageBy.ORG).rows
    return Supervised(rows[:MOST_SUPERVISED], len(rows), period, place.code if len(rows) > 1 else None)
