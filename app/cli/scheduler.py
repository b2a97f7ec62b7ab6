"""`flask scheduler …`: run the ticks in a process of their own."""

from __future__ import annotations

import signal
import threading

import click
from flask import current_app
from flask.cli import AppGroup

from app.scheduler.ticks import start

group = AppGroup("scheduler", help="Run what happens by itself: opening and closing of sessions, upkeep.")


@group.command("run")
def run() -> None:
    """Tick until stopped. Several may run; one leads."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    scheduler = start(app)
    click.echo("scheduler: running", err=True)
    stopped.wait()
    scheduler.shutdown(wait=True)
