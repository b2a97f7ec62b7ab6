"""Leave in a list and on a session's page, and a member's make-ups: plain forms, one tap each."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.attendance.absence_forms import read_decision, read_studied, read_way
from app.attendance.queries.absences import expected_at, ids_of, leave_page
from app.attendance.queries.session import recorder_names
from app.attendance.services.leave import decide_leave
from app.attendance.services.make_up import drop_make_up, finish_make_up, plan_make_up
from app.attendance.views import bp
from app.core.access import current_scope, current_staff, permission, safe_next
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.errors import AppError, InvalidInput
from app.core.i18n import Text
from app.core.i18n import gettext as _
from app.core.labels import EXCUSE_LABELS
from app.core.office import session_rules
from app.core.paging import Page, page_number
from app.core.vocabulary import LeaveState, MakeUpState
from app.trainings.queries.listing import sessions_in_scope

PER_PAGE = 50


@bp.get("/leave")
@permission("attendance.write")
def leave_list() -> str:
    """Requests that wait, or those that were decided."""
    session, scope, now = db.session(), current_scope(), utc_now()
    decided, number = request.args.get("show") == "decided", page_number()
    rows, total = leave_page(
        session, scope, now, is_open=not decided, limit=PER_PAGE, offset=(number - 1) * PER_PAGE
    )
    seeing = current_staff().scope_if_held("sessions.read")
    ids = [row.session_id for row in rows]
    return render_template(
        "attendance/leave.html",
        page=Page(rows, number, total, PER_PAGE),
        decided=decided,
        excuse_labels=EXCUSE_LABELS,
        staff_names=recorder_names(session, ids_of(rows)),
        reachable=sessions_in_scope(session, ids, seeing, now) if seeing else set(),
    )


@bp.post("/sessions/<int:session_id>/leave/<int:member_id>/decide")
@permission("attendance.write")
def decide_member_leave(session_id: int, member_id: int) -> Any:
    """Approve or decline; the same tap again changes nothing."""
    return _done(session_id, member_id, _decide)


@bp.post("/sessions/<int:session_id>/make-ups/<int:member_id>")
@permission("attendance.write")
def plan_member_make_up(session_id: int, member_id: int) -> Any:
    """In another session, or by itself in a mode."""
    return _done(session_id, member_id, _plan)


@bp.post("/sessions/<int:session_id>/make-ups/<int:member_id>/done")
@permission("attendance.write")
def finish_member_make_up(session_id: int, member_id: int) -> Any:
    """At a visit on a day, for so many minutes."""
    return _done(session_id, member_id, _finish)


@bp.post("/sessions/<int:session_id>/make-ups/<int:member_id>/drop")
@permission("attendance.write")
def drop_member_make_up(session_id: int, member_id: int) -> Any:
    """One tap takes back a plan or what was done."""
    return _done(session_id, member_id, _drop)


def _done(session_id: int, member_id: int, act: Any) -> Any:
    """Do it, say what happened, and go back to where the button was."""
    # First of all: what lies outside the scope is not found, whatever was posted.
    expected_at(db.session(), session_id, member_id, current_scope(), utc_now())
    try:
        flash(act(session_id, member_id), "success")
    except InvalidInput as refused:
        flash(refused.errors[0].detail, "warning")
    except AppError as refused:
        flash(refused.words, "warning")
    return redirect(safe_next(request.form.get("next"), url_for("attendance.leave_list")))


def _decide(session_id: int, member_id: int) -> Text:
    approve = read_decision(request.form) is LeaveState.APPROVED
    decide_leave(session_id, member_id, approve, current_scope(), utc_now(), **session_rules())
    if approve:
        return _("已批准,名单上记为请假。以后可以补学。")
    return _("已记下:没有批准。名单没有改动。")


def _plan(session_id: int, member_id: int) -> Text:
    way = read_way(request.form)
    state = plan_make_up(session_id, member_id, way, current_scope(), utc_now(), tz=office_tz())
    if state is MakeUpState.DONE:
        return _("已补上,计在缺的那一场。")
    if way.via_session_id is None:
        return _("已约好。完成以后,请在这里登记。")
    return _("已约好。本人到场、那一场结束后,自动算作补学。")


def _finish(session_id: int, member_id: int) -> Text:
    studied = read_studied(request.form, today())
    finish_make_up(session_id, member_id, studied, current_scope(), utc_now(), tz=office_tz())
    return _("已补上,计在缺的那一场。")


def _drop(session_id: int, member_id: int) -> Text:
    drop_make_up(session_id, member_id, current_scope(), utc_now(), tz=office_tz())
    return _("已撤销,缺的那一场恢复原来的登记。")
