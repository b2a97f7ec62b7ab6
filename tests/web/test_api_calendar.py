"""The calendar feed and the page that explains the API."""

from __future__ import annotations

import html
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from app.core.vocabulary import Role
from tests.api_world import SESSION, World, refusal
from tests.factories import make_staff, make_token


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def events(text: bytes) -> dict[str, Any]:
    return {str(event["uid"]): event for event in Calendar.from_ical(text).walk("VEVENT")}


def test_the_feed_holds_what_is_published_with_ids_that_stay(world: World) -> None:
    shown = world.admin.post("/sessions", {**SESSION, "venue": "党校"}).get_json()["id"]
    hidden = world.admin.post("/sessions", SESSION).get_json()["id"]
    world.admin.post(f"/sessions/{shown}/publish")
    with world.app.app_context():
        token = make_token(make_staff("日历", Role.SUPERVISOR, world.root))
    address = f"/calendar.ics?token={token}"
    feed = world.nobody.call("GET", address)
    assert (feed.status_code, feed.content_type) == (200, "text/calendar; charset=utf-8")
    found = events(feed.data)
    assert set(found) == {f"session-{shown}@bulou"}, hidden
    event = found[f"session-{shown}@bulou"]
    assert (str(event["summary"]), str(event["location"])) == ("主题党日", "党校")
    assert event.start.isoformat() == "2026-03-02T01:00:00+00:00"
    assert event.end.isoformat() == "2026-03-02T03:00:00+00:00"
    assert world.nobody.call("GET", address).data == feed.data
    later = {**SESSION, "title": "改期了"}
    assert world.admin.put(f"/sessions/{shown}", later).status_code == 200
    [(uid, changed)] = events(world.nobody.call("GET", address).data).items()
    assert (uid, str(changed["summary"])) == (f"session-{shown}@bulou", "改期了")
    world.admin.post(f"/sessions/{shown}/cancel")
    assert events(world.nobody.call("GET", address).data) == {}


def test_the_feed_ends_where_the_scope_ends(world: World) -> None:
    world.open_session()
    assert len(events(world.secretary_a.get("/calendar.ics").data)) == 1
    assert events(world.secretary_b.get("/calendar.ics").data) == {}


def test_a_wrong_calendar_token_is_refused(world: World) -> None:
    for address in ("/calendar.ics", "/calendar.ics?token=", "/calendar.ics?token=made-up"):
        assert refusal(world.nobody.call("GET", address)) == (401, "not_signed_in")
    assert refusal(world.admin.call("GET", "/calendar.ics?token=made-up")) == (401, "not_signed_in")


def test_the_page_shows_every_operation_in_both_languages_under_the_strict_policy(world: World) -> None:
    spec = world.nobody.get("/openapi.json").get_json()
    operations = [
        operation
        for item in spec["paths"].values()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]
    assert len(operations) > 30
    for language, part in (("zh", 0), ("en", 1)):
        page = world.nobody.client.get("/api/v1/docs", headers={"Accept-Language": language})
        assert page.status_code == 200
        text = html.unescape(page.get_data(as_text=True))
        missing = [
            operation["summary"]
            for operation in operations
            if operation["summary"].split(" · ")[part] not in text
        ]
        assert missing == []
        assert "style=" not in text
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]


def test_every_operation_stands_under_a_chapter_of_the_page(world: World) -> None:
    spec = world.nobody.get("/openapi.json").get_json()
    tags = {tag["name"] for tag in spec["tags"]}
    used = {
        tag for item in spec["paths"].values() for operation in item.values() for tag in operation["tags"]
    }
    assert used == tags
