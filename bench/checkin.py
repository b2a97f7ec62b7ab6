"""A hall checks in at once: our call and our pages beside a bare Flask answer, in one run.

.venv/bin/python -m bench.checkin [--database sqlite|postgresql|both] [--members N] [--connections 16,64]

Runs on this machine: (a) a bare Flask "hello" under gunicorn's threads (2 × 8); and the product as in
production, with the demo district on a database of the bench's own (SQLite synchronous=FULL, PostgreSQL
synchronous_commit=on): (b) `POST /api/v1/checkins`, each member once; (c) the phone path, GET of
the scanned code and POST of the button; (d) the phone path for the whole district at 64 connections while a
projector and 50 pages are told live; (e) the same while somebody looks through the reports of the year.
(a) takes turns with (b) and with (c), three turns each: machines change their speed within seconds.
So does (f), the calls of (b) with and without the triggers of the yearly summaries.

Prints answers a second, their ratio to (a) in the turns between, the median and the 99th percentile,
processor time an answer of all the product's processes, and what the ledger holds afterwards. One client
thread drives every connection. `--database` and `--members` make a shorter run.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import re
import secrets
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, insert, select, text

from app.attendance.models import Attendance
from app.checkin.models import MemberBinding
from app.core.crypto import new_token, token_hash
from app.core.db import db
from app.core.vocabulary import FOREVER, Role
from app.members.models import Membership
from app.settings import ROOT
from bench.load import Load, Visit, request, run
from tests.databases import make_app, postgresql_database
from tests.factories import make_staff, sign_in
from tests.load import Attendant, Hall, open_hall, top_org
from tests.servers import Server, free_port, running

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PRODUCTION = {
    "APP_ENV": "production",
    "BASE_URL": "http://127.0.0.1",
    "TRUSTED_HOSTS": "127.0.0.1",
    "SECRET_KEY": "test-secret-key",
    "DATA_KEY": KEY,
    "DEMO": "0",
    # As many as run.py takes by itself.
    "WORKERS": "",
}
LIVE_PAGES = 50
# Of (a), and of (b) or (c).
TURNS = 3
REPORTS = ("person-times?by=org", "coverage?by=org", "uncovered?", "study-hours?")
HELLO = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def hello():
    return "hello"
"""


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    what: str
    connections: int
    load: Load
    processor: float
    note: str = ""


@dataclass(frozen=True)
class District:
    """The product on the demo district, and everybody's phone."""

    server: Server
    crowd: list[Attendant]
    cookie: str

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.server.url.rsplit(":", 1)[1])

    def open_hall(self) -> Hall:
        hall = open_hall(self.server.app, expecting=self.crowd)
        with self.server.app.app_context():
            if db.engine.dialect.name == "postgresql":
                # As the server does by itself after a while.
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE expected_attendees, attendance, member_bindings"))
        return hall

    def recorded(self, hall: Hall) -> str:
        with self.server.app.app_context():
            query = select(func.count()).where(Attendance.session_id == hall.session_id)
            rows = db.session.scalar(query) or 0
            db.session.remove()
        return f"{rows} rows of {len(self.crowd)} members" + ("" if rows == len(self.crowd) else " (!)")


# ---- what is asked -----------------------------------------------------------------------------------------


def by_call(hall: Hall, crowd: Sequence[Attendant]) -> Iterator[Visit]:
    """`POST /api/v1/checkins`, once a member."""

    def visit(one: Attendant) -> Visit:
        body = {"code": hall.code(), "member_token": one.token, "nonce": f"{hall.session_id}-{one.nonce}"}
        headers = {"Content_Type": "application/json", "Accept": "application/json"}
        yield request("POST", "/api/v1/checkins", json.dumps(body).encode(), **headers)

    return (visit(one) for one in crowd)


