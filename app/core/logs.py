"""Structured logs: one line a request, by route and never by address; nothing personal."""

from __future__ import annotations

import logging
import secrets
import sys

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
    global _lines_wanted  # noqa: PLW0603  one process serves one app
    _lines_wanted = settings.environment != "testing"

    @app.after_request
    def log_request(response: Response) -> Response:
        if request.endpoint not in ("static", "health.healthz"):
            route = request.url_rule.rule if request.url_rule else "unmatched"
            user_id = g.staff.id if g.get("staff") else None
            log_line(request.method, route, response.status_code, g.get("request_id"), user_id)
        return response


_lines_wanted = False
_log = structlog.get_logger("app.request")


def log_line(
    method: str, route: str, status: int, request_id: str | None = None, user_id: int | None = None
) -> None:
    """One line of one request, by route and never by address; nothing personal."""
    if _lines_wanted:
        _log.info(
            "request",
            request_id=request_id or secrets.token_hex(6),
            method=method,
            route=route,
            status=status,
            user_id=user_id,
        )
