"""The API of instructors and teams: what the pages do, under the same rules."""

from datetime import timedelta

import pytest
from flask import Flask

from app.core.clock import today
from tests.api_world import World, refusal, wrong_fields


@pytest.fixture
def world(ctx: Flask) -> World:
    return World(ctx)


def test_an_instructor_is_added_assigned_read_and_unassigned(world: World) -> None:
    made = world.admin.post("/instructors", {"name": "李", "work_place": "党校"})
    assert made.status_code == 201
    path, day = f"/instructors/{made.get_json()['id']}", today().isoformat()
    order = {"org_codes": ["QA", "QB"], "from": day}
    assert world.admin.post(f"{path}/assignments", order).get_json() == {"added": 2, "unchanged": 0}
    assert world.admin.post(f"{path}/assignments", order).get_json() == {"added": 0, "unchanged": 2}
    listed = world.admin.get("/instructors", q="党校").get_json()
    assert [(row["name"], row["units"], row["since"]) for row in listed["items"]] == [("李", 2, day)]
    assert listed["total"] == 1
    gone = world.admin.call("DELETE", f"{path}/assignments", query_string={"org_code": "QB", "from": day})
    assert gone.status_code == 204
    assert world.admin.get(path).get_json()["assignments"] == [{"org_code": "QA", "from": day, "to": None}]


def test_a_team_has_officials_and_units(world: World) -> None:
    team = world.admin.post("/teams", {"name": "一组"}).get_json()["id"]
    until = (today() + timedelta(days=9)).isoformat()
    official = {"name": "王", "is_leader": True, "from": today().isoformat(), "to": until}
    body = world.admin.post(f"/teams/{team}/officials", official).get_json()
    assert [(row["name"], row["is_leader"], row["to"]) for row in body["officials"]] == [("王", True, until)]
    order = {"org_codes": ["Q"], "from": today().isoformat(), "to": until}
    assert world.admin.post(f"/teams/{team}/assignments", order).get_json()["added"] == 1
    assert world.admin.get("/teams").get_json()["items"][0]["leader"] == "王"


def test_what_is_wrong_is_named_and_readers_may_not_write(world: World) -> None:
    made = world.admin.post("/instructors", {"name": "李"}).get_json()["id"]
    order = {"org_codes": ["nowhere"], "from": "2019-06-03", "to": "2019-06-03"}
    assert wrong_fields(world.admin.post(f"/instructors/{made}/assignments", order)) == {
        "org_codes": "unknown",
        "to": "before_from",
    }
    assert wrong_fields(world.admin.post("/instructors", {"name": "  "})) == {"name": "required"}
    assert refusal(world.supervisor.post("/instructors", {"name": "x"})) == (403, "forbidden")
    assert world.secretary_b.get("/instructors").get_json()["total"] == 0
    assert refusal(world.secretary_b.get(f"/instructors/{made}")) == (404, "not_found")
