"""Worker processes are killed in the rush; who was told "recorded" is recorded, once.

FAULTS_FULL=1 runs it at its full size: 20,000 check-ins and 50 kills (some minutes a database).
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests import databases
from tests.conftest import WORKER
from tests.faults.test_worker_killed import children, is_worker
from tests.load import (
    Attendant,
    Crew,
    Line,
    Tally,
    assert_exactly_once,
    check_in,
    make_crowd,
    open_hall,
    until_acknowledged,
)
from tests.servers import Server, running

CHECK_INS, KILLS = (20_000, 50) if os.environ.get("FAULTS_FULL") else (2_000, 8)
PHONES = 16
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system has no /proc")


def started_at(pid: int) -> int:
    """Clock ticks since the machine started; the process's name may hold blanks, what follows it none."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])


def oldest_worker(server: Server) -> int | None:
    """The one that has answered for longest, while both are there."""
    try:
        both = sorted(filter(is_worker, children(server)), key=started_at)
    except OSError:  # one ended while it was looked at
        return None
    return both[0] if len(both) == 2 else None


def kill_one_after(server: Server, crew: Crew, tally: Tally, done: int) -> None:
    until = time.monotonic() + 300
    while True:
        crew.check()
        assert time.monotonic() < until, tally
        worker = oldest_worker(server) if tally.done >= done else None
        if worker is not None:
            os.kill(worker, signal.SIGKILL)
            return
        time.sleep(0.005)


def exercise(server: Server) -> None:
    crowd = make_crowd(server.app, CHECK_INS)
    hall = open_hall(server.app, expecting=crowd[: CHECK_INS // 2])
    tally = Tally()

    def work(line: Line, attendant: Attendant) -> None:
        until_acknowledged(lambda: check_in(line, hall, attendant), tally)

    began = time.monotonic()
    with Crew(server.url, PHONES, crowd, work) as crew:
        for kill in range(KILLS):
            kill_one_after(server, crew, tally, (2 * kill + 1) * CHECK_INS // (2 * KILLS))
    print(f"{CHECK_INS} check-ins, {KILLS} kills, {time.monotonic() - began:.0f} s: {tally}")  # noqa: T201
    assert tally["lost"] >= KILLS, "the kills came while check-ins were under way"
    assert tally["201"] + tally["200"] == CHECK_INS
    assert_exactly_once(server.app, hall, crowd)


@pytest.mark.slow
@needs_proc
def test_killed_workers_lose_and_double_no_check_in_on_sqlite(tmp_path: Path) -> None:
    with running(tmp_path, WORKERS="2") as server:
        exercise(server)


@pytest.mark.slow
@needs_proc
def test_killed_workers_lose_and_double_no_check_in_on_postgresql(tmp_path: Path) -> None:
    with (
        databases.postgresql_database(f"bulou_rush_{WORKER}") as url,
        running(tmp_path, url, WORKERS="2") as server,
    ):
        exercise(server)
