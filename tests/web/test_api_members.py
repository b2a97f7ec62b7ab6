"""Units, members, transfers, groups and bound phones over the API."""

from __future__ import annotations

import pytest
from flask import Flask

from app.core.vocabulary import Role
from app.members.models import Member
from tests.api_world import SESSION, World, refusal, wrong_fields
from tests.factories import count, make_org


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_the_tree_has_exactly_its_fields_and_a_path_of_codes(world: World) -> None:
    rows = world.admin.get("/orgs").get_json()
    assert rows == [
        {"code": "Q", "name": "区委", "kind": "committee", "parent_code": None, "path": "/Q/"},
        {"code": "QA", "name": "甲支部", "kind": "branch", "parent_code": "Q", "path": "/Q/QA/"},
        {"code": "QB", "name": "乙支部", "kind": "branch", "parent_code": "Q", "path": "/Q/QB/"},
    ]
    # One unit by itself says more: what it was called, and whether it is closed.
    alone = world.admin.get("/orgs/QB").get_json()
    assert alone == {**rows[2], "sector": None, "former_names": [], "closed_on": None, "merged_into": None}


def test_units_outside_the_scope_are_not_found(world: World) -> None:
    assert [row["code"] for row in world.secretary_a.get("/orgs").get_json()] == ["QA"]
    assert world.secretary_a.get("/orgs/QA").get_json()["path"] == "/Q/QA/"
    for code in ("Q", "QB", "nothing", "%00", "a%2Fb"):
        assert refusal(world.secretary_a.get(f"/orgs/{code}")) == (404, "not_found")


def test_members_have_exactly_their_fields_and_a_masked_phone(world: World) -> None:
    items = {row["name"]: row for row in world.admin.get("/members").get_json()["items"]}
    assert items["张三"] == {
        "id": world.ids[0],
        "name": "张三",
        "org_code": "QA",
        "groups": [],
        "phone_masked": "139****0001",
    }
    assert items["李四"]["groups"] == ["elderly"]
    assert items["李四"]["phone_masked"] is None


def test_members_are_found_by_subtree_group_name_and_pinyin(world: World) -> None:
    def names(**query: str) -> list[str]:
        return [row["name"] for row in world.admin.get("/members", **query).get_json()["items"]]

    assert names(org="Q") == ["李四", "王五", "张三", "赵六"]
    assert names(org="QB") == ["赵六"]
    assert names(group="elderly") == ["李四"]
    assert names(q="张") == names(q="zhangs") == names(q="zs") == ["张三"]
    assert names(q="0001") == ["张三"]
    assert refusal(world.admin.get("/members", org="QX")) == (404, "not_found")
    assert refusal(world.secretary_a.get("/members", org="QB")) == (404, "not_found")


def test_members_come_in_parts_without_a_gap(world: World) -> None:
    found, cursor = [], ""
    while cursor is not None:
        body = world.admin.get("/members", limit=1, cursor=cursor).get_json()
        found += [row["name"] for row in body["items"]]
        cursor = body["next"]
    assert found == ["李四", "王五", "张三", "赵六"]


def test_a_member_is_added_and_corrected(world: World) -> None:
    made = world.secretary_a.post(
        "/members", {"name": "单雄信", "org_code": "QA", "phone": "+86 139-0000-0009"}
    )
    assert made.status_code == 201
    body = made.get_json()
    assert (body["name"], body["org_code"], body["phone_masked"]) == ("单雄信", "QA", "139****0009")
    changed = world.secretary_a.patch(f"/members/{body['id']}", {"birth_date": "1950-02-03", "phone": None})
    assert changed.status_code == 200
    assert changed.get_json()["birth_date"] == "1950-02-03"
    assert changed.get_json()["phone_masked"] is None
    assert changed.get_json()["groups"] == ["elderly"]
    assert world.admin.get(f"/members/{body['id']}").get_json() == changed.get_json()
    assert wrong_fields(world.admin.patch(f"/members/{body['id']}", {"org_code": "QB"})) == {
        "org_code": "unknown_field"
    }


