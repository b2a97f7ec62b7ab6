"""The product as it runs: `run.py` in a process of its own, on loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from app.core.db import db
from app.settings import ROOT
from tests import databases


@dataclass(frozen=True)
class Server:
    """A running product: its address, its first process, and an app on the same database."""

    url: str
    pid: int
    app: Flask


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path, database: str = "", **env: str) -> Iterator[Server]:
    """`run.py` on a database (in `folder`, or at the URL `database`), until the block ends.

    The database is empty, unless a server ran on it before; PORT is a free one, unless it is given.
    """
    port = int(env.get("PORT") or free_port())
    database = database or f"sqlite:///{folder / 'server.sqlite3'}"
    app = databases.make_app(database, folder)
    settings = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "testing",
        "DATABASE_URL": database,
        "INSTANCE_DIR": str(folder),
        "SECRET_KEY": "test-secret-key",
        "DATA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "DEMO": "0",
        "WORKERS": "1",
        "PORT": str(port),
        **env,
    }
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen([sys.executable, "run.py"], cwd=ROOT, env=settings, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, url, folder / "server.log")
        yield Server(url, process.pid, app)
    finally:
        process.terminate()
        process.wait(timeout=20)
        with app.app_context():
            db.engine.dispose()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"the server stopped at its start:\n{log.read_text()}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"the server was not ready within a minute:\n{log.read_text()}")
