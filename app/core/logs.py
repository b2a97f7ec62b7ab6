"""Structured logs: one line a request, by route and never by address; nothing personal."""

from __future__ import annotations

import logging
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
    if settings.environment == "testing":
        return
    log = structlog.get_logger("app.request")

    @app.after_request
    def log_request(response: Response) -> Response:
        if request.endpoint not in ("static", "health.healthz"):
            log.info(
                "request",
                request_id=g.get("request_id"),
                method=request.method,
                route=str(request.url_rule) if request.url_rule else "unmatched",
                status=response.status_code,
                user_id=g.staff.id if g.get("staff") else None,
            )
        return response
