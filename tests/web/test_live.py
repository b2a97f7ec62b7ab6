"""What a page is told of a session while it is open: as a stream, and when it asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.attendance.queries.live import live_states
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.core.access import Scope
from app.core.db import db, writing
from app.core.live import Broadcaster
from app.core.vocabulary import Role, SessionState, Status
from app.trainings.rules import Step
from app.trainings.services.lifecycle import take_step
from tests.factories import attend, make_member, make_org, make_session, make_staff, sign_in
from tests.query_counter import count_queries

RULES: dict[str, Any] = {"tz": ZoneInfo("Asia/Shanghai"), "elderly_age": 60}


@pytest.fixture
@writing()
def hall(ctx: Flask) -> SimpleNamespace:
    root = make_org("Q")
    here, beside = make_org("Q1", root), make_org("Q2", root)
    now = datetime.now(UTC)
    return SimpleNamespace(
        session=make_session(here, state=SessionState.OPEN, starts_at=now),
        beside=make_session(beside, state=SessionState.OPEN, starts_at=now),
        members=[make_member(name, here) for name in ("甲", "乙")],
        reader=make_staff("reader", Role.SUPERVISOR, here),
        scope=Scope((root.id,), make_staff("writer", Role.ORGANISER, root).id),
        now=now,
    )


@pytest.fixture
def reader(client: FlaskClient, hall: SimpleNamespace, ctx: Flask) -> Iterator[FlaskClient]:
    yield sign_in(client, hall.reader)
    live: Broadcaster = ctx.extensions["live"]
    live.stop()
    for thread in threading.enumerate():
        if thread.name == "live":
            thread.join(20)
    # The app outlives the test.
    live._has_stopped = False


def set_present(hall: SimpleNamespace, member: Any, status: Status = Status.PRESENT) -> None:
    sighting = staff_sighting(hall.session.id, member.id, status, None, hall.scope.user_id, hall.now)
    set_status(sighting, "", hall.scope, hall.now, **RULES)


def test_a_stream_tells_counts_and_state_and_nobodys_name(reader: FlaskClient, hall: SimpleNamespace) -> None:
    attend(hall.session, hall.members[0], is_extra=True)
    with reader.get(f"/sessions/{hall.session.id}/live") as response:
        assert response.status_code == 200
        assert response.content_type == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        chunks = response.iter_encoded()
        assert next(chunks).startswith(b"retry: ")
        event = next(chunks)
    told = json.loads(event.removeprefix(b"data: ").removesuffix(b"\n\n"))
    assert (told["state"], told["attended"], told["extra"]) == ("open", 1, 1)
    assert told == reader.get(f"/sessions/{hall.session.id}/live.json").json
    assert set(told) == {
        "state", "version", "expected", "attended", "extra", "made_up", "excused", "absent", "unrecorded",
        "not_signed_out",
    }  # fmt: skip


def test_an_open_stream_holds_no_connection(reader: FlaskClient, hall: SimpleNamespace) -> None:
    db.session.rollback()
    before = db.engine.pool.checkedout()  # type: ignore[attr-defined]
    live: Broadcaster = reader.application.extensions["live"]
    live._runs_itself = False
    try:
        with reader.get(f"/sessions/{hall.session.id}/live"):
            assert live.listening == 1
            assert db.engine.pool.checkedout() == before  # type: ignore[attr-defined]
        assert live.listening == 0
    finally:
        live._runs_itself = True


@pytest.mark.parametrize("path", ["live", "live.json"])
def test_a_neighbours_session_is_not_found(reader: FlaskClient, hall: SimpleNamespace, path: str) -> None:
    assert reader.get(f"/sessions/{hall.beside.id}/{path}").status_code == 404


def test_a_stranger_is_sent_to_sign_in_and_a_script_is_told(
    client: FlaskClient, hall: SimpleNamespace
) -> None:
    assert client.get(f"/sessions/{hall.session.id}/live").status_code == 302
    for path, accepts in (("live", "text/event-stream"), ("live.json", "application/json")):
        asked = client.get(f"/sessions/{hall.session.id}/{path}", headers={"Accept": accepts})
        assert (asked.status_code, asked.content_type) == (401, "application/problem+json")


def test_a_page_too_many_is_told_not_to_listen(reader: FlaskClient, hall: SimpleNamespace) -> None:
    live: Broadcaster = reader.application.extensions["live"]
    limit, live._limit = live._limit, 0
    try:
        response = reader.get(f"/sessions/{hall.session.id}/live")
        assert (response.status_code, response.data) == (204, b"")
        assert reader.get(f"/sessions/{hall.session.id}/live.json").status_code == 200
    finally:
        live._limit = limit


def test_every_step_of_a_record_has_a_version_of_its_own(hall: SimpleNamespace) -> None:
    versions = []

    def note() -> None:
        db.session.rollback()
        versions.append(live_states(db.session(), [hall.session.id])[hall.session.id].version)

    note()
    for status in (Status.PRESENT, Status.LATE, Status.EXCUSED):
        set_present(hall, hall.members[0], status)
        note()
    take_back(hall.session.id, hall.members[0].id, "", hall.scope, hall.now)
    note()
    set_present(hall, hall.members[1])
    note()
    assert len(set(versions)) == len(versions) == 6


def test_the_end_of_check_in_is_told(hall: SimpleNamespace) -> None:
    take_step(hall.session.id, Step.CLOSE, hall.scope, hall.now, tz=RULES["tz"])
    assert live_states(db.session(), [hall.session.id])[hall.session.id].state is SessionState.CLOSED


def test_many_sessions_cost_no_more_questions_than_one(hall: SimpleNamespace) -> None:
    ids = [hall.session.id, hall.beside.id]
    with count_queries() as one:
        live_states(db.session(), ids[:1])
    with count_queries() as both:
        found = live_states(db.session(), [*ids, 10**6])
    assert (one.count, both.count) == (3, 3)
    assert set(found) == set(ids)
