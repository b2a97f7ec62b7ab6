"""Tells every request who sends it: by the cookie on pages, by the bearer token alone under /api/."""

from __future__ import annotations

from flask import Flask, g, request, session

from app.accounts import queries, services
from app.core.access import Staff, StaffDoor
from app.core.clock import today, utc_now
from app.core.crypto import token_hash
from app.core.db import db

# Neither files nor probes nor members' phones have a staff user.
_NOBODY = ("/static/", "/healthz", "/metrics", "/c/", "/p/")
LOGIN_KEY = "login"


def init_app(app: Flask) -> None:
    """Load `g.staff` (None when nobody is signed in) before each request.

    What outlasts a request asks `logins_that_hold` whether the sign-in it began under still does.
    """
    app.extensions["logins_that_hold"] = queries.logins_that_hold
    app.extensions["staff_door"] = StaffDoor(
        by_id=lambda user_id: queries.staff_by_id(db.session(), user_id, today()), sign_out=end_this_sign_in
    )

    @app.before_request
    def load_staff() -> None:
        g.staff = None
        if not request.path.startswith(_NOBODY):
            g.staff = _from_bearer() if request.path.startswith("/api/") else _from_cookie()


def end_this_sign_in() -> None:
    """End this browser's sign-in on the server and in its cookie."""
    token = session.get(LOGIN_KEY)
    # A new cookie from here on: what was fixed in the old one before signing in is gone with it.
    session.clear()
    if isinstance(token, str):
        services.sign_out(token)


def _from_bearer() -> Staff | None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        return None
    return queries.staff_by_api_token(db.session(), given.token, today())


def _from_cookie() -> Staff | None:
    token = session.get(LOGIN_KEY)
    if not isinstance(token, str):
        return None
    g.login = token_hash(token)
    return queries.staff_by_login(db.session(), token, utc_now(), today())
