"""The page a hall looks at: the present code, its six digits, a live count and a clock."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.queries.session import session_counts
from app.attendance.rules import RefusalCode
from app.checkin.queries.lookup import session_info
from app.checkin.services.codes import CurrentCode, current_code
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.office import base_url, code_step_seconds
from app.core.qr import qr_svg
from app.trainings.queries.sessions import scoped_session


def _code(session_id: int) -> CurrentCode:
    return current_code(
        session_id,
        current_scope(),
        utc_now(),
        base_url=base_url(),
        step_seconds=code_step_seconds(),
    )


@bp.get("/sessions/<int:session_id>/code")
@permission("attendance.write")
def projector(session_id: int) -> Any:
    """Full screen for the hall; without JavaScript it reloads itself. `view=stream`: for a stream."""
    if request.args.get("view") == "stream":
        return redirect(url_for("checkin.stream_code", session_id=session_id))
    row = scoped_session(db.session(), session_id, current_scope(), utc_now())
    return render_template(
        "checkin/projector.html",
        info=session_info(db.session(), row.id),
        live=_live(session_id),
    )


@bp.get("/sessions/<int:session_id>/code.json")
@permission("attendance.write")
def projector_state(session_id: int) -> Response:
    """What the projector page asks for again and again."""
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    return jsonify(_live(session_id))


def _live(session_id: int) -> dict[str, Any]:
    """Code (None unless open), counts and the server's clock; times in Unix milliseconds."""
    counts = session_counts(db.session(), [session_id])[session_id]
    info = session_info(db.session(), session_id)
    state: dict[str, Any] = {
        "state": info.state.value if info else "",
        "now": int(utc_now().timestamp() * 1000),
        "expected": counts.expected,
        "attended": counts.attended,
        "code": None,
    }
    try:
        code = _code(session_id)
    except CheckInRefused as refused:
        if refused.refusal not in (RefusalCode.NOT_OPEN, RefusalCode.CLOSED, RefusalCode.CANCELLED):
            raise
        return state
    state["code"] = {
        "url": code.url,
        "svg": qr_svg(code.url),
        "short_code": code.short_code,
        "expires_at": int(code.expires_at.timestamp() * 1000),
        "period_seconds": code.period_seconds,
    }
    return state
