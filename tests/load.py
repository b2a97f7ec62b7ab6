"""Crowds, halls and clients that check in over HTTP: for tests of faults and for measurements.

A client is a `Line`: one connection that stays open, on a bare socket, so that it costs little beside the
server that it is to keep busy. `Crew` runs many of them, `Tally` counts what they saw.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import func, insert, select

from app.attendance.models import Attendance, AttendanceChange
from app.checkin.models import MemberBinding
from app.checkin.rules import long_code, step_of
from app.core.crypto import new_token, token_hash
from app.core.db import db, writing
from app.core.vocabulary import FOREVER, OrgKind, SessionState
from app.members.models import Member, Membership, OrgPlacement
from app.trainings.models import ExpectedAttendee
from tests.factories import LONG_AGO, NOW, make_org, make_session

STEP_SECONDS = 15
_CHUNK = 2_000
# How long somebody goes on trying before the test gives up on them.
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Attendant:
    """A member with a bound phone."""

    member_id: int
    token: str
    # One for each member is enough: it names one check-in however often that is sent.
    nonce: str


@dataclass(frozen=True, slots=True)
class Hall:
    """An open session, and what its projector derives codes from."""

    session_id: int
    secret: bytes

    def code(self) -> str:
        """The code on the screen now."""
        return long_code(self.secret, self.session_id, step_of(datetime.now(UTC), STEP_SECONDS))


def top_org() -> Any:
    """The unit at the top of the tree (made where there is none), with its `id`; inside an app's context."""
    query = select(OrgPlacement.org_id.label("id")).where(OrgPlacement.parent_id.is_(None))
    return db.session.execute(query.limit(1)).first() or make_org("TOP", kind=OrgKind.COMMITTEE)


def make_crowd(app: Flask, count: int, *, branches: int = 1) -> list[Attendant]:
    """Members with bound phones, spread over new branches below the top; 20,000 take seconds."""
    with app.app_context():
        top, name = top_org(), uuid.uuid4().hex[:8]
        orgs = [make_org(f"{name}-{number}", top).id for number in range(branches)]
        crowd: list[Attendant] = []
        for start in range(0, count, _CHUNK):
            with writing() as session:
                numbers = range(start, min(start + _CHUNK, count))
                crowd += _add_members(session, numbers, orgs)
        db.session.remove()
    return crowd


def _add_members(session: Any, numbers: range, orgs: Sequence[int]) -> list[Attendant]:
    people = [
        {
            "name": f"党员{number}",
            "pinyin": f"dangyuan{number}",
            "pinyin_initials": "dy",
            "created_at": NOW,
            "updated_at": NOW,
        }
        for number in numbers
    ]
    ids = session.scalars(insert(Member).returning(Member.id, sort_by_parameter_order=True), people).all()
    made = [Attendant(member_id, new_token(), str(uuid.uuid4())) for member_id in ids]
    session.execute(
        insert(Membership),
        [
            {
                "member_id": one.member_id,
                "org_id": orgs[n % len(orgs)],
                "starts_on": LONG_AGO,
                "ends_on": FOREVER,
            }
            for n, one in enumerate(made)
        ],
    )
    bindings = [
        {"member_id": one.member_id, "token_hash": token_hash(one.token), "proof": "api", "created_at": NOW}
        for one in made
    ]
    session.execute(insert(MemberBinding), bindings)
    return made


def open_hall(app: Flask, *, expecting: Iterable[Attendant] = (), **more: Any) -> Hall:
    """A session of the unit at the top that is open now; `expecting` fills its list."""
    with app.app_context():
        host = top_org()
        row = make_session(host, state=SessionState.OPEN, starts_at=datetime.now(UTC), **more)
        hall = Hall(row.id, row.code_secret)
        expected = [
            {"session_id": hall.session_id, "member_id": one.member_id, "org_id": host.id, "groups": 0}
            for one in expecting
        ]
        with writing() as session:
            if expected:
                session.execute(insert(ExpectedAttendee), expected)
        db.session.remove()
    return hall


