"""The database cannot be reached: every page and every call says so, and when to try again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from structlog.testing import capture_logs

from app import create_app
from app.core.db import db, let_go
from tests import databases

CODE = "/c/1.1.AAAAAAAAAAAAAAAA"


@pytest.fixture
def away(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of an app whose database is not there, with a browser that was signed in once."""
    app = create_app(databases.test_settings(f"postgresql://postgres@/x?host={tmp_path}", tmp_path))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["login"] = "x" * 43
    yield client
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("path", [CODE, "/", "/members?q=wang", "/mine"])
def test_a_page_says_that_it_cannot_be_read_and_offers_another_try(away: FlaskClient, path: str) -> None:
    away.set_cookie("bulou_member", "x" * 43)
    page = away.get(path)
    assert (page.status_code, page.headers["Retry-After"], page.headers["Cache-Control"]) == (
        503,
        "5",
        "no-store",
    )
    assert "现在读不到数据" in page.text
    assert f'href="{path}"' in page.text


def test_another_try_never_leads_elsewhere(away: FlaskClient) -> None:
    page = away.get("//elsewhere.example/x", base_url="http://localhost")
    assert page.status_code == 503
    assert "elsewhere" not in page.text.split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize("path", ["/checkin", "/checkin/leave", "/j"])
def test_a_form_is_not_said_to_be_stored_nor_to_be_lost(away: FlaskClient, path: str) -> None:
    away.set_cookie("bulou_member", "x" * 43)
    page = away.post(path, data={"ticket": "x"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "没有确认记下" in page.text
    assert 'name="ticket" value="x"' in page.text, "one tap sends the same again"
    assert f'action="{path}"' in page.text


def test_a_call_is_answered_with_a_problem_also_when_its_sender_is_unknown(
    away: FlaskClient,
) -> None:
    phone = away.post("/api/v1/checkins", json={"code": CODE, "member_token": "x" * 43})
    staff = away.get("/api/v1/orgs", headers={"Authorization": "Bearer x"})
    for answer in (phone, staff):
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
        assert (answer.get_json()["code"], answer.headers["Retry-After"]) == ("unavailable", "5")
    assert [answer.get_json()["title"] for answer in (phone, staff)] == ["现在存不进去", "现在读不到数据"]


def test_the_log_has_one_line_of_it_without_the_statement(away: FlaskClient) -> None:
    with capture_logs() as lines:
        away.get("/api/v1/orgs", headers={"Authorization": "Bearer x"})
    trouble = {"kind": "away", "error": "OperationalError", "path": "/api/v1/orgs"}
    assert lines == [{"event": "storage_trouble", "log_level": "error", **trouble}]


def test_a_connection_that_is_lost_after_its_last_answer_harms_nobody(postgresql_app: Flask) -> None:
    with postgresql_app.app_context():
        # As a page that has read all it needs and is being written when the database stops.
        pid = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            until = time.monotonic() + 10
            gone = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
            while other.scalar(gone, {"pid": pid}):
                other.rollback()
                assert time.monotonic() < until
        let_go()
        assert db.session.scalar(text("SELECT 1")) == 1, "the next question finds another connection"
