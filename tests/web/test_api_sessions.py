"""Sessions, their steps, their codes and their attendance over the API."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from flask import Flask
from PIL import Image

from app.attendance.models import AttendanceChange
from app.trainings.models import TrainingClass, TrainingSession
from tests.api_world import SESSION, World, refusal, wrong_fields
from tests.factories import count

COUNTS = {
    "expected",
    "attended",
    "extra",
    "made_up",
    "excused",
    "absent",
    "unrecorded",
    "declared_person_times",
}


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_a_session_is_made_as_a_draft_and_read_as_it_was_written(world: World) -> None:
    body = {
        **SESSION,
        "venue": "党校",
        "lecturers": [{"name": "陈老师", "role": "speaker"}, {"name": "李老师"}],
        "audience": {"orgs": ["QA"], "groups": ["elderly"], "members": [world.neighbour_id]},
        "note": "带笔记本",
    }
    made = world.admin.post("/sessions", body)
    assert made.status_code == 201
    session_id = made.get_json()["id"]
    assert made.get_json() == {"id": session_id, "status": "draft", "clashes": []}
    read = world.admin.get(f"/sessions/{session_id}").get_json()
    assert {key: read[key] for key in SESSION if key != "audience"} == {
        key: value for key, value in SESSION.items() if key != "audience"
    }
    assert read["audience"] == body["audience"]
    assert read["lecturers"] == [
        {"name": "陈老师", "role": "speaker"},
        {"name": "李老师", "role": "lecturer"},
    ]
    assert (read["venue"], read["note"], read["status"], read["class"]) == ("党校", "带笔记本", "draft", None)
    assert read["credited_minutes"] == 120
    assert {key: read[key] for key in COUNTS} == dict.fromkeys(COUNTS, 0)


def test_minutes_given_are_kept_and_any_offset_is_understood(world: World) -> None:
    body = {**SESSION, "credited_minutes": 45, "starts_at": "2026-03-02T01:00:00Z"}
    session_id = world.admin.post("/sessions", body).get_json()["id"]
    read = world.admin.get(f"/sessions/{session_id}").get_json()
    assert (read["credited_minutes"], read["starts_at"]) == (45, "2026-03-02T09:00:00+08:00")


def test_clashes_are_told(world: World) -> None:
    first = world.open_session(venue="党校")
    clashes = world.admin.post("/sessions", {**SESSION, "venue": "党校"}).get_json()["clashes"]
    assert [(clash["kind"], clash["session"], clash["members"]) for clash in clashes] == [
        ("venue", first, 0),
        ("audience", first, 3),
    ]
    assert clashes[0]["starts_at"] == SESSION["starts_at"]


def test_a_recurrence_makes_a_class_with_one_draft_a_week(world: World) -> None:
    made = world.admin.post("/sessions", {**SESSION, "recurrence": "FREQ=WEEKLY;COUNT=4"})
    assert made.status_code == 201
    body = made.get_json()
    assert set(body) == {"class", "sessions"}
    assert [session["status"] for session in body["sessions"]] == ["draft"] * 4
    read = [world.admin.get(f"/sessions/{session['id']}").get_json() for session in body["sessions"]]
    assert [row["starts_at"] for row in read] == [
        f"2026-03-{day:02d}T09:00:00+08:00" for day in (2, 9, 16, 23)
    ]
    assert [row["ends_at"] for row in read] == [f"2026-03-{day:02d}T11:00:00+08:00" for day in (2, 9, 16, 23)]
    assert {row["class"] for row in read} == {body["class"]}
    assert {tuple(row["audience"]["orgs"]) for row in read} == {("QA",)}
    more = world.admin.post(
        "/sessions", {**SESSION, "class": body["class"], "recurrence": "FREQ=DAILY;COUNT=2"}
    ).get_json()
    assert more["class"] == body["class"]
    with world.app.app_context():
        assert (count(TrainingClass), count(TrainingSession)) == (1, 6)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=WEEKLY", "endless"),
        ("FREQ=DAILY;COUNT=201", "too_many"),
        ("FREQ=DAILY;UNTIL=20261231", "too_many"),
        ("FREQ=YEARLY;COUNT=30", "too_far"),
        ("FREQ=HOURLY;COUNT=2", "invalid"),
        ("every week", "invalid"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", "no_day"),
    ],
)
def test_a_recurrence_that_cannot_be_is_refused_and_nothing_is_made(
    world: World, rule: str, code: str
) -> None:
    refused = world.admin.post("/sessions", {**SESSION, "recurrence": rule})
    assert wrong_fields(refused) == {"recurrence": code}
    with world.app.app_context():
        assert (count(TrainingClass), count(TrainingSession)) == (0, 0)


def test_the_steps_change_the_state_and_a_wrong_one_is_409(world: World) -> None:
    session_id = world.admin.post("/sessions", SESSION).get_json()["id"]
    path = f"/sessions/{session_id}"
    assert refusal(world.admin.post(f"{path}/open")) == (409, "wrong_state")
    assert world.admin.post(f"{path}/publish").get_json() == {
        "id": session_id,
        "status": "published",
        "clashes": [],
    }
    assert refusal(world.admin.post(f"{path}/publish")) == (409, "wrong_state")
    for step, status in (("open", "open"), ("close", "closed"), ("reopen", "open"), ("cancel", "cancelled")):
        answer = world.admin.post(f"{path}/{step}")
        assert (answer.status_code, answer.get_json()) == (200, {"id": session_id, "status": status})
        assert refusal(world.admin.post(f"{path}/{step}")) == (409, "wrong_state")
    for step in ("publish", "open", "close", "reopen"):
        assert refusal(world.admin.post(f"{path}/{step}")) == (409, "wrong_state")


def test_the_neighbours_sessions_are_not_found(world: World) -> None:
    session_id = world.open_session()
    path, caller = f"/sessions/{session_id}", world.secretary_b
    assert caller.get("/sessions").get_json()["items"] == []
    for method, below, body in (
        ("GET", "", None),
        ("PUT", "", SESSION),
        ("GET", "/attendance", None),
        ("PATCH", f"/attendance/{world.ids[0]}", {"status": "late", "reason": "迟到"}),
        ("GET", "/code", None),
        ("GET", "/code.svg", None),
        ("GET", "/code.png", None),
        *(("POST", f"/{step}", None) for step in ("publish", "open", "close", "cancel", "reopen")),
    ):
        assert refusal(caller.call(method, path + below, json=body)) == (404, "not_found"), below
    assert refusal(caller.get("/sessions", org="QA")) == (404, "not_found")
    assert world.secretary_a.get(path).status_code == 200


def test_a_session_is_replaced_whole(world: World) -> None:
    session_id = world.admin.post("/sessions", {**SESSION, "venue": "党校"}).get_json()["id"]
    answer = world.admin.put(f"/sessions/{session_id}", {**SESSION, "title": "专题研讨", "kind": "seminar"})
    assert answer.status_code == 200
    read = world.admin.get(f"/sessions/{session_id}").get_json()
    assert (read["title"], read["kind"], read["venue"]) == ("专题研讨", "seminar", None)
    world.admin.post(f"/sessions/{session_id}/cancel")
    assert refusal(world.admin.put(f"/sessions/{session_id}", SESSION)) == (409, "wrong_state")


def test_sessions_are_listed_by_days_state_and_unit_in_parts(world: World) -> None:
    for day in range(2, 7):
        hours = {
            key: value.replace("-02T", f"-{day:02d}T")
            for key, value in SESSION.items()
            if key in ("starts_at", "ends_at")
        }
        assert world.admin.post("/sessions", {**SESSION, **hours}).status_code == 201
    published = world.admin.get("/sessions").get_json()["items"][0]["id"]
    world.admin.post(f"/sessions/{published}/publish")

    def days(**query: object) -> list[str]:
        return [row["starts_at"][8:10] for row in world.admin.get("/sessions", **query).get_json()["items"]]

    assert days(from_="2026-03-03", to="2026-03-05") == ["03", "04", "05"]
    assert days(state="published") == ["02"]
    assert days(org="QA") == days(org="Q") == ["02", "03", "04", "05", "06"]
    assert days(org="QB") == []
    found, cursor = [], ""
    while cursor is not None:
        body = world.admin.get("/sessions", limit=2, cursor=cursor).get_json()
        found += [row["starts_at"][8:10] for row in body["items"]]
        cursor = body["next"]
    assert found == ["02", "03", "04", "05", "06"]


def test_the_code_is_shown_as_text_svg_and_png(world: World) -> None:
    session_id = world.open_session()
    code = world.admin.get(f"/sessions/{session_id}/code").get_json()
    assert set(code) == {"url", "short_code", "step", "expires_at", "period_seconds"}
    assert code["url"].startswith(f"http://localhost/c/{session_id}.")
    assert (len(code["short_code"]), code["period_seconds"]) == (6, 15)
    assert code["expires_at"].endswith("+08:00")
    svg = world.admin.get(f"/sessions/{session_id}/code.svg")
    assert (svg.status_code, svg.content_type.split(";")[0]) == (200, "image/svg+xml")
    assert b"<svg" in svg.data
    for _ in range(2):
        # Between the two requests the next step may have begun.
        shown = {world.admin.get(f"/sessions/{session_id}/code").get_json()["url"]}
        png = world.admin.get(f"/sessions/{session_id}/code.png")
        shown.add(world.admin.get(f"/sessions/{session_id}/code").get_json()["url"])
        assert png.content_type == "image/png"
        [decoded] = zxingcpp.read_barcodes(Image.open(io.BytesIO(png.data)))
        assert decoded.text in shown


def test_a_session_that_is_not_open_shows_no_code(world: World) -> None:
    session_id = world.admin.post("/sessions", SESSION).get_json()["id"]
    for below in ("code", "code.svg", "code.png"):
        assert refusal(world.admin.get(f"/sessions/{session_id}/{below}")) == (409, "not_open")
    opened = world.open_session()
    assert refusal(world.supervisor.get(f"/sessions/{opened}/code")) == (403, "forbidden")


def test_a_correction_counts_and_keeps_its_history(world: World) -> None:
    session_id = world.open_session()
    path = f"/sessions/{session_id}/attendance"
    first, second, third = world.ids
    for _ in range(2):
        answer = world.admin.patch(f"{path}/{first}", {"status": "present", "reason": "补登"})
        assert answer.get_json() == {"session": session_id, "member": first, "status": "present"}
    leave = {"status": "excused", "reason": "请假", "excuse_reason": "official"}
    assert world.admin.patch(f"{path}/{second}", leave).status_code == 200
    extra = {"status": "late", "reason": "来旁听"}
    assert world.admin.patch(f"{path}/{world.neighbour_id}", extra).status_code == 200
    read = world.admin.get(f"/sessions/{session_id}").get_json()
    assert {key: read[key] for key in COUNTS} == {
        "expected": 3,
        "attended": 2,
        "extra": 1,
        "made_up": 0,
        "excused": 1,
        "absent": 0,
        "unrecorded": 1,
        "declared_person_times": 0,
    }
    with world.app.app_context():
        assert count(AttendanceChange) == 3
    assert world.admin.patch(f"{path}/{first}", {"status": None, "reason": "登记错人"}).get_json()[
        "status"
    ] is (None)
    rows = {row["member"]: row for row in world.admin.get(path).get_json()["items"]}
    assert rows[first]["status"] is None
    assert rows[third]["status"] is None
    assert (rows[second]["status"], rows[second]["excuse_reason"]) == ("excused", "official")
    assert rows[world.neighbour_id]["is_extra"] is True
    assert wrong_fields(world.admin.patch(f"{path}/{first}", {"status": "late"})) == {"reason": "required"}


def test_the_roster_comes_in_parts(world: World) -> None:
    path = f"/sessions/{world.open_session()}/attendance"
    found, cursor = [], ""
    while cursor is not None:
        body = world.admin.get(path, limit=2, cursor=cursor).get_json()
        found += [row["member"] for row in body["items"]]
        cursor = body["next"]
    assert sorted(found) == sorted(world.ids)
    assert world.admin.get(path, q="zs").get_json()["count"] == 1
    assert world.admin.get(path, unrecorded="true").get_json()["count"] == 3
