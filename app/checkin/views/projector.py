"""The page a hall looks at: the present code, its six digits, a live count and a clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.queries.session import session_counts
from app.attendance.rules import RefusalCode
from app.checkin.queries.lookup import session_info
from app.checkin.services.codes import CurrentCode, current_code
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import office_tz, utc_now
from app.core.db import db
from app.core.office import base_url, code_step_seconds
from app.core.qr import qr_svg
from app.trainings.queries.sessions import scoped_session

# The screen fetches the next code so long before it is shown, and not earlier: a code that somebody
# reads out of the page beforehand is worth no more than one photographed from the wall.
AHEAD = timedelta(seconds=5)


def _code(session_id: int, now: datetime, steps_ahead: int = 0) -> CurrentCode:
    return current_code(
        session_id,
        current_scope(),
        now,
        base_url=base_url(),
        step_seconds=code_step_seconds(),
        steps_ahead=steps_ahead,
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
        zone=office_tz().key,
    )


@bp.get("/sessions/<int:session_id>/code.json")
@permission("attendance.write")
def projector_state(session_id: int) -> Response:
    """What the projector page asks for again and again."""
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    return jsonify(_live(session_id))


def _live(session_id: int) -> dict[str, Any]:
    """Code (None unless open), in the last seconds the next one too, counts and the server's clock.

    Times are Unix milliseconds.
    """
    now = utc_now()
    counts = session_counts(db.session(), [session_id])[session_id]
    info = session_info(db.session(), session_id)
    state: dict[str, Any] = {
        "state": info.state.value if info else "",
        "now": int(now.timestamp() * 1000),
        "expected": counts.expected,
        "attended": counts.attended,
        "code": None,
        "next": None,
    }
    try:
        code = _code(session_id, now)
    except CheckInRefused as refused:
        if refused.refusal not in (RefusalCode.NOT_OPEN, RefusalCode.CLOSED, RefusalCode.CANCELLED):
            raise
        return state
    state["code"] = _drawn(code)
    if code.expires_at - now <= AHEAD:
        state["next"] = _drawn(_code(session_id, now, steps_ahead=1))
    return state


def _drawn(code: CurrentCode) -> dict[str, Any]:
    return {
        "url": code.url,
        "svg": qr_svg(code.url),
        "short_code": code.short_code,
        "expires_at": int(code.expires_at.timestamp() * 1000),
        "period_seconds": code.period_seconds,
    }