def test_the_same_member_twice_is_refused_by_field(world: World) -> None:
    body = {"name": "钱七", "org_code": "QA", "phone": "13900000010"}
    assert world.admin.post("/members", body).status_code == 201
    assert wrong_fields(world.admin.post("/members", body)) == {"phone": "already_there"}
    with world.app.app_context():
        assert count(Member) == 5


def test_members_of_the_neighbours_are_not_found(world: World) -> None:
    path = f"/members/{world.neighbour_id}"
    caller = world.secretary_a
    assert refusal(caller.get(path)) == (404, "not_found")
    assert refusal(caller.patch(path, {"name": "某某"})) == (404, "not_found")
    transfer = {"org_code": "QA", "accepted_on": "2026-01-01"}
    assert refusal(caller.post(f"{path}/transfers", transfer)) == (404, "not_found")
    assert refusal(caller.put(f"{path}/groups/rural", {"from": "2020-01-01"})) == (404, "not_found")
    assert refusal(caller.delete(f"{path}/groups/rural")) == (404, "not_found")
    assert refusal(caller.post(f"{path}/bindings")) == (404, "not_found")
    assert refusal(caller.delete(f"{path}/bindings")) == (404, "not_found")
    assert wrong_fields(caller.post("/members", {"name": "某某", "org_code": "QB"})) == {
        "org_code": "unknown"
    }


def test_a_transfer_moves_the_member_and_a_repeat_changes_nothing(world: World) -> None:
    path, body = f"/members/{world.ids[0]}/transfers", {"org_code": "QB", "accepted_on": "2020-05-01"}
    for _ in range(2):
        answer = world.admin.post(path, body)
        assert (answer.status_code, answer.get_json()["org_code"]) == (201, "QB")
    assert world.admin.get("/members", org="QA", q="张三").get_json()["items"] == []
    assert wrong_fields(world.admin.post(path, {"org_code": "QX", "accepted_on": "2020-06-01"})) == {
        "org_code": "unknown"
    }


def test_a_group_is_put_repeated_and_ended(world: World) -> None:
    path = f"/members/{world.ids[0]}/groups/new_org"
    for _ in range(2):
        answer = world.admin.put(path, {"from": "2020-01-01"})
        assert (answer.status_code, answer.get_json()["groups"]) == (200, ["new_org"])
    assert world.admin.put(path, {"from": "2020-01-01", "to": "2020-02-01"}).get_json()["groups"] == []
    assert world.admin.put(path, {"from": "2020-01-01", "to": None}).get_json()["groups"] == ["new_org"]
    assert world.admin.delete(path).status_code == 204
    assert world.admin.get(f"/members/{world.ids[0]}").get_json()["groups"] == []
    assert refusal(world.admin.delete(path)) == (404, "not_found")
    assert wrong_fields(world.admin.put(path, {"from": "2020-01-01", "to": "2019-01-01"})).keys() == {"to"}
    assert refusal(world.admin.put(f"/members/{world.ids[0]}/groups/young", {"from": "2020-01-01"})) == (
        404,
        "not_found",
    )


def test_an_exemption_counts_once_someone_who_may_approve_it_has(world: World) -> None:
    path, body = f"/members/{world.ids[0]}/groups/exempt", {"from": "2020-01-01"}
    assert world.secretary_a.put(path, body).get_json()["groups"] == []
    assert world.admin.put(path, body).get_json()["groups"] == ["exempt"]


def test_a_binding_is_shown_once_and_revoked(world: World) -> None:
    path = f"/members/{world.ids[0]}/bindings"
    made = world.admin.post(path)
    assert made.status_code == 201
    assert set(made.get_json()) == {"member_token"}
    for _ in range(2):
        assert world.admin.delete(path).status_code == 204
    refused = world.nobody.post(
        "/checkins", {"code": "000000", "member_token": made.get_json()["member_token"]}
    )
    assert refusal(refused) == (403, "revoked")


