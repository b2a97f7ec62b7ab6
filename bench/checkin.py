"""A hall checks in at once: our call and our pages beside a bare Flask answer, in one run.

.venv/bin/python -m bench.checkin [--database sqlite|postgresql|both] [--members N] [--connections 16,64]

Starts, one after the other on this machine: (a) a bare Flask "hello" under gunicorn's threads (2 × 8);
(b) `POST /api/v1/checkins` of the product as it runs in production, each member once; (c) the phone path,
GET of the scanned code and POST of the button. Databases are durable (SQLite synchronous=FULL, PostgreSQL
synchronous_commit=on) and of the bench's own. Prints requests a second, their ratio to (a) at as many
connections, median and 99th percentile, processor time a request of all the server's processes, and how many
rows are in the ledger afterwards. One client thread drives every connection; its own share of the processors
is the same for all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, insert, select, text

from app.attendance.models import Attendance
from app.checkin.models import MemberBinding
from app.checkin.rules import long_code, step_of
from app.core.crypto import token_hash
from app.core.db import db
from app.core.vocabulary import FOREVER, OrgKind, OrgSector, SessionState
from app.members.models import Member, Membership
from app.trainings.models import ExpectedAttendee
from bench.load import Answer, Load, Visit, request, run
from tests.databases import postgresql_database
from tests.factories import make_org, make_session
from tests.servers import Server, free_port, running

STEP_SECONDS = 15
A_BRANCH = 40
SINCE = date(2000, 1, 1)
HELLO = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def hello():
    return "hello"
"""


@dataclass(frozen=True)
class Hall:
    """Members with a bound phone each, and a way to open another session for all of them."""

    server: Server
    tokens: list[str]
    root: Any

    def open_session(self) -> tuple[int, bytes]:
        with self.server.app.app_context():
            now = datetime.now(UTC)
            row = make_session(self.root, state=SessionState.OPEN, starts_at=now, opened_at=now)
            everyone = select(Membership.member_id, Membership.org_id)
            db.session.execute(
                insert(ExpectedAttendee),
                [
                    {"session_id": row.id, "member_id": member_id, "org_id": org_id, "groups": 0}
                    for member_id, org_id in db.session.execute(everyone)
                ],
            )
            found = (row.id, row.code_secret)
            db.session.commit()
            if db.engine.dialect.name == "postgresql":
                # As the server does by itself after a while.
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE expected_attendees, attendance"))
            return found

    def recorded(self, session_id: int) -> int:
        with self.server.app.app_context():
            query = select(func.count()).where(Attendance.session_id == session_id)
            return db.session.scalar(query) or 0


