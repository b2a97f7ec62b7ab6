"""What the office has set, in the shapes that views hand to services."""

from __future__ import annotations

from typing import Any

from flask import current_app, request

from app.settings import SmtpServer


def session_rules() -> dict[str, Any]:
    """`tz` and `elderly_age`, as services of sessions and attendance take them."""
    settings = current_app.extensions["settings"]
    return {"tz": settings.office_tz, "elderly_age": settings.elderly_age}


def elderly_age() -> int:
    """Full years from which a member is elderly."""
    age: int = current_app.extensions["settings"].elderly_age
    return age


def office_name() -> str:
    """What the office calls itself, as printed on what it hands out."""
    return str(current_app.extensions["settings"].office_name)


def code_step_seconds() -> int:
    """How long one check-in code is shown."""
    seconds: int = current_app.extensions["settings"].code_step_seconds
    return seconds


def base_url() -> str:
    """What addresses of ours begin with: the setting, else the address this request was made to."""
    return str(current_app.extensions["settings"].base_url) or request.url_root.rstrip("/")


def mail_server() -> SmtpServer | None:
    """Who sends mail for the office; None: nobody, and nothing is sent."""
    server: SmtpServer | None = current_app.extensions["settings"].smtp
    return server
