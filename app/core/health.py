"""`/healthz`, `/metrics` and the scheduler's heartbeat that feeds them."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from functools import lru_cache
from time import perf_counter
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import String, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.access import PUBLIC, permission
from app.core.clock import utc_now
from app.core.db import Base, UtcDateTime, db
from app.core.errors import NotFound

bp = Blueprint("health", __name__)
HEARTBEAT_STALE = timedelta(seconds=90)

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "bulou_requests_total", "Requests by route and status.", ["route", "status"], registry=REGISTRY
)
LATENCY = Histogram("bulou_request_seconds", "Request time by route.", ["route"], registry=REGISTRY)


@lru_cache(maxsize=4096)
def _measures(route: str, status: int) -> tuple[Counter, Histogram]:
    """Looked up once each: routes and statuses are few."""
    return REQUESTS.labels(route, str(status)), LATENCY.labels(route)


def count_request(route: str, status: int, seconds: float) -> None:
    """One answered request, by route rule and never by address."""
    requests, latency = _measures(route, status)
    requests.inc()
    latency.observe(seconds)


class Heartbeat(Base):
    """When a background process last showed that it runs."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)


def beat(session: Session, name: str, now: datetime) -> None:
    """Note a sign of life inside the caller's transaction."""
    session.merge(Heartbeat(name=name, beat_at=now))


def scheduler_runs(session: Session, now: datetime) -> bool:
    """Whether the scheduler has shown that it lives lately."""
    last = session.scalar(select(Heartbeat.beat_at).where(Heartbeat.name == "scheduler"))
    return last is not None and now - last < HEARTBEAT_STALE


@bp.get("/healthz")
@permission(PUBLIC)
def healthz() -> tuple[Response, int]:
    """200 when the database answers; the scheduler's state is told but does not take the pages down."""
    state: dict[str, Any] = {"status": "ok", "database": "ok", "scheduler": "never_seen"}
    try:
        last = db.session.execute(select(Heartbeat.beat_at).where(Heartbeat.name == "scheduler")).scalar()
    except SQLAlchemyError:
        db.session.rollback()
        state.update(status="unavailable", database="unavailable")
        return jsonify(state), 503
    if last is not None:
        state["scheduler"] = "ok" if utc_now() - last < HEARTBEAT_STALE else "stale"
        state["scheduler_seen_at"] = last.isoformat()
    return jsonify(state), 200


@bp.get("/metrics")
@permission(PUBLIC)
def metrics() -> Response:
    """Prometheus text; asks for METRICS_TOKEN, without one shown outside production only."""
    settings = current_app.extensions["settings"]
    wanted = settings.metrics_token
    if settings.is_production and not wanted:
        raise NotFound()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotFound()
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def init_health(app: Flask) -> None:
    """Register the routes and measure every request by route rule, never by address."""
    app.register_blueprint(bp)

    @app.before_request
    def start_timer() -> None:
        g.started_at = perf_counter()

    @app.after_request
    def measure(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        count_request(route, response.status_code, perf_counter() - g.get("started_at", perf_counter()))
        return response
