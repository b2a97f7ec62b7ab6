"""Starts the process that does long work, so that neither its memory nor its pace touches the pages."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

from app.core.clock import utc_now
from app.core.db import db
from app.core.tasks import release_lost, worker_wanted
from app.settings import ROOT


def work_off(now: datetime) -> int:
    """If something waits, run a worker until nothing does; 1 when one was run.

    One at a time, and the tick lasts as long as it works: a second large import beside the first would
    only make both slower.
    """
    session = db.session()
    wanted = worker_wanted(session, now)
    session.rollback()
    if not wanted:
        return 0
    command = [sys.executable, "-m", "flask", "--app", "app", "tasks", "work"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603  our own command
        release_lost(utc_now())
    return 1
