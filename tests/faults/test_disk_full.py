"""The disk is full: a clear "not now", nothing half-stored, and on it goes when there is room again."""

from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests import databases
from tests.conftest import WORKER
from tests.load import (
    Attendant,
    Crew,
    Hall,
    Line,
    Tally,
    assert_exactly_once,
    check_in,
    make_crowd,
    open_hall,
    until_acknowledged,
)
from tests.own_postgresql import own_postgresql
from tests.servers import Server, running

CHECK_INS = 400
PHONES = 8


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own that holds no more; skips where the test may not mount one."""
    disk = folder / "disk"
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by an administrator only; the limit on a file is tested")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        disk.rmdir()


class Ballast:
    """A file that takes all the room there is left; `squeeze` first gives back what a database has unused."""

    def __init__(self, disk: Path, squeeze: Callable[[], None]) -> None:
        self._path = disk / "ballast"
        self._squeeze = squeeze

    def fill(self) -> None:
        self._squeeze()
        with open(self._path, "wb", buffering=0) as file:
            for size in (65_536, 4_096):
                try:
                    while file.write(b"\0" * size) == size:
                        pass
                except OSError:
                    continue

    def lift(self) -> None:
        self._path.unlink()


class FileLimit:
    """No file of the server's processes may grow beyond what the database has now."""

    def __init__(self, server: Server, size: int) -> None:
        self._server, self._size = server, size

    def fill(self) -> None:
        self._limit(self._size)

    def lift(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        for pid in (self._server.pid, *map(int, children)):
            _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def exercise(server: Server, fill: Callable[[], None], lift: Callable[[], None]) -> None:
    """A third checks in, the disk fills up, the others come, and are through when it is freed."""
    crowd = make_crowd(server.app, CHECK_INS)
    hall, tally, acknowledged = open_hall(server.app), Tally(), []

    def work(line: Line, attendant: Attendant) -> None:
        until_acknowledged(lambda: check_in(line, hall, attendant), tally)
        acknowledged.append(attendant)

    with Crew(server.url, PHONES, crowd[: CHECK_INS // 3], work):
        pass
    fill()
    with Crew(server.url, PHONES, crowd[CHECK_INS // 3 :], work) as crew:
        try:
            until = time.monotonic() + 300
            while tally["503"] < 5 * PHONES:
                crew.check()
                assert time.monotonic() < until, tally
                time.sleep(0.01)
            assert_it_says_so(server, hall, crowd[-1])
        finally:
            lift()
    print(f"{CHECK_INS} check-ins: {tally}")  # noqa: T201
    assert tally["201"] + tally["200"] == CHECK_INS
    assert tally["lost"] == 0
    assert_exactly_once(server.app, hall, acknowledged)


def assert_it_says_so(server: Server, hall: Hall, attendant: Attendant) -> None:
    line = Line(server.url)
    refused = check_in(line, hall, attendant)
    assert (refused.status, refused.json()["code"]) == (503, "unavailable")
    assert "没有确认记下" in refused.json()["detail"]
    # Whoever only looks is not kept from it.
    assert line.get("/healthz").status == 200
    line.close()


def log_of(folder: Path) -> str:
    return (folder / "server.log").read_text()


@pytest.mark.slow
def test_a_full_disk_is_said_and_got_over_on_sqlite(tmp_path: Path) -> None:
    with small_disk(tmp_path, 24) as disk, running(tmp_path, f"sqlite:///{disk / 'x.sqlite3'}") as server:
        ballast = Ballast(disk, lambda: squeeze_sqlite(disk / "x.sqlite3"))
        exercise(server, ballast.fill, ballast.lift)
        assert "SQLITE_FULL" in log_of(tmp_path)
        assert "unexpected_error" not in log_of(tmp_path)


@pytest.mark.slow
def test_a_database_that_may_not_grow_is_said_and_got_over_on_sqlite(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        limit = FileLimit(server, 64 * 1024)
        exercise(server, limit.fill, limit.lift)
        assert "unexpected_error" not in log_of(tmp_path)


@pytest.mark.slow
def test_a_full_disk_is_said_and_got_over_on_postgresql(tmp_path: Path) -> None:
    """The ledger lies on a disk of its own: PostgreSQL does not outlive a full one under its log."""
    with (
        own_postgresql(f"full-{WORKER}") as database,
        small_disk(databases.run_root() / f"ledger-{WORKER}", 4) as disk,
        running(tmp_path, database.url) as server,
    ):
        move_ledger(database.url, disk, database.user)
        ballast = Ballast(disk, lambda: squeeze_postgresql(database.url))
        exercise(server, ballast.fill, ballast.lift)
        assert "DiskFull 53100" in log_of(tmp_path)
        assert "unexpected_error" not in log_of(tmp_path)


def squeeze_sqlite(path: Path) -> None:
    """SQLite goes on for a while in a log that has grown already: take it away."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def squeeze_postgresql(url: str) -> None:
    """PostgreSQL makes room for many rows at once when many come at once: give back what is unused."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL attendance")


def move_ledger(url: str, disk: Path, owner: str | None) -> None:
    place = disk / "ledger"
    place.mkdir()
    if owner is not None:
        shutil.chown(place, owner)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE ledger LOCATION '{place}'")
        connection.execute("ALTER TABLE attendance SET TABLESPACE ledger")
