"""Bulou (不漏): study classes, check-in and coverage for a district's member-education office."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from app.core.application import Application
from app.settings import ROOT, Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from `settings` (the environment when None)."""
    settings = settings or Settings.from_env()
    app = Application(
        "app",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(settings.instance_dir.resolve()),
    )
    app.extensions["settings"] = settings

    from app.core.db import db, init_db
    from app.core.errors import init_errors
    from app.core.health import init_health
    from app.core.i18n import init_i18n
    from app.core.logs import init_logs
    from app.core.numbers import init_numbers
    from app.core.pages import init_pages
    from app.core.security import csrf, init_security, refuse_unstorable
    from app.features import register_features

    init_numbers(app)
    init_errors(app)
    init_logs(app, settings)
    init_security(app, settings)
    init_i18n(app)
    init_db(app, settings)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    init_health(app)
    init_pages(app)
    register_features(app)
    # Last, so that a refused form is answered with the page of the person who sent it.
    app.before_request(refuse_unstorable)
    csrf.init_app(app)
    return app
