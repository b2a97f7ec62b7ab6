"""The list of features: their tables, pages, API and commands are registered here and nowhere else."""

from __future__ import annotations

import importlib
import importlib.util

from flask import Flask

TABLES = (
    "app.accounts.models",
    "app.attendance.models",
    "app.checkin.models",
    "app.core.audit",
    "app.core.throttle",
    "app.members.models",
    "app.trainings.models",
)
VIEWS = (
    "app.home.views",
    "app.accounts.views",
    "app.members.views",
    "app.members.import_views",
    "app.trainings.views",
    "app.attendance.views",
    "app.checkin.views",
    "app.reports.views",
    "app.office.views",
)
STARTERS = ("app.accounts.sign_in", "app.api.v1", "app.cli", "app.scheduler")


def register_features(app: Flask) -> None:
    """Import every feature's tables, then register what it serves."""
    for name in TABLES:
        importlib.import_module(name)
    # All are imported before any is registered: attendance adds its pages to the blueprint of trainings.
    found = [
        importlib.import_module(name)
        for name in VIEWS
        if importlib.util.find_spec(name.rsplit(".", 1)[0]) and importlib.util.find_spec(name)
    ]
    for module in found:
        blueprint = getattr(module, "bp", None) or getattr(module, "import_bp", None)
        if blueprint is not None:
            app.register_blueprint(blueprint)
    for name in STARTERS:
        if importlib.util.find_spec(name.rsplit(".", 1)[0]) and importlib.util.find_spec(name):
            module = importlib.import_module(name)
            if hasattr(module, "init_app"):
                module.init_app(app)
