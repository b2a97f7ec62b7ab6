"""The list of features: their tables, pages, API and commands are registered here and nowhere else."""

from __future__ import annotations

import importlib
import importlib.util

from flask import Flask

VIEWS = (
    "app.home.views",
    "app.accounts.views",
    "app.members.views",
    "app.trainings.views",
    "app.attendance.views",
    "app.checkin.views",
    "app.reports.views",
    "app.office.views",
)


def register_features(app: Flask) -> None:
    """Import every feature's tables, then register what it serves."""
    import app.accounts.models
    import app.attendance.models
    import app.checkin.models
    import app.core.audit
    import app.core.throttle
    import app.members.models
    import app.trainings.models  # noqa: F401

    for name in VIEWS:
        if importlib.util.find_spec(name.rsplit(".", 1)[0]) and importlib.util.find_spec(name):
            app.register_blueprint(importlib.import_module(name).bp)
    for name in ("app.accounts.sign_in", "app.api.v1", "app.cli", "app.scheduler"):
        if importlib.util.find_spec(name.rsplit(".", 1)[0]) and importlib.util.find_spec(name):
            module = importlib.import_module(name)
            if hasattr(module, "init_app"):
                module.init_app(app)