class Lost(Exception):
    """The connection broke before the whole answer was there: nobody knows whether it was recorded."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    # What a browser would send back as `Cookie`.
    cookies: str = ""

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Line:
    """One kept connection; a request after it broke opens another."""

    def __init__(self, url: str, *, timeout_seconds: float = 60) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._host = parts.netloc
        self._timeout = timeout_seconds
        self._socket: socket.socket | None = None

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, b"", headers)

    def post_json(self, path: str, body: Any, **headers: str) -> Answer:
        text = json.dumps(body).encode()
        return self.ask("POST", path, text, {"Content-Type": "application/json", **headers})

    def post_form(self, path: str, body: str, **headers: str) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.ask("POST", path, body.encode(), form)

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request and wait for its answer. Raises Lost.

        A header's name may be written with `_` for `-`.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, self._timeout)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            return self._answer(self._socket)
        except OSError as broken:
            self.close()
            raise Lost() from broken

    def _answer(self, connection: socket.socket) -> Answer:
        received = b""
        while b"\r\n\r\n" not in received:
            received += _more(connection)
        head, body = received.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        pairs = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in rest)]
        headers, cookies = dict(pairs), [value.split(";")[0] for name, value in pairs if name == "set-cookie"]
        length = int(headers["content-length"])
        while len(body) < length:
            body += _more(connection)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(first.split()[1]), headers, body, "; ".join(cookies))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise ConnectionResetError("the other side closed the connection")
    return part


class Tally:
    """Counts what clients saw, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._done = 0

    def note(self, what: str) -> None:
        with self._lock:
            self._seen[what] += 1

    def finish(self) -> None:
        """One piece of work has come to its end."""
        with self._lock:
            self._done += 1

    @property
    def done(self) -> int:
        return self._done

    def __getitem__(self, what: str) -> int:
        return self._seen[what]

    def __repr__(self) -> str:
        return ", ".join(f"{what} {times}" for what, times in sorted(self._seen.items()))


def check_in(line: Line, hall: Hall, attendant: Attendant) -> Answer:
    """What a bound app sends: the code of this moment, its token, its nonce."""
    body = {"code": hall.code(), "member_token": attendant.token, "nonce": attendant.nonce}
    return line.post_json("/api/v1/checkins", body)


def until_acknowledged(
    ask: Callable[[], Answer], tally: Tally, *, pause_seconds: float = 0.1, good: Sequence[int] = (200, 201)
) -> Answer:
    """Send the same again after a lost answer or a clear "not now", as a phone does.

    Any other answer than those and `good` ones is wrong.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            answer = ask()
        except Lost:
            tally.note("lost")
            time.sleep(pause_seconds)
            continue
        tally.note(str(answer.status))
        if answer.status in good:
            tally.finish()
            return answer
        assert answer.status == 503, (answer.status, answer.body[:500])
        assert "retry-after" in answer.headers
        time.sleep(pause_seconds)
    raise AssertionError(f"no acknowledgement within {PATIENCE_SECONDS} seconds: {tally}")


class Crew:
    """Clients side by side, each on a line of its own, who take the next piece of work when one is done.

    `with Crew(…):` waits at the end until all is done, and raises what went wrong in any of them.
    """

    def __init__(self, url: str, lines: int, tasks: Iterable[Any], work: Callable[[Line, Any], None]) -> None:
        self._tasks: Iterator[Any] = iter(tasks)
        self._next = threading.Lock()
        self._wrong: list[BaseException] = []
        self._work = work
        self._threads = [threading.Thread(target=self._run, args=(Line(url),)) for _ in range(lines)]

    def _run(self, line: Line) -> None:
        try:
            while not self._wrong:
                with self._next:
                    task = next(self._tasks, None)
                if task is None:
                    break
                self._work(line, task)
        except BaseException as wrong:
            self._wrong.append(wrong)
        finally:
            line.close()

    def check(self) -> None:
        """Raise what has gone wrong so far."""
        if self._wrong:
            raise self._wrong[0]

    def stop(self) -> None:
        """Let them finish what they have begun and take nothing more."""
        with self._next:
            self._tasks = iter(())

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        if kind is not None:
            self.stop()
        for thread in self._threads:
            thread.join()
        if kind is None:
            self.check()


def assert_exactly_once(app: Flask, hall: Hall, crowd: Iterable[Attendant]) -> None:
    """The ledger holds one row for each of the crowd, made by that member's own request, and nothing else."""
    wanted = {one.member_id: one.nonce for one in crowd}
    with app.app_context():
        query = select(Attendance.member_id, Attendance.nonce)
        rows = db.session.execute(query.where(Attendance.session_id == hall.session_id)).all()
        found = {row.member_id: row.nonce for row in rows}
        everything = db.session.scalar(select(func.count()).select_from(Attendance))
        changes = db.session.scalar(select(func.count()).select_from(AttendanceChange))
        db.session.remove()
    lost = [member for member in wanted if member not in found]
    added = [member for member in found if member not in wanted]
    assert (len(lost), len(added)) == (0, 0), f"lost {lost[:5]}, nobody's {added[:5]}"
    assert (len(rows), everything, changes) == (len(wanted), len(wanted), 0)
    assert found == wanted
