"""The WSGI application that servers load; starts the scheduler where it is asked to."""

from __future__ import annotations

import os

from app import create_app
from app.scheduler.ticks import start

application = create_app()
if os.environ.get("RUN_SCHEDULER") == "1":
    application.extensions["ticker"] = start(application)