def by_phone(hall: Hall, crowd: Sequence[Attendant]) -> Iterator[Visit]:
    """The page of the scanned code, and its button; a phone that has been here before."""

    def visit(one: Attendant) -> Visit:
        cookies = f"__Host-bulou_browser={secrets.token_urlsafe(32)}; __Host-bulou_member={one.token}"
        page = yield request("GET", f"/c/{hall.code()}", Cookie=cookies)
        found = re.search(rb'name="ticket" value="([^"]+)"', page[1])
        if found is None:
            return
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        yield request("POST", "/checkin", b"ticket=" + found[1], Cookie=cookies, **form)

    return (visit(one) for one in crowd)


Way = Callable[[Hall, Sequence[Attendant]], Iterator[Visit]]


# ---- what is measured --------------------------------------------------------------------------------------


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


def measured(
    what: str, address: tuple[str, int], pid: int, visits: Iterator[Visit], connections: int
) -> Line:
    before = processor_seconds(family(pid))
    load = run(address, visits, connections)
    spent = processor_seconds(family(pid)) - before
    return Line(what, connections, load, spent / len(load.latencies))


def print_line(line: Line, bare: float) -> None:
    bad = {status: n for status, n in line.load.statuses.items() if status not in (200, 201)}
    print(
        f"{line.what:<40} {line.connections:>4} {line.load.rate:>7.0f} {line.load.rate / bare:>5.2f}"
        f" {line.load.percentile(0.5):>7.1f} {line.load.percentile(0.99):>7.1f}"
        f" {line.processor * 1e6:>7.0f}  {line.load.seconds:>5.1f} s  {line.note}{f' {bad}' if bad else ''}",
        flush=True,
    )


@dataclass(frozen=True)
class Bare:
    """(a): Flask with one line, under gunicorn's threads."""

    address: tuple[str, int]
    pid: int

    def turn(self, requests: int, connections: int) -> Line:
        ask = request("GET", "/")

        def visit() -> Visit:
            yield ask

        visits = (visit() for _ in range(requests))
        return measured("(a) bare Flask, gunicorn gthread 2×8", self.address, self.pid, visits, connections)


@contextlib.contextmanager
def bare_flask() -> Iterator[Bare]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello.py").write_text(HELLO)
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "8"]
        process = subprocess.Popen(
            [*command, "--log-level", "error", "-b", f"127.0.0.1:{port}", "hello:app"], cwd=folder
        )
        try:
            time.sleep(3)
            bare = Bare(("127.0.0.1", port), process.pid)
            bare.turn(1000, 16)
            yield bare
        finally:
            process.terminate()
            process.wait()


def together(turns: Sequence[Line]) -> Line:
    """One line of several turns."""
    load = Load()
    for turn in turns:
        load.latencies += turn.load.latencies
        load.seconds += turn.load.seconds
        load.visits += turn.load.visits
        for status, times in turn.load.statuses.items():
            load.statuses[status] = load.statuses.get(status, 0) + times
    spent = sum(turn.processor * len(turn.load.latencies) for turn in turns)
    return Line(turns[0].what, turns[0].connections, load, spent / len(load.latencies))


