"""The Flask application, without what this product never uses and every request would pay for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class CookieOrNothing(SecureCookieSessionInterface):
    """Flask's own sessions; a request that brings no cookie gets an empty one without any cryptography."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


class Application(Flask):
    """Flask with plain functions only: nothing here is a coroutine, and nothing is asked whether it is."""

    session_interface = CookieOrNothing()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
