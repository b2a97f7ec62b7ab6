"""The Flask application, without what this product never uses and every request would pay for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class CookieOrNothing(SecureCookieSessionInterface):
    """Flask's own sessions; a request that brings no cookie gets an empty one without any cryptography."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        # Nobody looked: there is nothing to keep and nothing that the answer depends on.
        if session.accessed or session.modified:
            super().save_session(app, session, response)


class Application(Flask):
    """Flask with plain functions only: nothing here is a coroutine, and nothing is asked whether it is."""

    session_interface = CookieOrNothing()

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """Through the quick door where one is open, else as Flask does."""
        # Imported here: the door knows security and logs, which know of applications.
        from app.core.quick_door import answered_quickly

        quick = answered_quickly(self, environ, start_response)
        return super().wsgi_app(environ, start_response) if quick is None else quick

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
