"""Structured logs: one line a request, by route and never by address; nothing personal."""

from __future__ import annotations

import json
import logging
import secrets
import sys
from datetime import UTC, datetime

import structlog
from flask import Flask, Response, g, request

from app.settings import Settings


def init_logs(app: Flask, settings: Settings) -> None:
    """JSON lines in production, readable ones elsewhere; both to standard error."""
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    global _lines_wanted, _lines_in_json  # noqa: PLW0603  one process serves one app
    _lines_wanted = settings.environment != "testing"
    _lines_in_json = settings.log_format == "json"

    @app.after_request
    def log_request(response: Response) -> Response:
        if request.endpoint not in ("static", "health.healthz"):
            route = request.url_rule.rule if request.url_rule else "unmatched"
            user_id = g.staff.id if g.get("staff") else None
            log_line(request.method, route, response.status_code, g.get("request_id"), user_id)
        return response


_lines_wanted = _lines_in_json = False
_JSON = json.JSONEncoder(ensure_ascii=False)
_log = structlog.get_logger("app.request")


def log_line(
    method: str, route: str, status: int, request_id: str | None = None, user_id: int | None = None
) -> None:
    """One line of one request, by route and never by address; nothing personal."""
    if not _lines_wanted:
        return
    line = {
        "request_id": request_id or secrets.token_hex(6),
        "method": method,
        "route": route,
        "status": status,
        "user_id": user_id,
    }
    if not _lines_in_json:
        _log.info("request", **line)
        return
    # As structlog writes it, in a tenth of the time: this is the one line that every request costs.
    at = f"{datetime.now(UTC).isoformat(timespec='microseconds')[:-6]}Z"
    line |= {"event": "request", "level": "info", "timestamp": at}
    print(_JSON.encode(line), file=sys.stderr, flush=True)  # noqa: T201
