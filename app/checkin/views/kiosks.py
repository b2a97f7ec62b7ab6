"""A session's kiosks as its staff see them: make this device one, see which run, end one from afar."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, url_for

from app.checkin.browser import keep_kiosk_token
from app.checkin.queries.kiosk import running_kiosks
from app.checkin.queries.lookup import session_info
from app.checkin.services.kiosks import start_kiosk, stop_kiosk
from app.checkin.views import bp
from app.core.access import current_scope, end_sign_in, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.i18n import gettext as _
from app.core.vocabulary import SessionState
from app.trainings.queries.sessions import scoped_session


@bp.get("/sessions/<int:session_id>/kiosks")
@permission("attendance.write")
def kiosks(session_id: int) -> str:
    """What will become of this device, said before it does."""
    row = scoped_session(db.session(), session_id, current_scope(), utc_now())
    return render_template(
        "checkin/kiosks.html",
        info=session_info(db.session(), row.id),
        can_start=row.state in (SessionState.PUBLISHED, SessionState.OPEN),
        running=running_kiosks(db.session(), row.id, utc_now()),
    )


@bp.post("/sessions/<int:session_id>/kiosks")
@permission("attendance.write")
def become_kiosk(session_id: int) -> Response:
    """This browser becomes a kiosk and its user is signed out here: nobody at the door inherits the desk."""
    now = utc_now()
    made = start_kiosk(session_id, current_scope(), now)
    end_sign_in()
    seconds = int((made.expires_at - now).total_seconds())
    return keep_kiosk_token(make_response(redirect(url_for("checkin.kiosk"))), made.token, seconds)


@bp.post("/sessions/<int:session_id>/kiosks/<int:kiosk_id>/stop")
@permission("attendance.write")
def stop(session_id: int, kiosk_id: int) -> Any:
    """End a kiosk that stands somewhere else."""
    stop_kiosk(session_id, kiosk_id, current_scope(), utc_now())
    flash(_("签到台已停用。"), "success")
    return redirect(url_for("checkin.kiosks", session_id=session_id))
