"""Several machines start at once on one empty database; one migrates, the others wait."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import create_engine, text

from app.core.backup import known_revisions
from app.core.db import db
from app.settings import ROOT
from tests import databases
from tests.conftest import WORKER

MACHINES = 3


def upgrade(url: str, folder: Path) -> subprocess.Popen[str]:
    env = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "testing",
        "DATABASE_URL": url,
        "INSTANCE_DIR": str(folder),
        "SECRET_KEY": "s",
        "DATA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    return subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)


def all_succeed(url: str, folder: Path) -> None:
    machines = [upgrade(url, folder) for _ in range(MACHINES)]
    errors = [machine.communicate(timeout=120)[1] for machine in machines]
    assert [machine.returncode for machine in machines] == [0] * MACHINES, errors
    engine = create_engine(url)
    with engine.connect() as connection:
        versions = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    engine.dispose()
    assert versions == [known_revisions()[0]]


def test_three_machines_migrate_one_empty_sqlite_file(tmp_path: Path) -> None:
    all_succeed(f"sqlite:///{tmp_path / 'x.sqlite3'}", tmp_path)


def test_three_machines_migrate_one_empty_postgresql_database(tmp_path: Path) -> None:
    with databases.postgresql_database(f"bulou_migrating_{WORKER}") as url:
        all_succeed(url, tmp_path)


def test_a_machine_waits_while_another_migrates(tmp_path: Path) -> None:
    with databases.postgresql_database(f"bulou_waiting_{WORKER}") as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as other:
            # The number in migrations/env.py: machines of different versions must agree on it.
            other.execute(text("SELECT pg_advisory_lock(7303)"))
            machine = upgrade(url, tmp_path)
            waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            until = time.monotonic() + 60
            while not other.scalar(waits):
                assert machine.poll() is None
                assert time.monotonic() < until
                time.sleep(0.1)
            tables = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            assert other.scalar(tables) == 0
            other.execute(text("SELECT pg_advisory_unlock(7303)"))
            assert machine.wait(timeout=60) == 0
            assert other.scalar(tables)
        engine.dispose()


def test_migrating_leaves_the_timeouts_of_other_connections_alone(tmp_path: Path) -> None:
    with databases.postgresql_database(f"bulou_timeouts_{WORKER}") as url:
        app = databases.make_app(url, tmp_path)
        with app.app_context(), db.engine.connect() as connection:
            assert connection.scalar(text("SHOW statement_timeout")) == "30s"
            # Of this database alone: another worker's tests hold theirs on the same server.
            held = text(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
                " WHERE locktype = 'advisory' AND datname = current_database()"
            )
            # The server takes a moment to notice that the migration's connection has gone.
            until = time.monotonic() + 10
            while connection.scalar(held) and time.monotonic() < until:
                time.sleep(0.05)
            assert connection.scalar(held) == 0
        with app.app_context():
            db.engine.dispose()
