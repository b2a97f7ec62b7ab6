"""The list of features: their tables, pages, API and commands are registered here and nowhere else."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

TABLES = (
    "app.core.audit",
    "app.core.throttle",
    "app.core.tasks",
    "app.members.models",
    "app.trainings.models",
    "app.attendance.models",
    "app.checkin.models",
    "app.accounts.models",
    "app.deliveries.models",
)
# Modules with a blueprint named `bp`.
PAGES = (
    "app.home.views",
    "app.accounts.views",
    "app.accounts.supervision.views",
    "app.members.views",
    "app.members.import_views",
    "app.trainings.views",
    "app.attendance.views",
    "app.checkin.views",
    "app.checkin.views.cards",
    "app.reports.views",
    "app.reach.views",
    "app.deliveries.views",
    "app.office.views",
)
# Modules that move a feature's rows when two members are merged, in the order in which they do so.
MOVERS = (
    "app.trainings.services.merging",
    "app.attendance.services.merging",
    "app.checkin.services.merging",
)
# Modules that say how a kind of long work is done (`app.core.tasks.RUNNERS`).
RUNNERS = ("app.members.jobs", "app.checkin.jobs", "app.reach.jobs")
# Modules that say what becomes of what they hold when a unit is closed (`app.members.services.closing`).
CONCERNED = (
    "app.trainings.services.closing",
    "app.attendance.services.closing",
    "app.accounts.services.closing",
)
# Modules that look at a session when it is closed (`app.trainings.services.lifecycle`).
AT_CLOSING = ("app.attendance.services.look_over",)
# Modules that follow when a session's times change (`app.trainings.services.facts`).
AT_NEW_TIMES = ("app.attendance.services.judge_again",)
# Modules that settle what hangs on a session's rows when these are written anew (the same).
AROUND_REWRITING = ("app.attendance.services.settle_make_ups",)
# Modules that finish every writing transaction (`app.core.db.BEFORE_COMMIT`).
BEFORE_COMMIT = ("app.attendance.services.rollups",)
# Modules with an `init_app`: who is signed in, what open pages are told, the API, the commands.
EXTENSIONS = ("app.accounts.sign_in", "app.attendance.views.live", "app.api.v1", "app.cli")


def register_features(app: Flask) -> None:
    """Import every feature's tables, then register what it serves."""
    for name in TABLES:
        import_module(name)
    # All are imported before any is registered: attendance adds its pages to the sessions' blueprint.
    for module in [import_module(name) for name in PAGES]:
        app.register_blueprint(module.bp)
    following = (*AT_CLOSING, *AT_NEW_TIMES, *AROUND_REWRITING, *BEFORE_COMMIT)
    for name in (*MOVERS, *RUNNERS, *CONCERNED, *following):
        import_module(name)
    for name in EXTENSIONS:
        import_module(name).init_app(app)
