"""The process that imports a roster is killed again and again; in the end everybody is there, once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.access import Scope
from app.core.db import db
from app.core.tasks import LongTask
from app.core.vocabulary import OrgKind, Role, TaskState
from app.members.models import Member
from app.members.roster import review
from app.members.roster.uploads import Wish, upload_store
from tests import databases
from tests.conftest import WORKER
from tests.factories import make_org, make_staff
from tests.servers import Server, running

ROWS = 6_000


def roster() -> bytes:
    lines = ["姓名,所在党支部,手机号码,出生日期"]
    lines += [f"党员{chr(0x4E00 + i)},第一党支部,139{i:08d},1970-01-01" for i in range(ROWS)]
    return "\n".join(lines).encode()


def workers_of(folder: Path) -> list[int]:
    """Processes that do this server's long work."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            mine = f"INSTANCE_DIR={folder}".encode() in (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mine and command[-3:-1] == [b"tasks", b"work"]:
            found.append(int(process.name))
    return found


def send(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it may have finished by itself
        os.kill(pid, what)


def killed_at_work(folder: Path, at_work: Callable[[], bool]) -> bool:
    """Whether a worker was killed in the middle of its work.

    It is stopped while the state is asked, and goes on only between two calls: on a busy machine the
    work would be finished before the answer is there.
    """
    pids = workers_of(folder)
    for pid in pids:
        send(pid, signal.SIGSTOP)
    mid_work = bool(pids) and at_work()
    for pid in pids:
        send(pid, signal.SIGKILL if mid_work else signal.SIGCONT)
    return mid_work


def wait_for(what: Callable[[], object], log: Path, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def exercise(server: Server, folder: Path) -> None:
    log = folder / "server.log"
    with server.app.app_context():
        root = make_org("Q", kind=OrgKind.COMMITTEE)
        make_org("B1", root, name="第一党支部")
        scope = Scope((root.id,), make_staff("admin", Role.ADMINISTRATOR, root).id)
        token = review.begin_review(upload_store(), roster(), Wish(), scope, datetime.now(UTC))

    def state() -> TaskState | None:
        with server.app.app_context():
            return db.session.scalar(select(LongTask.state).order_by(LongTask.id.desc()).limit(1))

    for step in ("review", "apply"):
        if step == "apply":
            with server.app.app_context():
                review.begin_apply(upload_store(), token, scope, datetime.now(UTC))
        for _ in range(2):
            wait_for(lambda: killed_at_work(folder, lambda: state() is TaskState.RUNNING), log)
            wait_for(lambda: not workers_of(folder) or state() is not TaskState.RUNNING, log)
        wait_for(lambda: state() is TaskState.DONE, log)
    with server.app.app_context():
        names = db.session.scalar(select(func.count(Member.name.distinct())))
        assert (db.session.scalar(select(func.count()).select_from(Member)), names) == (ROWS, ROWS)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system does not list processes")
def test_an_import_survives_the_killing_of_its_worker(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        exercise(server, tmp_path)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system does not list processes")
def test_an_import_survives_the_killing_of_its_worker_on_postgresql(tmp_path: Path) -> None:
    with (
        databases.postgresql_database(f"bulou_killed_{WORKER}") as url,
        running(tmp_path, url) as server,
    ):
        exercise(server, tmp_path)
