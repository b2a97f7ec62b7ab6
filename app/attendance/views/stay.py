"""The roster's times: when somebody came and left, and signing out by staff."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.forms import StayForm
from app.attendance.queries.session import RosterRow, roster_row
from app.attendance.services.adjust import NEEDS_REASON
from app.attendance.services.stay import NOT_COME, set_stay, sign_out_by_staff
from app.attendance.views import bp
from app.attendance.views.roster import row_answer
from app.attendance.views.session_page import is_locked, roster_context
from app.core.access import current_scope, permission, safe_next
from app.core.clock import office_tz, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import gettext as _
from app.trainings.queries.page import SessionFacts, session_facts


@bp.get("/sessions/<int:session_id>/roster/<int:member_id>/times")
@permission("attendance.write")
def times(session_id: int, member_id: int) -> Any:
    """The form: a page of its own, or with htmx the part of the row."""
    session = db.session()
    facts = session_facts(session, session_id, current_scope(), utc_now())
    row = roster_row(session, session_id, member_id)
    if row is None or not row.has_come:
        # Somebody may just have taken the row back.
        return _answer(session_id, member_id, str(NOT_COME))
    return _form(facts, row, StayForm.of(row.came_at, row.left_at, office_tz()))


@bp.post("/sessions/<int:session_id>/roster/<int:member_id>/times")
@permission("attendance.write")
def set_times(session_id: int, member_id: int) -> Any:
    """Set both times; a wrong one comes back with what was typed."""
    facts, row = _found(session_id, member_id)
    form = StayForm(request.form)
    if not form.validate():
        return _form(facts, row, form, 422)
    if is_locked(facts) and not (form.reason.data or "").strip():
        form.reason.errors = [str(NEEDS_REASON)]
        return _form(facts, row, form, 422)
    stay = form.stay(facts.starts_at, facts.ends_at, office_tz())
    refused = None
    try:
        reason = form.reason.data or ""
        set_stay(session_id, member_id, stay, current_scope(), utc_now(), tz=office_tz(), reason=reason)
    except InvalidInput as wrong:
        form.add_errors(wrong.errors)
        return _form(facts, row, form, 422)
    except (CheckInRefused, WrongState) as error:
        refused = error.words if isinstance(error, CheckInRefused) else str(error.detail)
    return _answer(session_id, member_id, refused)


@bp.post("/sessions/<int:session_id>/roster/<int:member_id>/sign-out")
@permission("attendance.write")
def sign_out(session_id: int, member_id: int) -> Any:
    """Staff see somebody leave now."""
    _found(session_id, member_id)
    refused = None
    try:
        sign_out_by_staff(session_id, member_id, current_scope(), utc_now(), tz=office_tz())
    except (CheckInRefused, WrongState) as error:
        refused = error.words if isinstance(error, CheckInRefused) else str(error.detail)
    return _answer(session_id, member_id, refused)


def _found(session_id: int, member_id: int) -> tuple[SessionFacts, RosterRow]:
    session = db.session()
    facts = session_facts(session, session_id, current_scope(), utc_now())
    row = roster_row(session, session_id, member_id)
    if row is None:
        raise NotFound()
    return facts, row


def _is_part() -> bool:
    return request.headers.get("HX-Request") == "true"


def _form(facts: SessionFacts, row: RosterRow, form: StayForm, status: int = 200) -> Any:
    form.reason.flags.required = is_locked(facts)
    for field in form:
        # Several rows of one page may have theirs open.
        field.id = f"{field.name}-{row.member_id}"
    page = render_template(
        "attendance/_times.html" if _is_part() else "attendance/times.html",
        facts=facts,
        row=row,
        form=form,
        back=_back(facts.id),
        is_part=_is_part(),
        **roster_context(facts, [row], True),
    )
    # htmx shows only answers of success.
    return page, 200 if _is_part() else status


def _answer(session_id: int, member_id: int, refused: str | None) -> Any:
    if _is_part():
        answer = row_answer(session_id, member_id, refused)
        # The form stands in a corner of the row; what comes back is the whole row.
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = f"#m{member_id}", "outerHTML"
        return answer
    if refused is not None:
        flash(refused, "warning")
    else:
        flash(_("已保存。"), "success")
    return redirect(f"{_back(session_id)}#m{member_id}")


def _back(session_id: int) -> str:
    return safe_next(request.values.get("next"), url_for("trainings.show", session_id=session_id))