def test_org_means_the_whole_subtree(world: World) -> None:
    with world.app.app_context():
        deep = make_org("QA1", world.a)
        deeper = make_org("QA1x", deep)
    assert world.admin.post("/members", {"name": "深深", "org_code": "QA1x"}).status_code == 201
    found = world.secretary_a.get("/members", org="QA1").get_json()["items"]
    assert [row["org_code"] for row in found] == ["QA1x"]
    assert world.admin.get("/orgs/QA1x").get_json()["path"] == "/Q/QA/QA1/QA1x/", deeper


def test_somebody_else_puts_the_same_exemption_or_approves_it(world: World) -> None:
    member_id = world.ids[0]
    path, body = f"/members/{member_id}/groups/exempt", {"from": "2020-01-01"}
    for _ in range(2):
        assert world.admin.put(path, body).get_json()["groups"] == []
    assert refusal(world.admin.post(f"{path}/approval", body)) == (409, "second_person")
    assert wrong_fields(world.admin.put(path, {**body, "reason": "体弱"})) == {"reason": "not_for_exempt"}
    assert world.admin.get("/approvals").get_json()["items"] == [
        {
            "member": member_id, "name": "张三", "org_code": "QA", "from": "2020-01-01", "to": None,
            "recorded_by": "admin", "may_approve": False,
            "recorded_at": world.admin.get("/approvals").get_json()["items"][0]["recorded_at"],
        }
    ]  # fmt: skip
    with world.app.app_context():
        second = world.caller("second", Role.ADMINISTRATOR, world.root)
    assert [row["may_approve"] for row in second.get("/approvals").get_json()["items"]] == [True]
    assert second.post(f"{path}/approval", body).get_json()["groups"] == ["exempt"]
    assert refusal(second.post(f"{path}/decline", body)) == (409, "wrong_state")
    assert second.get("/approvals").get_json() == {"items": [], "next": None}


def test_what_waits_is_paged_without_a_gap_while_some_of_it_is_approved(world: World) -> None:
    body = {"from": "2020-01-01"}
    for member_id in world.ids:
        world.admin.put(f"/members/{member_id}/groups/exempt", body)
    with world.app.app_context():
        second = world.caller("second", Role.ADMINISTRATOR, world.root)
    first = second.get("/approvals", limit=1).get_json()
    seen = [row["member"] for row in first["items"]]
    assert second.post(f"/members/{seen[0]}/groups/exempt/approval", body).status_code == 200
    rest = second.get("/approvals", limit=2, cursor=first["next"]).get_json()
    assert [*seen, *[row["member"] for row in rest["items"]]] == world.ids
    assert rest["next"] is None


def test_a_members_rows_say_since_when_why_and_who(world: World) -> None:
    path = f"/members/{world.ids[1]}"
    body = {"from": "2020-01-01", "reason": "外出务工", "direction": "out", "host_org_code": "QB"}
    found = world.secretary_a.put(f"{path}/groups/mobile", body).get_json()
    (row,) = found["group_rows"]
    recorded_at = row.pop("recorded_at")
    assert recorded_at.endswith("+08:00")
    assert row == {
        "group": "mobile", "from": "2020-01-01", "to": None, "is_in": True, "reason": "外出务工",
        "direction": "out", "from_place": None, "to_place": None, "host_org_code": "QB",
        "counts_from": "2020-07-01", "waits": False, "recorded_by": "secretary-a",
    }  # fmt: skip
    assert found["groups_by_rule"] == [{"group": "elderly", "rule": "age"}]
    assert found["branches"] == [{"org_code": "QA", "from": "2000-01-01", "to": None}]
    erased = world.secretary_a.post(f"{path}/groups/mobile/erase", {"from": "2020-01-01"})
    assert erased.get_json()["group_rows"] == []