def fill(server: Server, members: int) -> Hall:
    """A district of `members`, forty a branch, each with a bound phone."""
    tokens = [secrets.token_urlsafe(32) for _ in range(members)]
    with server.app.app_context():
        now = datetime.now(UTC)
        root = make_org("Q", name="示范区委员会", kind=OrgKind.COMMITTEE)
        branches = [
            make_org(f"Q{i}", root, sector=list(OrgSector)[i % len(OrgSector)]).id
            for i in range(max(1, members // A_BRANCH))
        ]
        rows = [
            {
                "id": number,
                "name": f"党员{number}",
                "pinyin": "dangyuan",
                "pinyin_initials": "dy",
                "birth_date": date(1940, 1, 1) + timedelta(days=number % 20_000),
                "created_at": now,
                "updated_at": now,
            }
            for number in range(1, members + 1)
        ]
        db.session.execute(insert(Member), rows)
        db.session.execute(
            insert(Membership),
            [
                {
                    "member_id": n,
                    "org_id": branches[n % len(branches)],
                    "starts_on": SINCE,
                    "ends_on": FOREVER,
                }
                for n in range(1, members + 1)
            ],
        )
        db.session.execute(
            insert(MemberBinding),
            [
                {"member_id": n, "token_hash": token_hash(token), "proof": "api", "created_at": now}
                for n, token in enumerate(tokens, 1)
            ],
        )
        db.session.commit()
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        root_id = root.id
    return Hall(server, tokens, SimpleNamespace(id=root_id))


def code_of(session_id: int, secret: bytes) -> str:
    return long_code(secret, session_id, step_of(datetime.now(UTC), STEP_SECONDS))


def by_call(session_id: int, secret: bytes, tokens: Sequence[str]) -> Iterator[Visit]:
    """`POST /api/v1/checkins`, once a member."""

    def visit(token: str) -> Visit:
        body = {
            "code": code_of(session_id, secret),
            "member_token": token,
            "nonce": f"{session_id}-{token[:16]}",
        }
        headers = {"Content_Type": "application/json", "Accept": "application/json"}
        answer = yield request("POST", "/api/v1/checkins", json.dumps(body).encode(), **headers)
        assert answer[0] == 201, answer

    return (visit(token) for token in tokens)


def by_phone(session_id: int, secret: bytes, tokens: Sequence[str]) -> Iterator[Visit]:
    """The page of the scanned code, and its button."""

    def visit(token: str) -> Visit:
        browser = secrets.token_urlsafe(32)
        cookies = f"__Host-bulou_browser={browser}; __Host-bulou_member={token}"
        page: Answer = yield request("GET", f"/c/{code_of(session_id, secret)}", Cookie=cookies)
        found = re.search(rb'name="ticket" value="([^"]+)"', page[1])
        assert found, page
        form = b"ticket=" + found[1]
        headers = {"Cookie": cookies, "Content_Type": "application/x-www-form-urlencoded"}
        done = yield request("POST", "/checkin", form, **headers)
        assert done[0] == 200, done

    return (visit(token) for token in tokens)


def family(pid: int) -> list[int]:
    """A process and all that it has started."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
            found += [int(child) for child in children]
    return found


def processor_seconds(pids: Sequence[int]) -> float:
    """User and system time that these processes have used."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(parts[11]) + int(parts[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    what: str
    connections: int
    load: Load
    processor: float
    note: str = ""


def measured(
    what: str, address: tuple[str, int], pid: int, visits: Iterator[Visit], connections: int
) -> Line:
    before = processor_seconds(family(pid))
    load = run(address, visits, connections)
    spent = processor_seconds(family(pid)) - before
    return Line(what, connections, load, spent / len(load.latencies))


def print_line(line: Line, hello: dict[int, float]) -> None:
    bare = hello.get(line.connections)
    ratio = f"{line.load.rate / bare:5.2f}" if bare else "    –"
    print(
        f"{line.what:<36} {line.connections:>4} {line.load.rate:>8.0f} {ratio}"
        f" {line.load.percentile(0.5):>8.1f} {line.load.percentile(0.99):>8.1f}"
        f" {line.processor * 1e6:>8.0f}  {line.note}",
        flush=True,
    )


def head() -> None:
    print(
        f"{'':<36} {'conn':>4} {'req/s':>8} {'ratio':>5} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs':>8}",
        flush=True,
    )


def bare(connections: Sequence[int], requests: int) -> Iterator[Line]:
    """(a): Flask with one line, under gunicorn's threads."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello.py").write_text(HELLO)
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "8"]
        process = subprocess.Popen(
            [*command, "--log-level", "error", "-b", f"127.0.0.1:{port}", "hello:app"], cwd=folder
        )
        try:
            time.sleep(3)
            ask = request("GET", "/")

            def visit() -> Visit:
                answer = yield ask
                assert answer[0] == 200

            run(("127.0.0.1", port), (visit() for _ in range(1000)), 16)
            for many in connections:
                visits = (visit() for _ in range(requests))
                yield measured(
                    "(a) bare Flask, gunicorn gthread 2×8", ("127.0.0.1", port), process.pid, visits, many
                )
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def product(database: str, members: int, folder: Path) -> Iterator[Hall]:
    """The product as in production, on a district of its own."""
    settings = {
        "APP_ENV": "production",
        "BASE_URL": "http://127.0.0.1",
        "TRUSTED_HOSTS": "127.0.0.1",
        "DATA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgresql_database("bulou_hall")) if database == "postgresql" else ""
        server = stack.enter_context(running(folder, url, **settings))
        yield fill(server, members)


def ours(database: str, members: int, connections: Sequence[int]) -> Iterator[Line]:
    """(b) and (c) on one database."""
    ways: dict[str, Callable[..., Iterator[Visit]]] = {
        f"(b) POST /api/v1/checkins, {database}": by_call,
        f"(c) phone GET + POST, {database}": by_phone,
    }
    with tempfile.TemporaryDirectory() as folder, product(database, members, Path(folder)) as hall:
        address = ("127.0.0.1", int(hall.server.url.rsplit(":", 1)[1]))
        pid = hall.server.pid
        warm = hall.open_session()
        for way in ways.values():
            run(address, islice(way(*warm, hall.tokens), 500), 16)
        for name, way in ways.items():
            for many in connections:
                opened = hall.open_session()
                line = measured(name, address, pid, way(*opened, hall.tokens), many)
                rows = hall.recorded(opened[0])
                note = f"{rows} rows of {members} members" + ("" if rows == members else " (!)")
                yield Line(line.what, many, line.load, line.processor, note)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--members", type=int, default=13_700)
    parser.add_argument("--connections", default="16,64")
    asked = parser.parse_args()
    connections = [int(part) for part in asked.connections.split(",")]
    databases = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    head()
    hello: dict[int, float] = {}
    for line in bare(connections, asked.members):
        hello[line.connections] = line.load.rate
        print_line(line, hello)
    for database in databases:
        for line in ours(database, asked.members, connections):
            print_line(line, hello)


if __name__ == "__main__":
    main()
