"""The tree through the API: what the pages do, a program can do."""

from __future__ import annotations

import pytest
from flask import Flask

from app.core.clock import today
from app.core.db import db
from tests.api_world import World, refusal, wrong_fields
from tests.tree_checker import tree_faults


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_a_unit_is_added_changed_and_moved(world: World) -> None:
    body = {"code": "QC", "name": "丙总支", "kind": "general_branch", "parent_code": "Q", "sector": "school"}
    made = world.admin.post("/orgs", body)
    assert made.status_code == 201
    assert {**made.get_json(), "path": None} == {
        "code": "QC", "name": "丙总支", "kind": "general_branch", "parent_code": "Q", "path": None,
        "sector": "school", "former_names": [], "closed_on": None, "merged_into": None,
    }  # fmt: skip
    renamed = world.admin.patch("/orgs/QC", {"name": "丁总支", "name_from": "2019-03-01", "sector": "agency"})
    assert (renamed.get_json()["former_names"], renamed.get_json()["sector"]) == (["丙总支"], "agency")
    moved = world.admin.post("/orgs/QB/moves", {"parent_code": "QC", "on": "2019-03-01"})
    assert (moved.status_code, moved.get_json()["path"]) == (201, "/Q/QC/QB/")
    again = world.admin.post("/orgs/QB/moves", {"parent_code": "QC", "on": "2019-03-01"})
    assert again.status_code == 201
    wrong = world.admin.post("/orgs/Q/moves", {"parent_code": "QB", "on": "2019-04-01"})
    assert wrong_fields(wrong) == {"parent_code": "cannot_hold"}
    with world.app.app_context():
        assert tree_faults(db.session()) == []


def test_a_branch_is_merged_closed_and_reopened(world: World) -> None:
    with world.app.app_context():
        day = today().isoformat()
    assert wrong_fields(world.admin.post("/orgs/QA/close", {"on": day})) == {"on": "has_members"}
    merged = world.admin.post("/orgs/QA/merge", {"into": "QB", "on": day}).get_json()
    assert (merged["code"], merged["closed_on"], merged["merged_into"]) == ("QA", day, "QB")
    assert len(world.admin.get("/members", org="QB").get_json()["items"]) == 4
    assert refusal(world.admin.post("/orgs/QA/merge", {"into": "QB", "on": day})) == (404, "not_found")
    assert world.admin.post("/orgs/QA/reopen").get_json()["closed_on"] is None
    for _again in range(2):
        assert world.admin.post("/orgs/QA/close", {"on": day}).get_json()["closed_on"] == day
    assert [row["code"] for row in world.admin.get("/orgs").get_json()] == ["Q", "QB"]
    with world.app.app_context():
        assert tree_faults(db.session()) == []


def test_tags_are_put_and_ended(world: World) -> None:
    for _again in range(2):
        put = world.admin.put("/orgs/QA/tags/model", {"from": "2019-01-01"})
        assert put.get_json() == {"items": [{"tag": "model", "from": "2019-01-01", "to": None}]}
    assert refusal(world.admin.put("/orgs/QA/tags/best", {"from": "2019-01-01"})) == (404, "not_found")
    assert world.admin.delete("/orgs/QA/tags/model").status_code == 204
    (row,) = world.admin.get("/orgs/QA/tags").get_json()["items"]
    assert row["to"] is not None
    assert refusal(world.secretary_a.put("/orgs/QA/tags/model", {"from": "2019-01-01"})) == (403, "forbidden")


def test_posts_are_made_corrected_and_taken_back(world: World) -> None:
    first, second, _ = world.ids
    mine = world.secretary_a
    made = mine.post("/orgs/QA/posts", {"member": first, "post": "secretary", "from": "2019-01-01"})
    assert made.status_code == 201
    taken = {"member": second, "post": "secretary", "from": "2019-05-01"}
    assert wrong_fields(mine.post("/orgs/QA/posts", taken)) == {"post": "taken"}
    items = mine.post("/orgs/QA/posts", {**taken, "replace": True}).get_json()["items"]
    assert [(item["member"], item["to"]) for item in items] == [(second, None), (first, "2019-05-01")]
    ended = mine.patch("/orgs/QA/posts", {**taken, "to": "2019-06-01"}).get_json()["items"]
    assert ended[0]["to"] == "2019-06-01"
    gone = mine.call("DELETE", "/orgs/QA/posts", query_string=taken)
    assert gone.status_code == 204
    assert refusal(mine.call("DELETE", "/orgs/QA/posts", query_string=taken)) == (404, "not_found")
    assert refusal(mine.get("/orgs/QB/posts")) == (404, "not_found")
