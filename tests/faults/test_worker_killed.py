"""The worker process is killed, as by a machine short of memory; the server goes on."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from pathlib import Path

import pytest

from tests.servers import Server, running


def children(server: Server) -> set[int]:
    """The processes that the server's first one has started."""
    listed = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    if not listed.exists():
        pytest.skip("this system does not list child processes")
    return {int(pid) for pid in listed.read_text().split()}


def is_worker(pid: int) -> bool:
    try:
        return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return False


def has_ended(pid: int) -> bool:
    """Whether it is gone, or dead and not yet waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def answers(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        [worker] = filter(is_worker, children(server))
        os.kill(worker, signal.SIGKILL)
        until = time.monotonic() + 60
        while worker in children(server) or not answers(server):
            assert time.monotonic() < until, (tmp_path / "server.log").read_text()
            time.sleep(0.2)


def test_a_server_stops_at_once_though_a_worker_is_only_starting(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        [killed] = filter(is_worker, children(server))
        os.kill(killed, signal.SIGKILL)
        until = time.monotonic() + 60
        while not (started := set(filter(is_worker, children(server))) - {killed}):
            assert time.monotonic() < until, (tmp_path / "server.log").read_text()
        # It takes a second or more to load the product, and nothing of it is there yet.
        os.kill(server.pid, signal.SIGTERM)
        until = time.monotonic() + 10
        while not all(map(has_ended, started)):
            assert time.monotonic() < until, "the worker that was starting did not hear it"
            time.sleep(0.05)
