"""The API of instructors and teams: what the pages do, under the same rules."""

from datetime import timedelta

import pytest
from flask import Flask

from app.core.clock import today
from app.core.vocabulary import Role
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


def test_an_instructor_is_corrected_and_what_is_not_mentioned_stays(world: World) -> None:
    made = world.admin.post("/instructors", {"name": "李", "work_place": "党校"}).get_json()["id"]
    path = f"/instructors/{made}"
    found = world.admin.patch(path, {"username": "secretary-b"}).get_json()
    assert (found["name"], found["work_place"], found["username"]) == ("李", "党校", "secretary-b")
    found = world.admin.patch(path, {"name": "李明", "work_place": None, "username": None}).get_json()
    assert (found["name"], found["work_place"], found["username"]) == ("李明", None, None)
    assert world.admin.patch(path, {}).get_json() == found


def test_a_refused_account_leaves_the_name_as_it_was(world: World) -> None:
    made = world.admin.post("/instructors", {"name": "李"}).get_json()["id"]
    wrong = world.admin.patch(f"/instructors/{made}", {"name": "王", "username": "nobody-has-it"})
    assert wrong_fields(wrong) == {"username": "unknown"}
    assert world.admin.get(f"/instructors/{made}").get_json()["name"] == "李"


def test_accounts_are_shown_to_those_who_may_change_them(world: World) -> None:
    made = world.admin.post("/instructors", {"name": "李"}).get_json()["id"]
    world.admin.patch(f"/instructors/{made}", {"username": "secretary-b"})
    world.admin.post(f"/instructors/{made}/assignments", {"org_codes": ["QA"], "from": "2019-06-03"})
    seen = world.supervisor.get(f"/instructors/{made}").get_json()
    assert (seen["name"], seen["username"]) == ("李", None)


@pytest.mark.parametrize("sort", ["instructors", "teams"])
def test_an_assignment_is_ended_opened_and_corrected(world: World, sort: str) -> None:
    path = f"/{sort}/{world.admin.post(f'/{sort}', {'name': '一'}).get_json()['id']}/assignments"
    world.admin.post(path, {"org_codes": ["QA"], "from": "2019-06-03"})
    for body, first, until in (
        ({"from": "2019-06-03", "to": "2020-01-01"}, "2019-06-03", "2020-01-01"),
        ({"from": "2019-06-03", "new_from": "2019-07-01"}, "2019-07-01", "2020-01-01"),
        ({"from": "2019-07-01", "to": None}, "2019-07-01", None),
        ({"from": "2019-07-01"}, "2019-07-01", None),
    ):
        found = world.admin.patch(path, {"org_code": "QA", **body}).get_json()
        assert found["assignments"] == [{"org_code": "QA", "from": first, "to": until}]
    wrong = world.admin.patch(path, {"org_code": "QA", "from": "2019-07-01", "to": "2019-06-01"})
    assert wrong_fields(wrong) == {"to": "before_from"}
    for key in ({"org_code": "QA", "from": "2019-06-03"}, {"org_code": "QB", "from": "2019-07-01"}):
        assert refusal(world.admin.patch(path, key)) == (404, "not_found")


def test_a_team_is_renamed_unless_another_has_the_name(world: World) -> None:
    world.admin.post("/teams", {"name": "一组"})
    path = f"/teams/{world.admin.post('/teams', {'name': '二组'}).get_json()['id']}"
    assert world.admin.patch(path, {"name": "三组"}).get_json()["name"] == "三组"
    assert wrong_fields(world.admin.patch(path, {"name": "一组"})) == {"name": "taken"}


def test_an_official_is_corrected_leaves_and_is_taken_back(world: World) -> None:
    team = f"/teams/{world.admin.post('/teams', {'name': '一组'}).get_json()['id']}"
    for name, leads in (("王", True), ("李", False)):
        body = {"name": name, "is_leader": leads, "from": "2019-06-03", "work_place": "党校"}
        people = world.admin.post(f"{team}/officials", body).get_json()["officials"]
    first, second = (next(row["id"] for row in people if row["name"] == name) for name in ("王", "李"))
    wrong = world.admin.patch(f"{team}/officials/{second}", {"is_leader": True, "username": "admin"})
    assert wrong_fields(wrong) == {"is_leader": "taken"}
    world.admin.patch(f"{team}/officials/{first}", {"to": "2019-09-01"})
    change = {"name": "李明", "is_leader": True, "username": "admin", "from": "2019-09-01"}
    found = world.admin.patch(f"{team}/officials/{second}", change).get_json()["officials"]
    assert found == [
        {
            "id": second, "name": "李明", "work_place": "党校", "is_leader": True, "username": "admin",
            "from": "2019-09-01", "to": None,
        },
        {
            "id": first, "name": "王", "work_place": "党校", "is_leader": True, "username": None,
            "from": "2019-06-03", "to": "2019-09-01",
        },
    ]  # fmt: skip
    assert world.admin.delete(f"{team}/officials/{first}").status_code == 204
    assert [row["id"] for row in world.admin.get(team).get_json()["officials"]] == [second]
    assert refusal(world.admin.delete(f"{team}/officials/{first}")) == (404, "not_found")
    assert refusal(world.admin.delete(team)) == (409, "in_use")


@pytest.mark.parametrize("sort", ["instructors", "teams"])
def test_who_never_had_a_unit_can_be_taken_back(world: World, sort: str) -> None:
    unused, used = (f"/{sort}/{world.admin.post(f'/{sort}', {'name': n}).get_json()['id']}" for n in "一二")
    world.admin.post(f"{used}/assignments", {"org_codes": ["QA"], "from": "2019-06-03"})
    assert world.admin.delete(unused).status_code == 204
    assert refusal(world.admin.get(unused)) == (404, "not_found")
    assert refusal(world.admin.delete(used)) == (409, "in_use")


def test_who_has_units_elsewhere_too_is_not_changed_from_here(world: World) -> None:
    made = world.admin.post("/instructors", {"name": "李"}).get_json()["id"]
    path = f"/instructors/{made}"
    world.admin.post(f"{path}/assignments", {"org_codes": ["QA", "QB"], "from": "2019-06-03"})
    with world.app.app_context():
        here = world.caller("here", Role.ADMINISTRATOR, world.a)
    assert refusal(here.patch(path, {"name": "王"})) == (409, "also_elsewhere")
    assert refusal(here.delete(path)) == (409, "also_elsewhere")
    key = {"org_code": "QB", "from": "2019-06-03", "to": "2020-01-01"}
    assert refusal(here.patch(f"{path}/assignments", key)) == (404, "not_found")
    assert here.patch(f"{path}/assignments", {**key, "org_code": "QA"}).status_code == 200
