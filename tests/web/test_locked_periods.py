"""Locked periods over pages, the API, the command and the files: all tell the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.checkin.rules import long_code
from app.core.vocabulary import Role, SessionState, Status
from tests.api_world import World, refusal
from tests.factories import NOW, attend, make_session, make_staff, sign_in

JUNE = {"from_": "2019-06-01", "to": "2019-06-30"}
QUERY = "from=2019-06-01&to=2019-06-30"
ADJUSTED = {"count": 2, "added": 1, "removed": 1, "minutes": 0}
LINE = "锁定后调整:2 条(2019年6月4日的场次),人次 +1 −1,分钟 ±0"


@pytest.fixture
def world(app: Flask) -> Iterator[Any]:
    """A closed session of QA in June 2019: one came, one was absent."""
    app.config["WTF_CSRF_ENABLED"] = False
    made: Any = World(app)
    with app.app_context():
        held = make_session(made.a, starts_at=NOW + timedelta(days=1))
        made.session = held.id
        attend(held, made.people[0])
        attend(held, made.people[1], status=Status.ABSENT)
    yield made
    app.config["WTF_CSRF_ENABLED"] = True


def adjust(world: Any) -> None:
    """One came after all, and one did not."""
    for person, status in ((world.people[0], None), (world.people[1], "present")):
        answer = world.admin.patch(
            f"/sessions/{world.session}/attendance/{person.id}", {"status": status, "reason": "名单核对"}
        )
        assert answer.status_code == 200
        assert answer.get_json()["adjustment"]["status_after"] == status


def test_what_is_locked_by_the_api_waits_and_counts_when_it_is_unlocked(app: Flask, world: Any) -> None:
    before = world.admin.get("/reports/person-times", **JUNE).get_json()
    made = world.admin.post("/locks", {"year": 2019, "month": 6})
    assert made.status_code == 201
    assert world.admin.post("/locks", {"year": 2019, "month": 6}).get_json() == made.get_json()
    tick = {"session": world.session, "member": world.people[2].id, "method": "staff_entry"}
    assert refusal(world.admin.post("/checkins", tick)) == (409, "locked")
    code = long_code(b"s" * 32, world.session, 1)
    scan = {"code": code, "member_token": world.bind(world.people[2].id)}
    assert refusal(world.nobody.post("/checkins", scan)) == (409, "locked")
    assert refusal(world.admin.post(f"/sessions/{world.session}/reopen")) == (409, "locked")
    adjust(world)
    path = f"/sessions/{world.session}/attendance/{world.people[0].id}"
    assert refusal(world.admin.put(f"{path}/times", {"came_at": None, "left_at": None})) == (409, "locked")
    for report in ("person-times", "coverage", "uncovered", "study-hours", "duties"):
        body = world.admin.get(
            f"/reports/{report}", **({"year": 2019} if report in ("study-hours", "duties") else JUNE)
        )
        assert body.get_json()["adjustments"] == ADJUSTED, report
    told = world.admin.get("/reports/person-times", **JUNE).get_json()
    assert {name: told[name] for name in before} == before
    listed = world.admin.get("/reports/corrections", **JUNE, limit=1).get_json()
    assert (listed["count"], listed["items"][0]["after_lock"]) == (2, "waiting")
    rest = world.admin.get("/reports/corrections", **JUNE, cursor=listed["next"]).get_json()
    assert {listed["items"][0]["status_after"], rest["items"][0]["status_after"]} == {None, "present"}
    assert world.admin.get("/reports/corrections", **JUNE, session=10**6).status_code == 404
    for _again in range(2):
        assert world.admin.delete(f"{path}/adjustment").status_code == 204
    number = made.get_json()["id"]
    assert refusal(world.admin.post(f"/locks/{number}/unlock", {"reason": ""}))[0] == 422
    assert world.admin.post(f"/locks/{number}/unlock", {"reason": "补报"}).get_json() == {"applied": 1}
    assert world.admin.post(f"/locks/{number}/unlock", {"reason": "补报"}).get_json() == {"applied": 0}
    after = world.admin.get("/reports/person-times", **JUNE).get_json()
    assert after["total"]["person_times"] == before["total"]["person_times"] + 1
    [lock] = world.admin.get("/locks").get_json()["items"]
    assert (lock["unlock_reason"], lock["waiting"]) == ("补报", 0)


def test_every_way_of_reading_a_report_tells_the_same_line(app: Flask, world: Any) -> None:
    world.admin.post("/locks", {"year": 2019})
    adjust(world)
    with app.app_context():
        admin = make_staff("主任", Role.ADMINISTRATOR, world.root)
        client = sign_in(app.test_client(), admin)
    for page in ("person-times", "coverage", "uncovered", "study-hours", "duties", "ledger"):
        address = f"/reports/{page}?{QUERY}&year=2019"
        assert LINE in client.get(address).get_data(as_text=True), page
        assert LINE in client.get(f"{address}&format=csv").get_data(as_text=True), page
    run = app.test_cli_runner().invoke
    assert LINE in run(args=["report", "duties", "--year", "2019"]).output
    body = json.loads(run(args=["report", "person-times", "--year", "2019", "--format", "json"]).output)
    assert body["adjustments"] == ADJUSTED

    # Form 10: page, file, command and API list the same.
    shown = client.get(f"/reports/corrections?{QUERY}&after_lock=1").get_data(as_text=True)
    assert shown.count("锁定后,未计入") == 2
    file = client.get(f"/reports/corrections?{QUERY}&format=csv").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(file.removeprefix("\ufeff"))))
    assert [row[7] for row in rows[1:3]] == ["名单核对", "名单核对"]
    assert [row[5:7] for row in rows[1:3]] == [["缺席", "到课"], ["到课", "未登记"]]
    command = run(args=["report", "corrections", "--year", "2019", "--after-lock", "--format", "json"])
    api = world.admin.get("/reports/corrections", **JUNE, after_lock="true").get_json()
    assert json.loads(command.output) == api
    assert client.get(f"/reports/corrections?{QUERY}&member={world.people[0].id}").status_code == 200
    assert client.get(f"/reports/corrections?{QUERY}&session=999999").status_code == 404


def test_the_pages_lock_adjust_withdraw_and_unlock(app: Flask, world: Any) -> None:
    with app.app_context():
        admin = make_staff("主任", Role.ADMINISTRATOR, world.root)
        of_a = make_staff("分管", Role.ADMINISTRATOR, world.a)
        client, other = sign_in(app.test_client(), admin), sign_in(app.test_client(), of_a)
        running = make_session(world.a, title="没结束的", state=SessionState.PUBLISHED).id
    june = {"year": "2019", "month": "6"}
    assert other.post("/settings/locks", data=june).status_code == 404
    assert "请负责全部组织的管理员来做" in other.get("/settings/locks").get_data(as_text=True)
    refused = client.post("/settings/locks", data=june)
    assert (refused.status_code, "没结束的" in refused.get_data(as_text=True)) == (422, True)
    assert client.post("/settings/locks", data={"year": "x", "month": "13"}).status_code == 422
    client.post(f"/sessions/{running}/cancel")
    assert client.post("/settings/locks", data=june).status_code == 302

    page = f"/sessions/{world.session}"
    person = f"{page}/roster/{world.people[1].id}"
    tapped = client.post(person, data={"status": "present"}, headers={"HX-Request": "true"})
    assert "写明原因后" in tapped.get_data(as_text=True)
    without = client.post(f"{person}/adjust", data={"status": "present", "reason": " "})
    assert without.status_code == 422
    assert client.get(f"{person}/adjust").status_code == 200
    assert (
        client.post(f"{person}/adjust", data={"status": "present", "reason": "名单核对"}).status_code == 302
    )
    for address in (page, f"{person}/adjust", f"/members/{world.people[1].id}"):
        shown = client.get(address).get_data(as_text=True)
        assert "锁定后调整" in shown, address
        assert "名单核对" in shown, address
    times = f"{page}/roster/{world.people[0].id}/times"
    assert 'name="reason"' in client.get(times).get_data(as_text=True)
    client.post(times, data={"came_at": "10:00", "left_at": "", "reason": "录像"})
    assert client.post(f"{person}/adjust/withdraw").status_code == 302
    [lock] = world.admin.get("/locks").get_json()["items"]
    assert lock["waiting"] == 1
    unlock = f"/settings/locks/{lock['id']}/unlock"
    assert client.get(unlock).status_code == 200
    assert other.get(unlock).status_code == 404
    assert client.post(unlock, data={"reason": ""}).status_code == 422
    assert client.post(unlock, data={"reason": "补报"}).status_code == 302
    assert client.get(f"{person}/adjust").status_code == 302
    assert "改过 1 次" in client.get(page).get_data(as_text=True)
    assert "录像" in client.get(page).get_data(as_text=True)


def test_a_user_of_one_branch_sees_the_adjustments_of_that_branch_only(app: Flask, world: Any) -> None:
    world.admin.post("/locks", {"year": 2019, "month": 6})
    adjust(world)
    callers = [world.secretary_a, world.secretary_b]
    told = [caller.get("/reports/person-times", **JUNE).get_json().get("adjustments") for caller in callers]
    assert told == [ADJUSTED, None]
    assert [caller.get("/reports/corrections", **JUNE).get_json()["count"] for caller in callers] == [2, 0]
    assert refusal(callers[0].post("/locks", {"year": 2018}))[0] == 403
    # The member reads what waits, without who of the staff noted it or why.
    phone = app.test_client()
    phone.set_cookie("bulou_member", world.bind(world.people[1].id))
    own = phone.get("/mine/records").get_data(as_text=True)
    assert "这条更正先记在这里" in own
    assert "名单核对" not in own


def test_times_of_a_locked_session_ask_for_their_reason_and_keep_what_was_typed(
    app: Flask, world: Any
) -> None:
    assert world.admin.post("/locks", {"year": 2019, "month": 6}).status_code == 201
    with app.app_context():
        browser = sign_in(app.test_client(), make_staff("clerk", Role.ADMINISTRATOR, world.root))
    path = f"/sessions/{world.session}/roster/{world.people[0].id}/times"
    assert '<span class="required">必填</span>' in browser.get(path).text
    refused = browser.post(path, data={"came_at": "09:40", "left_at": "", "reason": " "})
    assert refused.status_code == 422
    assert 'value="09:40"' in refused.text
    assert "写明原因后" in refused.text
    done = browser.post(path, data={"came_at": "09:40", "left_at": "", "reason": "核对录像"})
    assert done.status_code == 302
    told = world.admin.get("/reports/corrections", **JUNE).get_json()["items"]
    assert [item["reason"] for item in told] == ["核对录像"]
