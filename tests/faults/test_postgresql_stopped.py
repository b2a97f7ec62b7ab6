"""PostgreSQL is stopped at once, again and again, in the rush; the product says so and goes on by itself.

FAULTS_FULL=1 runs it at its full size: 20,000 check-ins instead of 1,500, with ten stops either way.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.core.db import db
from app.core.health import Heartbeat
from app.core.vocabulary import Role
from tests.conftest import WORKER
from tests.factories import make_staff, make_token, sign_in
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
    top_org,
    until_acknowledged,
)
from tests.own_postgresql import OwnPostgresql, own_postgresql
from tests.servers import Server, running

CHECK_INS, STOPS = (20_000, 10) if os.environ.get("FAULTS_FULL") else (1_500, 10)
PHONES = 16


def wait_for(what: Callable[[], object], crew: Crew, tally: Tally) -> None:
    until = time.monotonic() + 300
    while not what():
        crew.check()
        assert time.monotonic() < until, tally
        time.sleep(0.01)


def assert_it_says_so(server: Server, hall: Hall, attendant: Attendant, bearer: str, cookie: str) -> None:
    """While the database is away: programs and people get a clear "not now" in their language."""
    line = Line(server.url)
    refused = check_in(line, hall, attendant)
    assert (refused.status, refused.json()["code"]) == (503, "unavailable")
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["title"] == "现在存不进去"
    # Who asks is looked up before the route runs: the same answer.
    staff = line.get("/api/v1/orgs", Authorization=f"Bearer {bearer}", Accept_Language="en")
    assert (staff.status, staff.json()["code"]) == (503, "unavailable")
    for path, cookies in (
        (f"/c/{hall.code()}", f"bulou_member={attendant.token}"),
        ("/mine", f"bulou_member={attendant.token}; lang=en"),
        ("/members", cookie),
    ):
        page = line.get(path, Cookie=cookies)
        assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8"), path
        assert int(page.headers["retry-after"]) > 0
        assert f'href="{path}"' in page.text, "one tap tries again"
        assert "Traceback" not in page.text
    assert line.get("/healthz").status == 503
    line.close()


def exercise(server: Server, database: OwnPostgresql) -> None:
    crowd = make_crowd(server.app, CHECK_INS)
    hall = open_hall(server.app, expecting=crowd[: CHECK_INS // 2])
    bearer, cookie = staff_of(server)
    tally = Tally()

    def work(line: Line, attendant: Attendant) -> None:
        until_acknowledged(lambda: check_in(line, hall, attendant), tally)

    is_over = threading.Event()

    def visitors() -> Iterator[Attendant]:
        """Everyone once; and, where the machine was quick, again until the last stop is over."""
        yield from crowd
        while not is_over.is_set():
            yield from crowd[:PHONES]

    began = time.monotonic()
    with Crew(server.url, PHONES, visitors(), work) as crew:
        for stop in range(STOPS):
            wait_for(lambda done=(2 * stop + 1) * CHECK_INS // (2 * STOPS): tally.done >= done, crew, tally)
            before = tally["503"]
            database.stop_at_once()
            try:
                # Everyone under way has heard of it before it comes back.
                wait_for(lambda before=before: tally["503"] >= before + PHONES, crew, tally)
                if stop == 0:
                    assert_it_says_so(server, hall, crowd[0], bearer, cookie)
            finally:
                database.start()
        is_over.set()
    print(f"{CHECK_INS} check-ins, {STOPS} stops, {time.monotonic() - began:.0f} s: {tally}")  # noqa: T201
    assert tally["201"] + tally["200"] == tally.done >= CHECK_INS
    assert tally["lost"] == 0, "every request was answered"
    assert_exactly_once(server.app, hall, crowd)


def staff_of(server: Server) -> tuple[str, str]:
    """A bearer token, and the cookie of a browser that is signed in."""
    with server.app.app_context():
        user = make_staff("organiser", Role.ORGANISER, top_org())
        browser = sign_in(server.app.test_client(), user)
        cookie = browser.get_cookie("bulou")
        assert cookie is not None
        return make_token(user), f"bulou={cookie.value}"


def assert_it_ticks_again(server: Server, crew_done: Tally) -> None:
    """The scheduler's one leader held its lock on a connection that is gone; somebody leads again."""
    with server.app.app_context():
        db.session.execute(update(Heartbeat).values(beat_at=datetime.now(UTC) - timedelta(hours=1)))
        db.session.commit()
    until = time.monotonic() + 60
    while Line(server.url).get("/healthz").json()["scheduler"] != "ok":
        assert time.monotonic() < until, crew_done
        time.sleep(0.2)


@pytest.mark.slow
def test_a_postgresql_that_is_stopped_ten_times_loses_and_doubles_no_check_in(tmp_path: Path) -> None:
    with (
        own_postgresql(f"stopped-{WORKER}") as database,
        running(tmp_path, database.url, WORKERS="2") as server,
    ):
        exercise(server, database)
        assert_it_ticks_again(server, Tally())
        assert "unexpected_error" not in (tmp_path / "server.log").read_text()
