"""The code inside a stream: QR and six digits on a plain ground, to be laid over a corner of the picture."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template

from app.attendance.errors import CheckInRefused
from app.checkin.services.codes import current_code
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.office import base_url, code_step_seconds
from app.core.qr import qr_svg
from app.trainings.queries.sessions import scoped_session


@bp.get("/sessions/<int:session_id>/code/stream")
@permission("attendance.write")
def stream_code(session_id: int) -> str:
    """One picture of 16:9 without anything to press; without script it loads itself anew."""
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    return render_template(
        "checkin/stream.html",
        session_id=session_id,
        live=_live(session_id),
        step_seconds=code_step_seconds(),
    )


@bp.get("/sessions/<int:session_id>/code/stream.json")
@permission("attendance.write")
def stream_state(session_id: int) -> Any:
    """What the picture asks for each time its code ends."""
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    return jsonify(_live(session_id))


def _live(session_id: int) -> dict[str, Any]:
    """The present code and for how many milliseconds it is shown; no code unless the session is open."""
    now = utc_now()
    try:
        code = current_code(
            session_id, current_scope(), now, base_url=base_url(), step_seconds=code_step_seconds()
        )
    except CheckInRefused as refused:
        return {"svg": None, "short_code": "", "left_ms": 5000, "words": str(refused.title)}
    left = int((code.expires_at - now).total_seconds() * 1000)
    return {"svg": qr_svg(code.url), "short_code": code.short_code, "left_ms": left, "words": ""}
