"""Many identical requests in the same moment, over HTTP, against the running server."""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from app.attendance.models import Attendance
from app.checkin.rules import long_code, step_of
from app.checkin.services.bindings import create_binding
from app.core.access import Scope
from app.core.db import db
from app.core.vocabulary import SessionState
from tests import databases
from tests.conftest import WORKER
from tests.factories import make_member, make_org, make_session
from tests.servers import Server, running

POSTS = 200


def exercise(server: Server) -> None:
    with server.app.app_context():
        branch = make_org("Q1")
        member = make_member("王小明", branch)
        session = make_session(branch, state=SessionState.OPEN, starts_at=datetime.now(UTC))
        token = create_binding(member.id, Scope((branch.id,), None), datetime.now(UTC))
        code = long_code(session.code_secret, session.id, step_of(datetime.now(UTC), 15))
    page = urllib.request.Request(f"{server.url}/c/{code}", headers={"Cookie": f"bulou_member={token}"})
    with urllib.request.urlopen(page) as answer:
        browser = answer.headers["Set-Cookie"].split(";")[0]
        ticket = re.findall(r'name="ticket" value="([^"]+)"', answer.read().decode())[0]
    seen: Counter[str] = Counter()
    start = threading.Barrier(POSTS)

    def post() -> None:
        body = urllib.parse.urlencode({"ticket": ticket}).encode()
        cookie = f"bulou_member={token}; {browser}"
        request = urllib.request.Request(f"{server.url}/checkin", body, {"Cookie": cookie})
        start.wait()
        try:
            with urllib.request.urlopen(request, timeout=60) as done:
                text = done.read().decode()
                seen["created" if "签到成功" in text.split("<main")[1] else "repeated"] += 1
        except urllib.error.HTTPError as refused:
            seen[str(refused.code)] += 1

    threads = [threading.Thread(target=post) for _ in range(POSTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"created": 1, "repeated": POSTS - 1}
    with server.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Attendance)) == 1


def test_two_hundred_identical_posts_leave_one_row_on_sqlite(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        exercise(server)


def test_two_hundred_identical_posts_leave_one_row_on_postgresql(tmp_path: Path) -> None:
    with (
        databases.postgresql_database(f"bulou_many_{WORKER}") as url,
        running(tmp_path, url) as server,
    ):
        exercise(server)
