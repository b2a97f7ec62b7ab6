"""Several processes offer to tick; one does, and another takes over when it is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.core.audit import AuditEntry
from app.core.db import db
from app.core.vocabulary import SessionState
from app.scheduler.leader import Leadership
from app.settings import ROOT
from app.trainings.models import TrainingSession
from tests import databases
from tests.conftest import WORKER
from tests.factories import count, make_org, make_session

PROCESSES = 3


def start(url: str, folder: Path) -> subprocess.Popen[bytes]:
    env = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "testing",
        "DATABASE_URL": url,
        "INSTANCE_DIR": str(folder),
        "SECRET_KEY": "s",
        "DATA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "scheduler", "run"]
    return subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def wait_for(what: Callable[[], Any], seconds: float = 45) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.2)


def exercise(app: Flask, url: str, folder: Path) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        host = SimpleNamespace(id=make_org("Q1").id)
        first = make_session(host, state=SessionState.PUBLISHED, starts_at=now).id

    def is_open(session_id: int) -> bool:
        with app.app_context():
            return db.session.get_one(TrainingSession, session_id).state is SessionState.OPEN

    processes = [start(url, folder) for _ in range(PROCESSES)]
    try:
        wait_for(lambda: is_open(first))
        for process in processes[:-1]:
            process.kill()
            process.wait()
        with app.app_context():
            second = make_session(host, state=SessionState.PUBLISHED, starts_at=now + timedelta(minutes=1)).id
        wait_for(lambda: is_open(second))
    finally:
        for process in processes:
            process.kill()
            process.wait()
    with app.app_context():
        assert count(AuditEntry) == 2, "each session was opened once, whoever ticked"


def test_one_of_three_schedulers_ticks_and_another_takes_over_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    exercise(databases.make_app(url, tmp_path), url, tmp_path)


def test_the_lock_lies_beside_the_real_database_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    app = databases.make_app("sqlite:///x.sqlite3?timeout=5", tmp_path / "data")
    leadership = Leadership(app.extensions["settings"])
    with app.app_context():
        assert leadership.hold()
        leadership.release()
        db.engine.dispose()
    assert {path.name for path in (tmp_path / "data").iterdir()} >= {"x.sqlite3", "x.leader"}
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_one_of_three_schedulers_ticks_and_another_takes_over_on_postgresql(tmp_path: Path) -> None:
    with databases.postgresql_database(f"bulou_leader_{WORKER}") as url:
        app = databases.make_app(url, tmp_path)
        exercise(app, url, tmp_path)
        with app.app_context():
            db.engine.dispose()
