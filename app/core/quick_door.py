"""The door for what a whole hall asks for in the same minute: around Flask, to the same services.

Flask's work around a request (contexts, hooks, sessions, routing) costs as much again as the check-in itself.
A feature may name a request here that it can answer at once, in the plain case alone: anything else, every
refusal and every error goes to Flask, which reads the request anew. So whatever is done here must be harmless
to do again, as a check-in is.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from flask import Flask
from werkzeug.http import parse_cookie

from app.core.health import count_request
from app.core.i18n import DEFAULT_LANGUAGE, LANGUAGES
from app.core.logs import log_line
from app.core.security import fixed_headers

# What is asked for here is short: a code, a ticket.
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. `here`: its address, as pages of ours lead back to it."""

    environ: dict[str, Any]
    path: str
    body: bytes
    cookies: dict[str, str]

    @property
    def language(self) -> str:
        chosen = self.cookies.get("lang", "")
        return chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE

    @property
    def is_elder(self) -> bool:
        return self.cookies.get("elder") == "1"

    @property
    def here(self) -> str:
        """As Flask writes an address without a query."""
        return f"{self.path}?"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that Flask would have given just so."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True, slots=True)
class Door:
    """route: as logs and metrics name it; cookie_free: the request's cookies are not looked at."""

    route: str
    answer: Callable[[Asked], Told | None]
    cookie_free: bool = False


# By method and path; a path that ends in / stands for all that begin with it and have one part more.
DOORS: dict[tuple[str, str], Door] = {}
_STATUS = {200: "200 OK", 201: "201 CREATED"}


def answered_quickly(app: Flask, environ: dict[str, Any], start_response: Any) -> list[bytes] | None:
    """The whole answer, or None: then it is Flask's to give."""
    path = environ.get("PATH_INFO", "")
    method = environ["REQUEST_METHOD"]
    door = DOORS.get((method, path)) or DOORS.get((method, path[: path.rfind("/") + 1]))
    if door is None or environ.get("QUERY_STRING") or not _is_ours(app, environ):
        return None
    began = perf_counter()
    body = _body(environ)
    if body is None:
        return None
    cookies = {} if door.cookie_free else dict(parse_cookie(environ))
    if app.config["SESSION_COOKIE_NAME"] in cookies:
        # Somebody who is signed in, or is to be told something.
        return None
    with app.app_context():
        try:
            told = door.answer(Asked(environ, path, body, cookies))
        except Exception:
            # Whatever it was, Flask meets it again and has the words for it.
            return None
    if told is None:
        return None
    sent = told.body.encode()
    headers = [("Content-Type", told.content_type), ("Content-Length", str(len(sent)))]
    secure = environ.get("wsgi.url_scheme") == "https"
    start_response(_STATUS[told.status], headers + fixed_headers(secure=secure))
    count_request(door.route, told.status, perf_counter() - began)
    log_line(method, door.route, told.status)
    return [sent]


def _is_ours(app: Flask, environ: dict[str, Any]) -> bool:
    """Whether the host is one that is answered; odd spellings are Flask's affair."""
    trusted = app.config["TRUSTED_HOSTS"]
    return not trusted or environ.get("HTTP_HOST", "").partition(":")[0] in trusted


def _body(environ: dict[str, Any]) -> bytes | None:
    """The body, put back for whoever reads it next; None for one that is too long or of unknown length."""
    text = environ.get("CONTENT_LENGTH") or "0"
    if not text.isdecimal() or int(text) > _MOST_BYTES or "HTTP_TRANSFER_ENCODING" in environ:
        return None
    body: bytes = environ["wsgi.input"].read(int(text))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
