"""Pages that listen to a session, hundreds at once, against the running server."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from app.accounts.services.sign_ins import sign_out_everywhere
from app.core.vocabulary import Role, SessionState
from tests import databases
from tests.conftest import WORKER
from tests.factories import make_member, make_org, make_session, make_staff, make_token, sign_in
from tests.servers import Server, running

PAGES = 200
CHECK_INS = 20
SOON = 6.0


class Stream:
    """One open page: the bytes it got so far."""

    def __init__(self, url: str, path: str, cookie: str) -> None:
        address = urlsplit(url)
        self.socket = socket.create_connection((str(address.hostname), address.port or 80), timeout=20)
        lines = (f"GET {path} HTTP/1.1", f"Host: {address.netloc}", f"Cookie: {cookie}", "", "")
        self.socket.sendall("\r\n".join(lines).encode())
        self.got = b""
        self.is_over = False

    @property
    def last(self) -> dict[str, object]:
        """The state it was told last; empty before the first."""
        told = [line for line in self.got.split(b"\n") if line.startswith(b"data: ")]
        return json.loads(told[-1][6:]) if told else {}

    def read(self) -> None:
        more = self.socket.recv(65536)
        self.got += more
        # The last chunk of an answer of unknown length is empty.
        self.is_over = not more or self.got.endswith(b"0\r\n\r\n")


@contextlib.contextmanager
def open_pages(server: Server, path: str, cookies: list[str]) -> Iterator[list[Stream]]:
    with contextlib.ExitStack() as kept:
        pages = [Stream(server.url, path, cookie) for cookie in cookies]
        for page in pages:
            kept.enter_context(page.socket)
        yield pages


def wait_for(pages: list[Stream], holds: Callable[[Stream], bool]) -> float:
    """Read until it holds for every page; how long that took."""
    began = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for page in pages:
            selector.register(page.socket, selectors.EVENT_READ, page)
        while not all(holds(page) for page in pages):
            assert time.monotonic() - began < SOON, f"{sum(map(holds, pages))} of {len(pages)} were told"
            for key, _events in selector.select(0.5):
                key.data.read()
                if key.data.is_over:
                    selector.unregister(key.fileobj)
    return time.monotonic() - began


def world(server: Server) -> SimpleNamespace:
    with server.app.app_context():
        root = make_org("Q")
        branch = make_org("Q1", root)
        session = make_session(branch, state=SessionState.OPEN, starts_at=datetime.now(UTC))
        members = [make_member(f"人{n}", branch).id for n in range(CHECK_INS)]
        user = make_staff("chief", Role.ADMINISTRATOR, root)
        client = server.app.test_client()
        cookies = []
        for _page in range(PAGES // 20):
            cookie = sign_in(client, user).get_cookie("bulou")
            assert cookie is not None
            cookies += [f"bulou={cookie.value}"] * 20
        return SimpleNamespace(
            session_id=session.id, members=members, user_id=user.id, token=make_token(user), cookies=cookies
        )


def get(server: Server, path: str, cookie: str = "") -> tuple[int, bytes]:
    request = urllib.request.Request(f"{server.url}{path}", headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read()


def check_in(server: Server, session_id: int, member_id: int, token: str) -> int:
    body = json.dumps({"session": session_id, "member": member_id, "method": "staff_entry"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/api/v1/checkins", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def two_hundred_pages_are_told(server: Server) -> None:
    there = world(server)
    path = f"/sessions/{there.session_id}/live"
    with open_pages(server, path, there.cookies) as pages:
        wait_for(pages, lambda page: page.last.get("attended") == 0)
        for member_id in there.members:
            assert check_in(server, there.session_id, member_id, there.token) == 201
            # What everybody else does goes on meanwhile, with eight threads' worth of turns.
            assert get(server, "/healthz")[0] == 200
            assert get(server, f"/sessions/{there.session_id}", there.cookies[0])[0] == 200
        wait_for(pages, lambda page: page.last.get("attended") == CHECK_INS)
        assert all(b"HTTP/1.1 200" in page.got and b"no-store" in page.got for page in pages)
        names = b"".join(page.got for page in pages)
        assert "人".encode() not in names
        # Signing out everywhere, of which a page that only listens hears nothing, ends them all.
        with server.app.app_context():
            sign_out_everywhere(there.user_id, datetime.now(UTC))
        wait_for(pages, lambda page: page.is_over)


def test_two_hundred_open_pages_are_told_and_the_others_go_on_on_sqlite(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        two_hundred_pages_are_told(server)


def test_two_hundred_open_pages_are_told_and_the_others_go_on_on_postgresql(tmp_path: Path) -> None:
    with (
        databases.postgresql_database(f"bulou_live_{WORKER}") as url,
        running(tmp_path, url) as server,
    ):
        two_hundred_pages_are_told(server)


def test_a_page_too_many_is_told_not_to_listen_and_asks_instead(tmp_path: Path) -> None:
    with running(tmp_path, LIVE_STREAMS="3") as server:
        there = world(server)
        path = f"/sessions/{there.session_id}/live"
        with open_pages(server, path, there.cookies[:3]) as pages:
            wait_for(pages, lambda page: page.last.get("attended") == 0)
            assert get(server, path, there.cookies[0]) == (204, b"")
            status, body = get(server, f"{path}.json", there.cookies[0])
            assert (status, json.loads(body)) == (200, pages[0].last)


def test_a_server_that_is_stopped_does_not_wait_for_those_who_listen(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        there = world(server)
        stop = contextlib.ExitStack()
        pages = stop.enter_context(
            open_pages(server, f"/sessions/{there.session_id}/live", there.cookies[:20])
        )
        wait_for(pages, lambda page: page.last.get("attended") == 0)
        began = time.monotonic()
    with stop:
        assert time.monotonic() - began < 10
        wait_for(pages, lambda page: page.is_over)
        with pytest.raises(urllib.error.URLError):
            get(server, "/healthz")
