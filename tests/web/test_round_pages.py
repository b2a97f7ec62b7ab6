"""The pages and routes of rounds of home visits: taken along, sent home, listed and stopped."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.attendance.models import Attendance, ReviewItem
from app.checkin.models import VisitRound
from app.core.db import db, writing
from app.core.vocabulary import ReviewState, Role, SessionState
from app.trainings.models import TrainingSession
from tests.factories import count
from tests.web.session_office import Office, post, tick, token_of

JSON = {"Accept": "application/json"}


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def take(browser: FlaskClient, session_id: int, *members: Any) -> TestResponse:
    fields = {"csrf_token": token_of(browser), "members": [member.id for member in members]}
    return browser.post(f"/sessions/{session_id}/rounds", data=fields, headers=JSON)


def send(app: Flask, given: dict[str, Any], *lines: tuple[str, str], **changes: Any) -> TestResponse:
    """What a phone without any cookie sends; lines: (ref, status)."""
    now = datetime.now(UTC).isoformat()
    body = {
        "device": str(uuid.UUID(int=1)),
        "sent_at": now,
        "items": [
            {"id": str(uuid.uuid4()), "ref": ref, "status": status, "occurred_at": now}
            for ref, status in lines
        ],
        **changes,
    }
    headers = {**JSON, "Authorization": f"Bearer {given['token']}"}
    return app.test_client().post(f"/rounds/{given['id']}/ticks", json=body, headers=headers)


def test_the_list_offers_those_not_recorded_and_ticks_them_for_a_visit(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, mode="home_visit")
    tick(browser, session_id, office.people[0], "present")
    page = browser.get(f"/sessions/{session_id}/rounds/new").text
    assert "张一" not in page
    assert page.count(" checked") == 2
    hall = office.opened(browser, mode="in_person")
    assert browser.get(f"/sessions/{hall}/rounds/new").text.count(" checked") == 0
    narrowed = browser.get(f"/sessions/{hall}/rounds/new?branch={office.a.id}").text
    assert narrowed.count(" checked") == 3
    assert f"/sessions/{session_id}/rounds/new" in browser.get(f"/sessions/{session_id}").text


def test_what_the_phone_is_handed_holds_names_branches_and_refs_alone(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, mode="home_visit")
    answer = take(browser, session_id, *office.people[:2])
    given = answer.get_json()
    assert set(given) == {"id", "token", "now", "taken_at", "expires_at", "sealed"}
    assert set(given["sealed"]) == {"title", "people"}
    assert [set(one) for one in given["sealed"]["people"]] == [{"ref", "name", "org", "pinyin"}] * 2
    assert answer.headers["Cache-Control"] == "no-store"
    # Another helper sees who is on the way already, and nobody is ticked twice beforehand.
    page = browser.get(f"/sessions/{session_id}/rounds/new").text
    assert (page.count("已在另一份名单里"), page.count(" checked")) == (2, 1)


def test_without_script_nothing_is_taken_and_paper_is_offered(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, mode="home_visit")
    answer = post(browser, f"/sessions/{session_id}/rounds", members=[office.people[0].id])
    assert "打印名单" in browser.get(answer.location).text
    assert count(VisitRound) == 0


def test_ticks_come_in_without_any_sign_in_and_tell_of_the_other_helper(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, mode="home_visit")
    given = take(browser, session_id, *office.people).get_json()
    tick(browser, session_id, office.people[0], "present")
    refs = {one["name"]: one["ref"] for one in given["sealed"]["people"]}
    answer = send(office.app, given, (refs["张一"], "excused"), (refs["张二"], "present")).get_json()
    assert [(line["result"], line["status"]) for line in answer["items"]] == [
        ("already_recorded", "present"),
        ("recorded", "present"),
    ]
    assert answer["items"][0]["by"] == "organiserQ"
    assert (answer["revoked"], "by" in answer["items"][1]) == (False, False)
    assert count(Attendance) == 2
    listed = browser.get(f"/sessions/{session_id}/rounds").text
    assert re.search(r'data-label="已登记">1<', listed)


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_wrong_token_is_not_found(office: Office, token: str) -> None:
    browser = office.browser()
    given = take(browser, office.opened(browser), office.people[0]).get_json()
    assert send(office.app, {**given, "token": token}).status_code == 404
    assert browser.post(f"/rounds/{given['id']}/ticks", json={}, headers=JSON).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"device": "phone"}, "device"),
        ({"sent_at": "yesterday"}, "sent_at"),
        ({"items": "all"}, "body"),
        ({"items": [{}] * 51}, "items"),
        ({"items": [7]}, "items.0"),
        ({"items": [{"id": "1"}]}, "items.0.id"),
        (
            {
                "items": [
                    {
                        "id": str(uuid.UUID(int=5)),
                        "ref": "x",
                        "status": "absent",
                        "occurred_at": "2026-01-01T00:00:00Z",
                    }
                ]
            },
            "items.0.status",
        ),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_stored(
    office: Office, changes: dict[str, Any], field: str
) -> None:
    browser = office.browser()
    given = take(browser, office.opened(browser), office.people[0]).get_json()
    answer = send(office.app, given, **changes)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, field)
    assert count(Attendance) == 0


def test_a_stopped_round_is_told_so_and_its_ticks_wait(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, mode="home_visit")
    given = take(browser, session_id, *office.people).get_json()
    answer = post(browser, f"/sessions/{session_id}/rounds/{given['id']}/stop")
    assert "已停用" in browser.get(answer.location).text
    ref = given["sealed"]["people"][0]["ref"]
    told = send(office.app, given, (ref, "present")).get_json()
    assert (told["revoked"], told["items"][0]["result"]) == (True, "needs_review")
    listed = browser.get(f"/sessions/{session_id}/rounds").text
    assert re.search(r'data-label="等人确认">1<', listed)
    assert "还没有传回" not in listed
    with writing() as session:
        session.query(ReviewItem).one().state = ReviewState.FINE
    assert re.search(r'data-label="等人确认">0<', browser.get(f"/sessions/{session_id}/rounds").text)


@pytest.mark.parametrize("state", [SessionState.CLOSED, SessionState.CANCELLED])
def test_a_lost_phone_is_stopped_after_the_end_too(office: Office, state: SessionState) -> None:
    browser = office.browser()
    session_id = office.opened(browser, mode="in_person")
    link = f'href="/sessions/{session_id}/rounds"'
    assert link not in browser.get(f"/sessions/{session_id}").text
    take(browser, session_id, *office.people)
    with writing() as session:
        session.get_one(TrainingSession, session_id).state = state
    assert link in browser.get(f"/sessions/{session_id}").text
    listed = browser.get(f"/sessions/{session_id}/rounds").text
    assert "还没有传回" in listed
    assert "停用" in listed


def test_whoever_lost_the_role_has_their_ticks_looked_at(office: Office) -> None:
    from app.accounts.models import StaffUser

    browser = office.browser(Role.SECRETARY, office.a)
    session_id = office.opened(office.browser(), mode="home_visit")
    given = take(browser, session_id, *office.people).get_json()
    with writing() as session:
        user = session.get_one(VisitRound, given["id"]).created_by_id
        session.get_one(StaffUser, user).is_active = False
    ref = given["sealed"]["people"][0]["ref"]
    assert send(office.app, given, (ref, "present")).get_json()["items"][0]["result"] == "needs_review"
    assert count(Attendance) == 0


def test_the_shell_is_the_same_for_everybody_and_may_be_installed(office: Office) -> None:
    stranger, signed_in = office.app.test_client(), office.browser()
    shell = stranger.get("/rounds")
    assert shell.text == signed_in.get("/rounds").text
    assert "csrf" not in shell.text
    assert "Set-Cookie" not in shell.headers
    manifest = stranger.get("/rounds/manifest.webmanifest")
    assert manifest.content_type == "application/manifest+json"
    assert manifest.get_json(force=True)["scope"] == "/rounds"
    for icon in manifest.get_json(force=True)["icons"]:
        assert stranger.get(icon["src"]).status_code == 200
    worker = stranger.get("/rounds/worker.js")
    assert (worker.headers["Service-Worker-Allowed"], worker.content_type) == (
        "/rounds",
        "text/javascript; charset=utf-8",
    )
    # What the worker keeps is what the page loads, each under its present address.
    for file in re.findall(r'(?:src|href)="(/static/[^"]+)"', shell.text):
        assert f'"{file}"' in worker.text


def test_the_english_shell_says_so(office: Office) -> None:
    browser = office.app.test_client()
    browser.set_cookie("lang", "en")
    assert '<html lang="en"' in browser.get("/rounds").text


def test_a_phone_with_a_clock_of_1970_gets_its_visit_in(office: Office) -> None:
    browser = office.browser()
    given = take(browser, office.opened(browser), office.people[0]).get_json()
    when = "1970-01-01T08:00:00.000Z"
    item = {"id": str(uuid.uuid4()), "ref": given["sealed"]["people"][0]["ref"], "status": "present"}
    answer = send(office.app, given, sent_at=when, items=[{**item, "occurred_at": when}])
    assert answer.get_json()["items"][0]["result"] == "recorded"
    assert db.session.query(Attendance).one().occurred_at.year == 1970
