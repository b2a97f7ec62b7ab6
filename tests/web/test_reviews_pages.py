"""The list of what a person should look at: plain words, one tap, taken back, never beyond the scope."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.attendance.models import Attendance, ReviewItem
from app.attendance.services.look_over import look_over
from app.attendance.services.review import Finding, raise_item
from app.core.db import db, writing
from app.core.vocabulary import Method, ReviewKind, ReviewState, Role, SessionState, Status
from app.trainings.models import ExpectedAttendee
from tests.factories import NOW, attend, make_member, make_session, make_staff, make_token
from tests.query_counter import count_queries
from tests.web.session_office import Office, post


class Desk:
    """A branch whose secretary looks at a session where one phone checked in three members."""

    def __init__(self, app: Flask) -> None:
        self.office = Office(app)
        self.people = self.office.people
        self.session = make_session(self.office.a, title="主题党日", state=SessionState.OPEN, starts_at=NOW)
        with writing() as tx:
            tx.add_all(
                ExpectedAttendee(
                    session_id=self.session.id, member_id=m.id, org_id=self.office.a.id, groups=0
                )
                for m in self.people
            )
        for member in self.people:
            attend(self.session, member, method=Method.MEMBER_SCAN, device="phone")
        look_over(self.session.id, NOW)
        self.item_id = db.session.scalars(select(ReviewItem.id)).one()
        self.browser = self.office.browser(Role.SECRETARY, self.office.a)

    @property
    def item(self) -> ReviewItem:
        return db.session.get_one(ReviewItem, self.item_id, populate_existing=True)

    def decide(self, decision: str, *members: Any, browser: FlaskClient | None = None) -> Any:
        chosen = [str(member.id) for member in members]
        return post(browser or self.browser, f"/reviews/{self.item_id}", decision=decision, members=chosen)

    def status_of(self, member: Any) -> Status | None:
        row = db.session.get(Attendance, (self.session.id, member.id), populate_existing=True)
        return row.status if row else None


@pytest.fixture
def desk(ctx: Flask) -> Desk:
    return Desk(ctx)


def test_it_says_what_is_odd_without_blame_and_who_is_concerned(desk: Desk) -> None:
    page = desk.browser.get("/reviews").text
    assert "一部手机为 3 位党员签到。老人合用手机很常见,请了解后选择。" in page
    for member in desk.people:
        assert member.name in page
    assert "扫码签到" in page
    assert "甲支部" in page
    assert not re.search(r'name="members"[^>]*checked', page), "nobody is chosen beforehand"


def test_the_home_page_and_the_session_lead_to_it(desk: Desk) -> None:
    assert "1 处待核对" in desk.browser.get("/").text
    page = desk.browser.get(f"/sessions/{desk.session.id}").text
    assert f'href="/reviews?session={desk.session.id}"' in page
    assert "有 1 处需要核对" in page
    desk.decide("fine")
    assert "处待核对" not in desk.browser.get("/").text
    assert "处需要核对" not in desk.browser.get(f"/sessions/{desk.session.id}").text


def test_one_tap_says_that_all_is_well(desk: Desk) -> None:
    assert desk.decide("fine").status_code == 302
    assert desk.item.state is ReviewState.FINE
    assert all(desk.status_of(member) is Status.PRESENT for member in desk.people)
    assert "没有需要核对的" in desk.browser.get("/reviews").text


def test_not_there_needs_somebody_chosen_and_changes_only_them(desk: Desk) -> None:
    desk.decide("not_there")
    assert "请勾选不在场的人,至少一位。" in desk.browser.get("/reviews").text
    assert desk.item.state is ReviewState.OPEN
    desk.decide("not_there", desk.people[1])
    assert [desk.status_of(member) for member in desk.people] == [
        Status.PRESENT,
        Status.ABSENT,
        Status.PRESENT,
    ]


def test_who_decided_is_shown_and_the_decision_can_be_taken_back(desk: Desk) -> None:
    desk.decide("not_there", desk.people[1])
    page = desk.browser.get("/reviews?show=decided").text
    assert "secretaryQA" in page
    assert "不在场" in page
    post(desk.browser, f"/reviews/{desk.item_id}/reopen")
    assert desk.item.state is ReviewState.OPEN
    assert desk.status_of(desk.people[1]) is Status.PRESENT


def test_the_second_of_two_people_is_told_what_the_first_decided(desk: Desk) -> None:
    other = desk.office.browser(Role.ORGANISER, desk.office.a)
    desk.decide("fine")
    desk.decide("not_there", desk.people[0], browser=other)
    page = other.get(f"/reviews/{desk.item_id}").text
    assert re.search("secretaryQA已在 .* 处理:没问题", page)
    assert desk.status_of(desk.people[0]) is Status.PRESENT


def test_another_branch_and_a_supervisor_see_none_of_it(desk: Desk) -> None:
    neighbour = desk.office.browser(Role.SECRETARY, desk.office.b)
    assert "位党员签到" not in neighbour.get("/reviews").text
    for answer in (
        neighbour.get(f"/reviews/{desk.item_id}"),
        neighbour.get(f"/reviews?session={desk.session.id}"),
        desk.decide("fine", browser=neighbour),
        post(neighbour, f"/reviews/{desk.item_id}/reopen"),
        post(neighbour, f"/sessions/{desk.session.id}/reviews/fine", device="phone"),
    ):
        assert answer.status_code == 404
    supervisor = desk.office.browser(Role.SUPERVISOR, desk.office.a)
    assert supervisor.get("/reviews").status_code == 403
    assert "需要核对" not in supervisor.get(f"/sessions/{desk.session.id}").text


def late_ticks(desk: Desk, n: int) -> list[Any]:
    members = [make_member(f"后到{i}", desk.office.a) for i in range(n)]
    with writing() as tx:
        for number, member in enumerate(members):
            tick = Finding(
                ReviewKind.LATE_TICK,
                f"t{number}",
                {},
                member_id=member.id,
                status=Status.PRESENT,
                method=Method.STAFF_ENTRY,
                occurred_at=NOW + timedelta(minutes=number),
                device="round",
            )
            raise_item(tx, desk.session.id, tick, NOW)
    return members


def test_the_ticks_of_one_round_are_recorded_by_one_tap(desk: Desk) -> None:
    members = late_ticks(desk, 3)
    page = desk.browser.get("/reviews").text
    assert page.count("这 3 条全部没问题") == 1
    post(desk.browser, f"/sessions/{desk.session.id}/reviews/fine", device="round")
    assert [desk.status_of(member) for member in members] == [Status.PRESENT] * 3
    assert "已记下 3 条。" in desk.browser.get("/reviews").text


def test_a_late_tick_that_is_not_recorded_is_not_called_an_absence(desk: Desk) -> None:
    late_ticks(desk, 1)
    item = db.session.query(ReviewItem).filter_by(kind=ReviewKind.LATE_TICK).one()
    post(desk.browser, f"/reviews/{item.id}", decision="not_there")
    page = desk.browser.get("/reviews").text
    assert "这条登记不计入" in page
    assert "已记下:不在场" not in page


def test_many_people_are_shown_on_a_page_of_their_own(desk: Desk) -> None:
    for number in range(9):
        member = make_member(f"邻居{number}", desk.office.a)
        attend(desk.session, member, method=Method.MEMBER_SCAN, device="phone")
    look_over(desk.session.id, NOW)
    assert "逐个看这 12 人" in desk.browser.get("/reviews").text
    assert desk.browser.get(f"/reviews/{desk.item_id}").text.count('name="members"') == 12


def test_the_list_costs_the_same_however_long_it_is(desk: Desk) -> None:
    with count_queries() as few:
        desk.browser.get("/reviews")
    late_ticks(desk, 12)
    with count_queries() as many:
        desk.browser.get("/reviews")
    assert many.count <= few.count + 1 <= 15, "one more, for how many wait of one phone"


def test_the_api_lists_and_decides_the_same(desk: Desk) -> None:
    token = make_token(make_staff("程序", Role.SECRETARY, desk.office.a))
    call: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token}"}}
    client = desk.office.app.test_client()
    (item,) = client.get("/api/v1/reviews?state=open", **call).get_json()["items"]
    assert (item["kind"], item["session"], item["evidence"]["members"]) == (
        "shared_device",
        desk.session.id,
        3,
    )
    assert {person["member"] for person in item["people"]} == {member.id for member in desk.people}
    address = f"/api/v1/reviews/{item['id']}"
    nobody = client.post(address, json={"decision": "not_there"}, **call)
    assert (nobody.status_code, nobody.get_json()["errors"][0]["field"]) == (422, "members")
    wanted = {"decision": "not_there", "members": [desk.people[0].id]}
    for _ in range(2):
        decided = client.post(address, json=wanted, **call)
        assert (decided.status_code, decided.get_json()["state"]) == (200, "not_there")
    assert decided.get_json()["decided_by"] == "程序"
    assert client.post(address, json={"decision": "fine"}, **call).get_json()["code"] == "wrong_state"
    assert client.post(f"{address}/reopen", **call).get_json()["state"] == "open"
    assert desk.status_of(desk.people[0]) is Status.PRESENT
