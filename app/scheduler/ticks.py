"""What happens at each tick; every job calls one service with the time and can run twice without harm."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from app.attendance import jobs as attendance_jobs
from app.checkin import jobs as checkin_jobs
from app.core import jobs as core_jobs
from app.core.clock import utc_now
from app.core.db import db, let_go
from app.core.storage import storage_trouble, trouble_name
from app.deliveries import jobs as delivery_jobs
from app.members import jobs as member_jobs
from app.scheduler import workers
from app.scheduler.leader import Leadership
from app.trainings import jobs as training_jobs

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """A job, how often it runs, and what it calls with the present time."""

    name: str
    seconds: int
    run: Callable[[datetime], int]


TICKS = (
    Tick("heartbeat", 15, core_jobs.beat_scheduler),
    Tick("open_and_close_sessions", 5, training_jobs.open_and_close_sessions),
    Tick("look_over_sessions", 60, attendance_jobs.look_over_sessions),
    Tick("count_stale_days", 60, attendance_jobs.count_stale_days),
    Tick("work_off_long_tasks", 1, workers.work_off),
    Tick("make_monthly_report", 20, delivery_jobs.make_monthly_report),
    Tick("send_notes", 60, delivery_jobs.send_notes),
    Tick("take_statistics", 3600, core_jobs.take_statistics),
    Tick("forget_old_reports", 3600, delivery_jobs.forget_old_reports),
    Tick("forget_spent_tickets", 300, checkin_jobs.forget_spent_tickets),
    Tick("forget_old_sheets", 3600, checkin_jobs.forget_old_sheets),
    Tick("forget_old_uploads", 3600, member_jobs.forget_old_uploads),
    Tick("forget_old_tries", 3600, core_jobs.forget_old_tries),
    Tick("forget_old_tasks", 3600, core_jobs.forget_old_tasks),
)


def run_tick(app: Flask, leadership: Leadership, tick: Tick, now: datetime) -> int | None:
    """Run one job if this process leads; an error is logged and the next tick tries again."""
    with app.app_context():
        try:
            if not leadership.hold():
                return None
            done = tick.run(now)
            if done and tick.name != "heartbeat":
                log.info("tick", job=tick.name, done=done)
            return done
        except Exception as error:
            let_go()
            trouble = storage_trouble(error)
            if trouble is None:
                log.exception("tick_failed", job=tick.name)
            else:
                log.error("storage_trouble", kind=trouble.value, error=trouble_name(error), job=tick.name)
            return None
        finally:
            db.session.remove()


def start(app: Flask) -> BackgroundScheduler:
    """Start ticking in the background. The memory store is enough: what must happen lives in tables."""
    leadership = Leadership(app.extensions["settings"])
    # A tick that outlasts its interval is no news: long work is one such.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(timezone="UTC")
    for tick in TICKS:
        scheduler.add_job(
            lambda tick=tick: run_tick(app, leadership, tick, utc_now()),
            "interval",
            seconds=tick.seconds,
            id=tick.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=utc_now(),
        )
    scheduler.start()
    return scheduler
