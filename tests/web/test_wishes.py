"""Wishes for correction: asked on a phone or through staff, kept sealed, answered once, within the place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.vocabulary import RequestState, Role
from app.members.models import CorrectionRequest
from app.members.rules_wishes import About, Wish
from app.members.services.wishes import ask_for_correction
from tests.api_world import World, refusal, wrong_fields
from tests.factories import count
from tests.query_counter import count_queries
from tests.web.session_office import Office, post
from tests.web.test_mine_pages import Phone

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def phone(ctx: Flask) -> Phone:
    return Phone(ctx)


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def wish_of(member: Any, text: str = "名字写错了", about: About = About.NAME, at: datetime = NOW) -> int:
    return ask_for_correction(member.id, Wish(about, text), at)


def only() -> CorrectionRequest:
    db.session.rollback()
    return db.session.query(CorrectionRequest).one()


def test_a_member_asks_once_and_sees_what_became_of_it(phone: Phone) -> None:
    assert "您还没有提过" in phone.get("/mine/wishes")
    form = phone.get("/mine/wishes/new", about="branch")
    assert 'value="branch" selected' in form
    for _ in range(2):
        answer = phone.post("/mine/wishes/new", about="branch", text=" 我去年就转到乙支部了 ")
        assert (answer.status_code, answer.location) == (302, "/mine/wishes")
    assert count(CorrectionRequest) == 1, "the button pressed twice is one wish"
    page = phone.get("/mine/wishes")
    assert "我去年就转到乙支部了" in page
    assert "等待支部答复" in page


def test_a_form_that_lacks_something_keeps_what_was_typed(phone: Phone) -> None:
    for fields, words in (
        ({"about": "", "text": "不对"}, "请选择哪一项不对"),
        ({"about": "weather", "text": "不对"}, "请从列表里选择一项"),
        ({"about": "name", "text": "  "}, "请写下哪里不对"),
        ({"about": "name", "text": "字" * 301}, "请不要超过 300 个字"),
        ({"about": "name", "text": "证号是11010119500101123X"}, "这里不能写身份证号"),
    ):
        answer = phone.post("/mine/wishes/new", **fields)
        assert (answer.status_code, words in answer.text) == (422, True), fields
        assert fields["text"] in answer.text
    assert count(CorrectionRequest) == 0


def test_five_wishes_wait_and_no_more(phone: Phone) -> None:
    for n in range(5):
        wish_of(phone.member, f"第{n}处不对")
    refused = phone.post("/mine/wishes/new", about="name", text="还有一处")
    assert (refused.status_code, "已有 5 条请求在等答复" in refused.text) == (422, True)
    assert "有错?请改正" not in phone.get("/mine/wishes")
    assert phone.post("/mine/wishes/new", about="name", text="第0处不对").status_code == 302, (
        "a repeat is no sixth"
    )
    with writing() as session:
        row = session.query(CorrectionRequest).first()
        assert row is not None
        row.state = RequestState.DONE
    assert phone.post("/mine/wishes/new", about="name", text="还有一处").status_code == 302


def test_a_wish_is_asked_for_the_person_who_is_meant(phone: Phone) -> None:
    assert phone.post("/mine/wishes/new", member=99, about="name", text="不对").location == "/mine"
    assert count(CorrectionRequest) == 0


def test_neither_wish_nor_answer_is_in_the_database_in_the_clear(office: Office) -> None:
    wish_id = wish_of(office.people[0], "出生日期应当是五月六日")
    post(
        office.browser(Role.ADMINISTRATOR), f"/members/wishes/{wish_id}", state="done", answer="已按证件改正"
    )
    row = only()
    assert "五月六日".encode() not in row.text_sealed
    assert "证件".encode() not in (row.answer_sealed or b"")
    assert not any("五月六日" in str(entry.detail) for entry in db.session.query(AuditEntry))
    if db.engine.dialect.name == "sqlite":
        path = db.engine.url.database
        for name in (path, f"{path}-wal"):
            with open(str(name), "rb") as stored:
                data = stored.read()
            assert "五月六日".encode() not in data
            assert "已按证件改正".encode() not in data


def test_staff_find_wishes_on_the_first_page_and_answer_them(office: Office) -> None:
    browser = office.browser(Role.SECRETARY, office.a)
    assert "更正请求" not in browser.get("/").text
    wish_id = wish_of(office.people[0], "生日不对", About.BIRTH_DATE)
    wish_of(office.guest, "别处的")
    assert "1 条待答复" in browser.get("/").text
    listed = browser.get("/members/wishes").text
    assert "生日不对" in listed
    assert "别处的" not in listed
    page = browser.get(f"/members/wishes/{wish_id}").text
    assert "生日不对" in page
    assert "1985年5月5日" in page, "what is recorded stands beside it"
    assert f'href="/members/{office.people[0].id}/edit"' in page
    assert f'href="/members/wishes/{wish_id}"' in browser.get(f"/members/{office.people[0].id}").text
    done = post(browser, f"/members/wishes/{wish_id}", state="done", answer="已改,谢谢")
    assert done.location == "/members/wishes"
    assert "没有待答复的请求" in browser.get("/members/wishes").text
    assert "生日不对" in browser.get("/members/wishes?show=answered").text
    assert "已改,谢谢" in browser.get(f"/members/wishes/{wish_id}").text


@pytest.mark.parametrize("about", list(About))
def test_every_sort_of_wish_opens_beside_what_is_recorded(office: Office, about: About) -> None:
    wish_id = wish_of(office.people[0], "不对", about)
    assert office.browser(Role.ADMINISTRATOR).get(f"/members/wishes/{wish_id}").status_code == 200


def test_the_member_reads_the_answer(phone: Phone) -> None:
    wish_id = wish_of(phone.member)
    from app.members.services.wishes import answer_wish

    answer_wish(wish_id, RequestState.DECLINED, "与证件一致", phone.scope, NOW)
    page = phone.get("/mine/wishes")
    assert "没有改" in page
    assert "与证件一致" in page


def test_an_answer_is_given_once_and_declining_needs_a_reason(office: Office) -> None:
    wish_id = wish_of(office.people[0])
    browser, path = office.browser(Role.ADMINISTRATOR), f"/members/wishes/{wish_id}"
    refused = post(browser, path, state="declined", answer=" ")
    assert (refused.status_code, "请告诉本人原因" in refused.text) == (422, True)
    assert post(browser, path, state="open", answer="x").status_code == 422
    assert post(browser, path, state="done", answer="字" * 201).status_code == 422
    assert only().state is RequestState.OPEN
    for _ in range(2):
        assert post(browser, path, state="declined", answer="与证件一致").status_code == 302
    assert post(browser, path, state="done", answer="").status_code == 409
    assert db.session.query(AuditEntry).filter_by(action="wish.answer").count() == 1


def test_wishes_out_of_reach_are_not_found(office: Office) -> None:
    wish_id = wish_of(office.guest)
    for role, org, status in (
        (Role.SECRETARY, office.a, 404),
        (Role.SUPERVISOR, office.root, 403),
        (Role.ORGANISER, office.root, 403),
        (Role.SECRETARY, office.b, 200),
    ):
        browser = office.browser(role, org)
        assert browser.get(f"/members/wishes/{wish_id}").status_code == status
        if status != 200:
            assert post(browser, f"/members/wishes/{wish_id}", state="done").status_code == status
            path = f"/members/{office.guest.id}/wishes/new"
            assert post(browser, path, about="name", text="不对").status_code == status
    assert only().state is RequestState.OPEN
    assert office.browser(Role.ADMINISTRATOR).get("/members/wishes/99999").status_code == 404


def test_staff_enter_a_wish_for_a_member_without_a_phone(office: Office) -> None:
    browser, path = office.browser(Role.ADMINISTRATOR), f"/members/{office.people[1].id}/wishes/new"
    assert "照本人的话写" in browser.get(path).text
    assert post(browser, path, about="name", text="").status_code == 422
    answer = post(browser, path, about="name", text="是“二”不是“一”")
    row = only()
    assert answer.location == f"/members/wishes/{row.id}"
    assert row.member_id == office.people[1].id


def test_wishes_are_listed_fifty_a_page_the_oldest_first(office: Office) -> None:
    for n in range(53):
        wish_of(office.people[n % 3], f"条目{n:02}。", at=NOW + timedelta(minutes=n)) if n < 15 else _more(
            office, n
        )
    browser = office.browser(Role.ADMINISTRATOR)
    with count_queries() as queries:
        first = browser.get("/members/wishes").text
    assert queries.count <= 10
    assert "条目00。" in first
    assert "条目52。" not in first
    assert "条目52。" in browser.get("/members/wishes?page=2").text


def _more(office: Office, n: int) -> None:
    """Past the limit of one member, as many members would make them."""
    from app.core.crypto import seal

    with writing() as session:
        session.add(
            CorrectionRequest(
                member_id=office.people[n % 3].id,
                about="name",
                text_sealed=seal(f"条目{n:02}。", "correction"),
                asked_at=NOW + timedelta(minutes=n),
            )
        )


@pytest.fixture
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def test_the_api_lists_enters_and_answers(world: World, frozen: None) -> None:
    path = f"/members/{world.ids[0]}/correction-requests"
    body = {"about": "phone", "text": "换号了"}
    made = world.secretary_a.post(path, body)
    assert made.status_code == 201
    wish = made.get_json()
    assert wish == {
        "id": wish["id"],
        "member_id": world.ids[0],
        "about": "phone",
        "text": "换号了",
        "state": "open",
        "asked_at": "2026-03-02T09:00:00+08:00",
        "answer": None,
        "answered_at": None,
    }
    assert world.secretary_a.post(path, body).get_json()["id"] == wish["id"]
    assert world.secretary_a.get("/correction-requests", state="open").get_json()["items"] == [wish]
    assert world.secretary_b.get("/correction-requests").get_json() == {"items": [], "next": None}
    answer = f"/correction-requests/{wish['id']}/answer"
    assert refusal(world.secretary_b.post(answer, {"state": "done"})) == (404, "not_found")
    assert refusal(world.supervisor.post(answer, {"state": "done"})) == (403, "forbidden")
    assert wrong_fields(world.secretary_a.post(answer, {"state": "declined"})) == {"answer": "required"}
    assert wrong_fields(world.secretary_a.post(answer, {"state": "open"})) == {"state": "unknown"}
    for _ in range(2):
        done = world.secretary_a.post(answer, {"state": "done", "answer": "已改"})
        assert (done.status_code, done.get_json()["answer"]) == (200, "已改")
    assert refusal(world.secretary_a.post(answer, {"state": "done"})) == (409, "answered_already")
    assert world.secretary_a.get("/correction-requests", state="open").get_json()["items"] == []


def test_the_api_goes_through_wishes_in_parts(world: World) -> None:
    for n in range(3):
        assert world.admin.post(
            f"/members/{world.ids[n]}/correction-requests", {"about": "other", "text": f"{n}"}
        )
    found, cursor = [], ""
    while cursor is not None:
        body = world.admin.get("/correction-requests", limit=1, cursor=cursor).get_json()
        found += [row["text"] for row in body["items"]]
        cursor = body["next"]
    assert found == ["0", "1", "2"]


def test_the_api_reads_writes_and_deletes_a_visit_note(world: World) -> None:
    path = f"/members/{world.ids[0]}/visit-note"
    blank = {"door": "", "times": "", "opener": "", "needs": [], "updated_at": None}
    assert world.secretary_a.get(path).get_json() == blank
    said = world.secretary_a.put(path, {"door": "红门", "needs": ["stairs"]}).get_json()
    assert (said["door"], said["needs"], said["updated_at"] is None) == ("红门", ["stairs"], False)
    assert world.admin.get(path).get_json() == said
    assert wrong_fields(world.admin.put(path, {"door": "13900000001"})) == {"door": "phone"}
    assert wrong_fields(world.admin.put(path, {"remark": "x"})) == {"remark": "unknown_field"}
    assert refusal(world.supervisor.get(path)) == (403, "forbidden")
    for method in ("GET", "DELETE"):
        assert refusal(world.secretary_b.call(method, path)) == (404, "not_found")
    assert refusal(world.secretary_b.put(path, {"door": "蓝门"})) == (404, "not_found")
    listed = world.admin.get("/members", q="张三").text + world.admin.get(f"/members/{world.ids[0]}").text
    assert "红门" not in listed
    for _ in range(2):
        assert world.admin.delete(path).status_code == 204
    assert world.admin.get(path).get_json() == blank