def in_turn(bare: Bare, name: str, district: District, way: Way, connections: int) -> tuple[Line, Line]:
    """(a), and everybody checking in by this way."""
    hall, address, pid = district.open_hall(), district.address, district.server.pid
    size = -(-len(district.crowd) // TURNS)
    hellos, lines = [], []
    for first in range(0, len(district.crowd), size):
        crowd = district.crowd[first : first + size]
        # As many as take about as long.
        hellos.append(bare.turn(3 * len(crowd), connections))
        lines.append(measured(name, address, pid, way(hall, crowd), connections))
    return together(hellos), replace(together(lines), note=district.recorded(hall))


def upkeep(district: District, database: str, connections: int) -> Iterator[Line]:
    """(f): the same calls with the triggers that keep the yearly summaries, and without them, in turn."""
    hall, address, pid = district.open_hall(), district.address, district.server.pid
    size = -(-len(district.crowd) // (2 * TURNS))
    found: dict[str, list[Line]] = {"with": [], "without": []}
    for first in range(0, len(district.crowd), size):
        crowd = district.crowd[first : first + size]
        which = "with" if len(found["with"]) == len(found["without"]) else "without"
        name = f"(f) … {which} upkeep, {database}"
        with contextlib.nullcontext() if which == "with" else no_triggers(district):
            found[which].append(measured(name, address, pid, by_call(hall, crowd), connections))
    yield from map(together, found.values())


@contextlib.contextmanager
def no_triggers(district: District) -> Iterator[None]:
    """The ledger's triggers are away meanwhile."""
    with district.server.app.app_context(), db.engine.connect() as connection:
        if db.engine.dialect.name == "postgresql":
            before, after = (
                [f"ALTER TABLE attendance {word} TRIGGER USER"] for word in ("DISABLE", "ENABLE")
            )
        else:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'attendance'"
            made = connection.execute(text(query)).all()
            before, after = [f"DROP TRIGGER {name}" for name, _ in made], [sql for _, sql in made]
        for statement in before:
            connection.execute(text(statement))
        connection.commit()
        yield
        for statement in after:
            connection.execute(text(statement))
        connection.commit()


@contextlib.contextmanager
def product(database: str, members: int, folder: Path) -> Iterator[District]:
    """The product as in production, on the demo district, with a phone for each of `members`."""
    with contextlib.ExitStack() as stack:
        if database == "postgresql":
            url = stack.enter_context(postgresql_database("bulou_hall"))
        else:
            url = f"sqlite:///{folder / 'hall.sqlite3'}"
        fill = make_app(url, folder)
        settings = {**os.environ, **PRODUCTION, "DATABASE_URL": url, "INSTANCE_DIR": str(folder)}
        command = [sys.executable, "-m", "flask", "--app", "app", "demo", "load"]
        subprocess.run(command, cwd=ROOT, env=settings, check=True, stderr=subprocess.DEVNULL)
        crowd, cookie = bind_everybody(fill, members)
        with fill.app_context():
            db.engine.dispose()
        yield District(stack.enter_context(running(folder, url, **PRODUCTION)), crowd, cookie)


def bind_everybody(app: object, members: int) -> tuple[list[Attendant], str]:
    """A phone for each member of today, and the cookie of an administrator."""
    with app.app_context():  # type: ignore[attr-defined]
        today = select(Membership.member_id).where(Membership.ends_on == FOREVER).limit(members)
        crowd = [Attendant(one, new_token(), secrets.token_hex(8)) for one in db.session.scalars(today)]
        now = datetime.now(UTC)
        rows = [
            {
                "member_id": one.member_id,
                "token_hash": token_hash(one.token),
                "proof": "api",
                "created_at": now,
            }
            for one in crowd
        ]
        db.session.execute(insert(MemberBinding), rows)
        db.session.commit()
        if db.engine.dialect.name == "postgresql":
            # As the server does by itself within a minute of such a load.
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        client = sign_in(app.test_client(), make_staff("bench", Role.ADMINISTRATOR, top_org()))  # type: ignore[attr-defined]
        found = client.get_cookie("bulou")
        assert found is not None
        db.session.remove()
    return crowd, f"__Host-bulou={found.value}"


# ---- the whole district at once ----------------------------------------------------------------------------


@contextlib.contextmanager
def live_pages(district: District, hall: Hall) -> Iterator[Callable[[], str]]:
    """A projector and 50 pages that are told; the callable says how many have heard of the last count."""
    streams = []
    for _ in range(LIVE_PAGES + 1):
        stream = socket.create_connection(district.address)
        stream.sendall(request("GET", f"/sessions/{hall.session_id}/live", Cookie=district.cookie))
        streams.append(stream)
    heard = dict.fromkeys(streams, b"")
    is_over = threading.Event()

    def listen() -> None:
        with selectors.DefaultSelector() as selector:
            for stream in streams:
                selector.register(stream, selectors.EVENT_READ)
            while not is_over.is_set():
                for key, _events in selector.select(0.2):
                    more = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    heard[key.fileobj] = (heard[key.fileobj] + more)[-2000:]  # type: ignore[index]
                    if not more:
                        selector.unregister(key.fileobj)

    def project() -> None:
        while not is_over.wait(2):
            state = f"{district.server.url}/sessions/{hall.session_id}/code.json"
            asked = urllib.request.Request(state, headers={"Cookie": district.cookie})
            urllib.request.urlopen(asked, timeout=20).read()

    threads = [threading.Thread(target=listen), threading.Thread(target=project)]
    for thread in threads:
        thread.start()

    def told() -> str:
        wanted = f'"attended": {len(district.crowd)}', f'"attended":{len(district.crowd)}'
        began, count = time.monotonic(), 0
        while count < len(streams) and time.monotonic() < began + 15:
            time.sleep(0.1)
            count = sum(any(words.encode() in text for words in wanted) for text in heard.values())
        return f", {count} of {len(streams)} pages know after {time.monotonic() - began:.1f} s"

    try:
        yield told
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
        for stream in streams:
            stream.close()


@contextlib.contextmanager
def reports(district: District) -> Iterator[list[float]]:
    """Reports of the year, one after another; how long each took."""
    took: list[float] = []
    is_over = threading.Event()

    def make() -> None:
        for name in itertools.cycle(REPORTS):
            if is_over.is_set():
                return
            path = f"{district.server.url}/reports/{name}&from=2019-01-01&to=2019-12-31&year=2019"
            began = time.perf_counter()
            urllib.request.urlopen(
                urllib.request.Request(path, headers={"Cookie": district.cookie}), timeout=120
            ).read()
            took.append(time.perf_counter() - began)
            # As long as somebody looks at it.
            is_over.wait(1)

    thread = threading.Thread(target=make)
    thread.start()
    try:
        yield took
    finally:
        is_over.set()
        thread.join()


def ours(bare: Bare, database: str, members: int, connections: Sequence[int]) -> Iterator[tuple[Line, float]]:
    """(a) to (e) on one database, each with the rate of (a) beside it."""
    ways = {
        f"(b) POST /api/v1/checkins, {database}": by_call,
        f"(c) phone GET + POST, {database}": by_phone,
    }
    with tempfile.TemporaryDirectory() as folder, product(database, members, Path(folder)) as district:
        address, pid = district.address, district.server.pid
        warm = district.open_hall()
        for way in ways.values():
            run(address, way(warm, district.crowd[:500]), 16)
        for (name, way), many in itertools.product(ways.items(), connections):
            hello, line = in_turn(bare, name, district, way, many)
            yield hello, hello.load.rate
            yield line, hello.load.rate
        for line in upkeep(district, database, 64):
            yield line, hello.load.rate
        for name, beside in (
            ("(d) district, 51 live pages", None),
            ("(e) … and reports of the year", reports),
        ):
            hello = bare.turn(len(district.crowd), 64)
            hall = district.open_hall()
            with contextlib.ExitStack() as stack:
                told = stack.enter_context(live_pages(district, hall))
                took = stack.enter_context(beside(district)) if beside else []
                line = measured(f"{name}, {database}", address, pid, by_phone(hall, district.crowd), 64)
                note = district.recorded(hall) + told()
                if took:
                    note += f", {len(took)} reports, the slowest {max(took):.1f} s"
            yield replace(line, note=note), hello.load.rate


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
    head = ("conn", "ans./s", "ratio", "p50 ms", "p99 ms", "CPU µs")
    print(f"{'':<40} {head[0]:>4} {head[1]:>7} {head[2]} {head[3]:>7} {head[4]:>7} {head[5]:>7}", flush=True)
    with bare_flask() as bare:
        for database in databases:
            for line, rate in ours(bare, database, asked.members, connections):
                print_line(line, rate)


if __name__ == "__main__":
    main()
