"""The roster's buttons for one person. Plain forms; htmx swaps the row."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.forms import Tick, read_tick
from app.attendance.queries.live import live_states
from app.attendance.queries.session import roster_row
from app.attendance.rules import RefusalCode
from app.attendance.services.adjust import NEEDS_REASON
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.reasons import tell_reason
from app.attendance.views import bp
from app.attendance.views.session_page import is_locked, roster_context
from app.core.access import current_scope, permission, safe_next
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.office import session_rules
from app.core.vocabulary import Status
from app.trainings.queries.page import session_facts


@bp.post("/sessions/<int:session_id>/roster/<int:member_id>")
@permission("attendance.write")
def tick(session_id: int, member_id: int) -> Any:
    """One person's status; the same tap again changes nothing."""
    wanted, refused = read_tick(request.form), None
    try:
        _record(session_id, member_id, wanted)
    except CheckInRefused as error:
        refused = error.words
    if request.headers.get("HX-Request") == "true":
        return row_answer(session_id, member_id, refused)
    if refused is not None:
        flash(refused, "warning")
    return _back(session_id, member_id)


@bp.post("/sessions/<int:session_id>/roster/<int:member_id>/reason")
@permission("attendance.write")
def reason(session_id: int, member_id: int) -> Any:
    """Why one tap changed what the row of a closed session said."""
    refused = None
    try:
        if not tell_reason(session_id, member_id, request.form.get("reason", ""), current_scope(), utc_now()):
            refused = _("没有要补写原因的更正。")
    except InvalidInput as wrong:
        refused = str(wrong.errors[0].detail)
    if request.headers.get("HX-Request") == "true":
        return row_answer(session_id, member_id, refused)
    flash(refused or _("已保存。"), "warning" if refused else "success")
    return _back(session_id, member_id)


def _record(session_id: int, member_id: int, wanted: Tick) -> None:
    now, scope = utc_now(), current_scope()
    if is_locked(session_facts(db.session(), session_id, scope, now)):
        # A tap gives no reason; the form beside the row asks for one.
        raise CheckInRefused(RefusalCode.LOCKED, NEEDS_REASON)
    if wanted.status is None:
        take_back(session_id, member_id, _("在名单上撤销"), scope, now)
        return
    if wanted == Tick(Status.EXCUSED):
        session_facts(db.session(), session_id, scope, now)
        found = roster_row(db.session(), session_id, member_id)
        if found is not None and found.status is Status.EXCUSED:
            # A second tap on "leave" must not wipe the reason that somebody chose.
            return
    sighting = staff_sighting(session_id, member_id, wanted.status, wanted.excuse, scope.user_id, now)
    set_status(sighting, "", scope, now, **session_rules())


def row_answer(session_id: int, member_id: int, refused: str | None) -> Response:
    """The one row anew, and the counts beside it."""
    session = db.session()
    facts = session_facts(session, session_id, current_scope(), utc_now())
    row = roster_row(session, session_id, member_id)
    live = live_states(session, [session_id])[session_id]
    page = render_template(
        "attendance/_row_answer.html",
        facts=facts,
        row=row,
        refused=refused,
        back=safe_next(request.form.get("next"), url_for("trainings.show", session_id=session_id)),
        live=live,
        counts=live.counts,
        **roster_context(facts, [row] if row else [], True),
    )
    return make_response(page)


def _back(session_id: int, member_id: int | None = None) -> Any:
    target = safe_next(request.form.get("next"), url_for("trainings.show", session_id=session_id))
    return redirect(f"{target}#m{member_id}" if member_id else target)
