"""Over the API: many at once, everybody left, undo, times, signing out, head count and minutes delivered."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api_world import SESSION, World, refusal, wrong_fields

KEY = "k" * 22


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_what_a_session_asks_is_read_as_it_was_written_and_left_out_becomes_blank(world: World) -> None:
    asked = {"late_after_minutes": 10, "asks_sign_out": True, "join_url": "https://live.example/1"}
    none = {"late_after_minutes": None, "asks_sign_out": False, "join_url": None}
    made = world.admin.post("/sessions", {**SESSION, **asked, "recurrence": "FREQ=WEEKLY;COUNT=2"})
    for each in made.get_json()["sessions"]:
        read = world.admin.get(f"/sessions/{each['id']}").get_json()
        assert {name: read[name] for name in asked} == asked
    path = f"/sessions/{each['id']}"
    for body, expected in ((none, none), (asked, asked), ({}, none)):
        assert world.admin.put(path, {**SESSION, **body}).status_code == 200
        read = world.admin.get(path).get_json()
        assert {name: read[name] for name in expected} == expected
    for address in ("ftp://x", "http://live.example/1"):
        refused = world.admin.put(path, {**SESSION, "join_url": address})
        assert wrong_fields(refused) == {"join_url": "address"}, address


def test_many_are_recorded_in_one_call_and_taken_back_in_another(world: World) -> None:
    session_id = world.open_session()
    body = {
        "key": KEY,
        "method": "paper",
        "items": [
            {"member": world.ids[0], "status": "present"},
            {"member": world.ids[1], "status": "excused", "excuse_reason": "sick"},
        ],
    }
    path = f"/sessions/{session_id}/attendance"
    for _ in range(2):
        done = world.admin.post(f"{path}/bulk", body)
        assert (done.status_code, done.get_json()) == (200, {"recorded": 2, "kept": [], "nowhere": []})
    rest = {"key": "r" * 22, "status": "absent", "except": [world.ids[2]]}
    assert world.admin.post(f"{path}/rest", rest).get_json()["recorded"] == 0
    grown = world.admin.post(f"{path}/rest", {**rest, "except": [], "shown": 0})
    assert refusal(grown) == (409, "wrong_state")
    assert world.admin.post(f"{path}/rest", {**rest, "except": []}).get_json()["recorded"] == 1
    items = world.admin.get(path).get_json()["items"]
    assert {item["member"]: (item["status"], item["method"]) for item in items} == {
        world.ids[0]: ("present", "paper"),
        world.ids[1]: ("excused", "paper"),
        world.ids[2]: ("absent", "staff_entry"),
    }
    for n in (2, 0):
        assert world.admin.post(f"{path}/undo", {"key": KEY}).get_json() == {"taken_back": n}


def test_one_stranger_in_a_call_records_nobody(world: World) -> None:
    session_id = world.open_session()
    items = [{"member": member, "status": "present"} for member in (world.ids[0], world.neighbour_id)]
    path = f"/sessions/{session_id}/attendance"
    assert world.secretary_a.post(f"{path}/bulk", {"key": KEY, "items": items}).status_code == 404
    assert world.admin.get(f"/sessions/{session_id}").get_json()["attended"] == 0
    short = world.admin.post(f"{path}/bulk", {"key": "short", "items": items})
    assert wrong_fields(short) == {"key": "invalid"}


def test_times_and_signing_out_change_status_and_minutes(world: World) -> None:
    session_id = world.open_session(asks_sign_out=True)
    path = f"/sessions/{session_id}/attendance/{world.ids[0]}"
    assert refusal(world.admin.post(f"{path}/sign-out")) == (409, "wrong_state")
    check_in = {"session": session_id, "member": world.ids[0], "method": "staff_entry"}
    assert world.admin.post("/checkins", check_in).status_code == 201
    times = {"came_at": "2026-03-02T09:30:00+08:00", "left_at": "2026-03-02T10:30:00+08:00"}
    done = world.admin.put(f"{path}/times", times).get_json()
    assert done == {"status": "late", **times, "minutes": 60}
    line = world.admin.get(f"/sessions/{session_id}/attendance", q="zhang").get_json()["items"][0]
    assert {name: line[name] for name in ("status", "came_at", "left_at", "minutes")} == done
    outside = world.admin.put(f"{path}/times", {**times, "came_at": "2026-03-02T08:30:00+08:00"})
    assert wrong_fields(outside) == {"came_at": "out_of_range"}
    assert world.admin.post(f"{path}/sign-out").status_code == 200
    assert world.secretary_b.post(f"{path}/sign-out").status_code == 404
    assert world.supervisor.put(f"{path}/times", times).status_code == 403


def test_a_head_count_and_minutes_delivered_are_put_and_read(world: World) -> None:
    session_id = world.open_session()
    path = f"/sessions/{session_id}"
    counted = {"head_count": 120, "guest_count": 5}
    assert world.admin.put(f"{path}/head-count", counted).get_json() == counted
    assert wrong_fields(world.admin.put(f"{path}/head-count", {"head_count": 1, "guest_count": 2})) == {
        "guest_count": "more_than_all"
    }
    delivered = {"effective_minutes": 90, "credited_minutes": 90}
    assert world.admin.put(f"{path}/delivered", {"minutes": 90}).get_json() == delivered
    assert wrong_fields(world.admin.put(f"{path}/delivered", {"minutes": 121})) == {"minutes": "out_of_range"}
    read = world.admin.get(path).get_json()
    assert (read["effective_minutes"], read["credited_minutes"]) == (90, 120)
    assert {name: read[name] for name in counted} == counted
    whole = {"effective_minutes": None, "credited_minutes": 120}
    assert world.admin.put(f"{path}/delivered", {"minutes": None}).get_json() == whole
    draft = world.admin.post("/sessions", SESSION).get_json()["id"]
    early = world.admin.put(f"/sessions/{draft}/head-count", counted)
    assert refusal(early) == (409, "wrong_state")
