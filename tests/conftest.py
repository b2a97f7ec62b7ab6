"""Fixtures of the whole suite: an app on each database, a client, and people who sign in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from app.core.db import db
from tests import databases

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# The suite tries the same examples each time, so that a change fails for what it changes; new ones are
# sought by night (`make nightly`).
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
settings.register_profile("bulou", derandomize=not NIGHTLY)
settings.load_profile("bulou")


@pytest.fixture(scope="session")
def sqlite_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("sqlite")
    app = databases.make_app(f"sqlite:///{folder / 'test.sqlite3'}", folder)
    databases.wait_for_no_disk(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def postgresql_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("postgresql")
    with databases.postgresql_database(f"bulou_{WORKER}") as url:
        app = databases.make_app(url, folder)
        databases.wait_for_no_disk(app)
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The app on an emptied database; a test that asks for it runs once on each database.

    Whatever the test did, the yearly summaries say afterwards what the ledger adds up to.
    """
    app: Flask = request.getfixturevalue(f"{request.param}_app")
    databases.empty(app)
    yield app
    databases.require_true_summaries(app)


@pytest.fixture
def ctx(app: Flask) -> Iterator[Flask]:
    """The app with its context pushed, for tests of services and queries."""
    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


# Last: xdist's own hook waits for the workers, who use the folder to their end.
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if WORKER == "main":
        databases.remove_run_root()
