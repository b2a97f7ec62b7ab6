"""Upkeep of what core owns, called by the scheduler."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core import statistics, tasks
from app.core.db import writing
from app.core.health import beat
from app.core.throttle import forget_older


def beat_scheduler(now: datetime) -> int:
    """Show that the scheduler runs."""
    with writing() as session:
        beat(session, "scheduler", now)
    return 1


def take_statistics(now: datetime) -> int:
    """Let SQLite see what its tables hold by now; PostgreSQL does so by itself."""
    return int(statistics.take_statistics())


def forget_old_tries(now: datetime) -> int:
    """Drop counts of tries whose window is long over."""
    with writing() as session:
        return forget_older(session, now - timedelta(days=1))


def forget_old_tasks(now: datetime) -> int:
    """Drop long work that was put more than a day ago."""
    return tasks.forget_old_tasks(now)
