"""Counts and state of a session while a page is open: as a stream, and as an answer for those who ask."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from flask import Flask, Response, current_app, jsonify

from app.attendance.queries.live import LiveState, live_states
from app.core.access import current_login, current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.live import Answer, Broadcaster, EventStream
from app.trainings.queries.sessions import scoped_session
from app.trainings.views import bp


def init_app(app: Flask) -> None:
    """Give the app its broadcaster, which asks in a context of its own."""

    def ask(session_ids: Collection[int], logins: Collection[bytes]) -> Answer:
        with app.app_context():
            session = db.session()
            holding = app.extensions["logins_that_hold"](session, logins, utc_now())
            states = live_states(session, sorted(session_ids))
            return Answer({key: json.dumps(_told(state)) for key, state in states.items()}, holding)

    app.extensions["live"] = Broadcaster(ask, app.extensions["settings"].live_streams)


@bp.get("/sessions/<int:session_id>/live")
@permission("sessions.read")
def listen(session_id: int) -> Response:
    """Server-sent events; 204 when no more pages can listen, which tells the browser not to come again."""
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    broadcaster: Broadcaster = current_app.extensions["live"]
    listener = broadcaster.listen(session_id, current_login())
    if listener is None:
        return Response(status=204)
    # A proxy that gathers answers before it passes them on would pass nothing on.
    headers = {"X-Accel-Buffering": "no"}
    return Response(EventStream(broadcaster, listener), mimetype="text/event-stream", headers=headers)


@bp.get("/sessions/<int:session_id>/live.json")
@permission("sessions.read")
def look(session_id: int) -> Response:
    """The same at this moment, for a page that cannot listen."""
    scoped_session(db.session(), session_id, current_scope(), utc_now())
    return jsonify(_told(live_states(db.session(), [session_id])[session_id]))


def _told(live: LiveState) -> dict[str, Any]:
    return {"state": live.state.value, "version": live.version, **asdict(live.counts)}
