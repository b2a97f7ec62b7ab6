"""The staff's scanner at the door: members' cards by camera, by photo, by hand scanner or typed."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for

from app.attendance.queries.session import session_counts
from app.attendance.services.correct import take_back
from app.checkin.queries.lookup import session_info
from app.checkin.services.staff import record_card
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import AppError, wants_json
from app.core.i18n import gettext as _
from app.core.i18n import time_text
from app.core.office import session_rules
from app.trainings.queries.sessions import scoped_session


@bp.get("/sessions/<int:session_id>/scan")
@permission("attendance.write")
def scanner(session_id: int) -> str:
    """The scanner page of one session."""
    row = scoped_session(db.session(), session_id, current_scope(), utc_now())
    counts = session_counts(db.session(), [row.id])[row.id]
    return render_template("checkin/scanner.html", info=session_info(db.session(), row.id), counts=counts)


@bp.post("/sessions/<int:session_id>/scan")
@permission("attendance.write")
def scan_card(session_id: int) -> Any:
    """Record the card that was read. JSON for the camera, a flash and back for a plain form."""
    # The service asks again and answers out_of_scope, for the API; a page of ours is then not found.
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    try:
        result = record_card(
            session_id,
            request.form.get("card", "")[:200],
            current_scope(),
            utc_now(),
            **session_rules(),
        )
    except AppError as refused:
        if wants_json():
            raise
        flash(refused.words, "error")
        return redirect(url_for("checkin.scanner", session_id=session_id))
    message = (
        _("%(name)s 已签到", name=result.name)
        if result.outcome.created
        else _("%(name)s 之前已签到(%(time)s)", name=result.name, time=time_text(result.outcome.recorded_at))
    )
    if wants_json():
        return _answer(session_id, message, result.member_id, result.outcome.created)
    flash(message, "success")
    return redirect(url_for("checkin.scanner", session_id=session_id))


def _answer(session_id: int, message: str, member_id: int, created: bool) -> Response:
    counts = session_counts(db.session(), [session_id])[session_id]
    return jsonify(
        {
            "message": message,
            "created": created,
            "undo": url_for("checkin.undo_scan", session_id=session_id, member_id=member_id)
            if created
            else None,
            "attended": counts.attended,
            "expected": counts.expected,
        }
    )


@bp.post("/sessions/<int:session_id>/scan/<int:member_id>/undo")
@permission("attendance.write")
def undo_scan(session_id: int, member_id: int) -> Any:
    """Take back a scan made by mistake."""
    take_back(session_id, member_id, _("扫码后撤销"), current_scope(), utc_now())
    if wants_json():
        counts = session_counts(db.session(), [session_id])[session_id]
        return jsonify({"message": _("已撤销"), "attended": counts.attended, "expected": counts.expected})
    flash(_("已撤销"), "success")
    return redirect(url_for("checkin.scanner", session_id=session_id))
