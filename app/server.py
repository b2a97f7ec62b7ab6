"""The WSGI application that servers load; starts the scheduler where it is asked to."""

from __future__ import annotations

import os

from app import create_app
from app.core.gate import Gate
from app.core.stopping import when_stopping
from app.scheduler.ticks import start

application = create_app()
application.wsgi_app = Gate(application.wsgi_app, application.extensions["settings"].threads)  # type: ignore[method-assign]
# The server waits for open answers when it stops; those that last for minutes end themselves.
when_stopping(application.extensions["live"].stop)
if os.environ.get("RUN_SCHEDULER") == "1":
    application.extensions["ticker"] = start(application)