def test_a_transfer_is_asked_for_accepted_and_corrected(world: World) -> None:
    member_id = world.ids[0]
    asked = world.secretary_a.post(f"/members/{member_id}/transfer-requests", {"org_code": "QB"})
    assert asked.status_code == 201
    request = asked.get_json()
    assert (request["state"], request["is_outgoing"], request["to_org_code"]) == ("waiting", True, "QB")
    waiting = world.secretary_b.get("/transfer-requests", state="waiting").get_json()["items"]
    assert [(row["id"], row["name"], row["is_incoming"]) for row in waiting] == [
        (request["id"], "张三", True)
    ]
    path = f"/transfer-requests/{request['id']}"
    day = request["asked_at"][:10]
    assert refusal(world.secretary_a.post(f"{path}/accept", {"accepted_on": day})) == (404, "not_found")
    assert refusal(world.secretary_b.post(f"{path}/withdraw")) == (404, "not_found")
    assert world.secretary_b.get(f"/members/{member_id}").status_code == 404
    for _ in range(2):
        accepted = world.secretary_b.post(f"{path}/accept", {"accepted_on": day})
        assert (accepted.status_code, accepted.get_json()["accepted_on"]) == (200, day)
    assert refusal(world.secretary_b.post(f"{path}/decline")) == (409, "wrong_state")
    member = f"/members/{member_id}"
    assert world.secretary_b.get(member).get_json()["org_code"] == "QB"
    body = {"was": day, "from": "2020-01-01"}
    assert wrong_fields(world.secretary_b.post(f"{member}/branches/correct-start", body)) == {
        "starts_on": "out_of_scope"
    }
    moved = world.admin.post(f"{member}/branches/correct-start", body).get_json()
    assert [row["from"] for row in moved["branches"]] == ["2020-01-01", "2000-01-01"]
    undone = world.admin.post(f"{member}/branches/undo-transfer", {"accepted_on": "2020-01-01"}).get_json()
    assert undone["branches"] == [{"org_code": "QA", "from": "2000-01-01", "to": None}]
    right = world.admin.post(f"{member}/branches/correct-org", {"from": "2000-01-01", "org_code": "QB"})
    assert right.get_json()["org_code"] == "QB"
    left = world.admin.post(f"{member}/leave", {"left_on": "2020-05-01"}).get_json()
    assert left["org_code"] is None
    back = world.admin.post(f"{member}/branches/undo-leaving", {"left_on": "2020-05-01"}).get_json()
    assert back["org_code"] == "QB"


def test_requests_come_in_parts_the_latest_first(world: World) -> None:
    for member_id in world.ids:
        world.secretary_a.post(f"/members/{member_id}/transfer-requests", {"org_code": "QB"})
    found, cursor = [], ""
    while cursor is not None:
        body = world.secretary_b.get("/transfer-requests", limit=2, cursor=cursor).get_json()
        found += [row["name"] for row in body["items"]]
        cursor = body["next"]
    assert found == ["王五", "李四", "张三"]


def test_a_host_records_a_hosted_member_over_the_api(world: World) -> None:
    made = world.secretary_b.post("/sessions", {**SESSION, "host_org": "QB", "audience": {}}).get_json()
    for step in ("publish", "open"):
        world.secretary_b.post(f"/sessions/{made['id']}/{step}")
    body = {"session": made["id"], "member": world.ids[0], "method": "staff_entry"}
    assert refusal(world.secretary_b.post("/checkins", body))[1] == "unknown_member"
    hosted = {"from": "2020-01-01", "direction": "out", "host_org_code": "QB"}
    world.secretary_a.put(f"/members/{world.ids[0]}/groups/mobile", hosted)
    assert world.secretary_b.post("/checkins", body).status_code == 201
    (row,) = world.secretary_b.get(f"/sessions/{made['id']}/attendance").get_json()["items"]
    assert (row["name"], row["org_name"], row["groups"]) == ("张三", "甲支部", [])
