"""What check-in keeps in a browser: its id, the members it stands for, and whether it is a kiosk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask import Response, current_app, request

from app.checkin.rules import MOST_MEMBERS
from app.core.crypto import new_token

TWO_YEARS = 2 * 365 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,50}")


def browser_id() -> str:
    """The browser's own random id; empty on its first visit or where cookies are off."""
    return browser_id_in(request.cookies)


def browser_id_in(cookies: Mapping[str, str]) -> str:
    """The same, of cookies that somebody else has read."""
    value = cookies.get(_name("browser"), "")
    return value if _TOKEN.fullmatch(value) else ""


def member_tokens() -> list[str]:
    """Tokens of the members this browser is bound to, first bound first."""
    return member_tokens_in(request.cookies)


def member_tokens_in(cookies: Mapping[str, str]) -> list[str]:
    """The same, of cookies that somebody else has read."""
    tokens = cookies.get(_name("member"), "").split(".")
    return [token for token in tokens if _TOKEN.fullmatch(token)][:MOST_MEMBERS]


def keep_browser_id(response: Response, value: str) -> Response:
    _set(response, "browser", value)
    return response


def keep_member_tokens(response: Response, tokens: Sequence[str]) -> Response:
    _set(response, "member", ".".join(tokens[-MOST_MEMBERS:]))
    return response


def kiosk_token() -> str:
    """The token that makes this browser a kiosk; empty for every other one."""
    value = request.cookies.get(_name("kiosk"), "")
    return value if _TOKEN.fullmatch(value) else ""


def keep_kiosk_token(response: Response, value: str, seconds: int) -> Response:
    """Keep it for as long as the kiosk lasts; an empty one is forgotten."""
    _set(response, "kiosk", value, seconds)
    return response


def new_browser_id() -> str:
    return new_token()


def _set(response: Response, name: str, value: str, seconds: int = TWO_YEARS) -> None:
    response.set_cookie(
        _name(name),
        value,
        max_age=seconds if value else 0,
        httponly=True,
        samesite="Lax",
        secure=current_app.extensions["settings"].secure_cookies,
    )


def _name(name: str) -> str:
    prefix = "__Host-" if current_app.extensions["settings"].secure_cookies else ""
    return f"{prefix}bulou_{name}"
