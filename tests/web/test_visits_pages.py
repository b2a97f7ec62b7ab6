"""The note for home visits: who reads and changes it, what may not stand in it, and the slip."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db
from app.core.vocabulary import Role
from app.members.models import VisitNote
from app.members.rules_visits import Need, VisitDetails
from app.members.services.visit_notes import save_visit_note
from tests.factories import count, make_member
from tests.query_counter import count_queries
from tests.web.session_office import Office, post

NOTE = {
    "door": "菜场后面红色铁门",
    "times": "下午三点以后",
    "opener": "女儿小红",
    "needs": ["speak_up", "large_print"],
}


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def path(office: Office, tail: str = "", who: Any = None) -> str:
    return f"/members/{(who or office.people[0]).id}{tail}"


def save(office: Office, browser: FlaskClient, **changes: Any) -> TestResponse:
    return post(browser, path(office, "/visit-note"), **{**NOTE, **changes})


def acts(action: str) -> int:
    return db.session.query(AuditEntry).filter_by(action=action).count()


def test_a_note_is_written_shown_and_changed(office: Office) -> None:
    browser = office.browser()
    assert "还没有。可以写门在哪里" in browser.get(path(office)).text
    assert save(office, browser).status_code == 302
    page = browser.get(path(office)).text
    for text in ("菜场后面红色铁门", "下午三点以后", "女儿小红", "带大字材料、说话大声些", "organiserQ更新"):
        assert text in page
    form = browser.get(path(office, "/visit-note")).text
    assert 'value="菜场后面红色铁门"' in form
    assert re.search(r'value="speak_up"[^>]* checked', form)
    save(office, browser, door="东门")
    assert "东门" in browser.get(path(office)).text
    assert count(VisitNote) == 1


def test_changing_a_note_is_logged_and_looking_is_not(office: Office) -> None:
    browser = office.browser()
    for _ in range(2):
        save(office, browser)
    browser.get(path(office))
    assert acts("visit_note.save") == 1, "the same note again is no change"
    post(browser, path(office, "/visit-note/delete"))
    post(browser, path(office, "/visit-note/delete"))
    assert (acts("visit_note.delete"), count(VisitNote)) == (1, 0)
    entries = [str(entry.detail) for entry in db.session.query(AuditEntry)]
    assert not any("红色铁门" in text for text in entries)


def test_a_blank_note_is_no_note(office: Office) -> None:
    browser = office.browser()
    save(office, browser)
    save(office, browser, door=" ", times="", opener="", needs=[])
    assert count(VisitNote) == 0


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("door", "13900000001", "电话号码请写在资料的"),
        ("times", "先打139 0000 0001", "电话号码请写在资料的"),
        ("opener", "女儿,8555-0001", "电话号码请写在资料的"),
        ("opener", "一三九零零零零零零零一", "电话号码请写在资料的"),
        ("opener", "110101195001011234", "身份证号"),
        ("opener", "11010119500101123X", "身份证号"),
        ("door", "卧病在床", "请不要写病情"),
        ("door", "门" * 61, "请不要超过 60 个字"),
        ("times", "早" * 41, "请不要超过 40 个字"),
    ],
)
def test_what_does_not_belong_there_is_refused_at_the_field(
    office: Office, field: str, text: str, words: str
) -> None:
    answer = save(office, office.browser(), **{field: text})
    assert answer.status_code == 422
    error = answer.text[answer.text.index(f'id="{field}-error"') :]
    assert words in error[: error.index("</p>")]
    assert NOTE["door" if field != "door" else "times"] in answer.text, "what was typed stays"
    assert count(VisitNote) == 0


@pytest.mark.parametrize("text", ["3-2-401 右手第12-5间", "菜场后500米3栋2单元1801", "1998年建的楼"])
def test_numbers_of_houses_are_no_telephone_numbers(office: Office, text: str) -> None:
    assert save(office, office.browser(), door=text).status_code == 302


def test_nothing_to_mind_and_something_to_mind_are_not_both_said(office: Office) -> None:
    answer = save(office, office.browser(), needs=["nothing", "stairs"])
    assert (answer.status_code, "不能和其他项一起选" in answer.text) == (422, True)
    assert save(office, office.browser(Role.SECRETARY), needs=["poetry"]).status_code == 422


def test_only_those_who_visit_read_it_and_only_in_their_place(office: Office) -> None:
    save(office, office.browser())
    assert "红色铁门" in office.browser(Role.SECRETARY, office.a).get(path(office)).text
    supervisor = office.browser(Role.SUPERVISOR)
    assert "红色铁门" not in supervisor.get(path(office)).text
    neighbour = office.browser(Role.SECRETARY, office.b)
    for tail in ("/visit-note", "/visit-slip"):
        assert supervisor.get(path(office, tail)).status_code == 403
        assert neighbour.get(path(office, tail)).status_code == 404
    assert save(office, neighbour).status_code == 404
    assert post(neighbour, path(office, "/visit-note/delete")).status_code == 404
    assert count(VisitNote) == 1


def test_the_words_are_not_in_the_database_in_the_clear(office: Office) -> None:
    save(office, office.browser())
    note = db.session.query(VisitNote).one()
    assert "红色铁门".encode() not in note.note_sealed
    if db.engine.dialect.name == "sqlite":
        files = db.engine.url.database
        assert files
        for name in (files, f"{files}-wal"):
            with open(name, "rb") as stored:
                data = stored.read()
            for word in ("红色铁门", "下午三点以后", "女儿小红", "speak_up"):
                assert word.encode() not in data


def test_a_note_of_another_key_says_so_and_can_be_deleted(office: Office) -> None:
    browser = office.browser()
    save(office, browser)
    note = db.session.query(VisitNote).one()
    note.note_sealed = note.note_sealed[:-1] + bytes([note.note_sealed[-1] ^ 1])
    db.session.commit()
    assert "这份须知无法解开" in browser.get(path(office)).text
    assert browser.get(path(office, "/visit-note")).status_code == 200
    post(browser, path(office, "/visit-note/delete"))
    assert count(VisitNote) == 0


def test_the_slip_masks_the_phone_until_asked_and_asking_is_logged(office: Office) -> None:
    member = make_member("王老", office.a, phone="13900001234")
    browser = office.browser()
    page = browser.get(path(office, "/visit-slip", member)).text
    assert ("139****1234" in page, "13900001234" in page) == (True, False)
    whole = post(browser, path(office, "/visit-slip", member))
    assert "13900001234" in whole.text
    assert acts("member.show_phone") == 1


def test_slips_of_chosen_members_leave_out_who_is_out_of_reach(office: Office) -> None:
    scope = Scope((office.root.id,), None)
    note = VisitDetails(door="红门", needs=(Need.STAIRS,))
    save_visit_note(office.people[1].id, note, scope, datetime.now(UTC))
    ids = [*[person.id for person in office.people], office.guest.id]
    browser = office.browser(Role.SECRETARY, office.a)
    query = {"member": [*ids, "x", "99999"]}
    with count_queries() as queries:
        page = browser.get("/members/visit-slips", query_string=query)
    assert page.status_code == 200
    assert queries.count <= 5
    assert page.text.count('class="slip') - page.text.count('class="slip__') == 3
    assert "红门" in page.text
    assert "李四" not in page.text
    for nobody in ({}, {"member": office.guest.id}):
        page = browser.get("/members/visit-slips", query_string=nobody)
        assert (page.status_code, "没有要走访的人" in page.text) == (200, True)


def test_the_list_of_those_not_reached_leads_to_their_slips(office: Office) -> None:
    page = office.browser().get("/reports/uncovered?from=2019-01-01&to=2019-12-31").text
    door = re.search(r'href="(/members/visit-slips\?[^"]+)"', page)
    assert door
    slips = office.browser(Role.ADMINISTRATOR).get(door[1].replace("&amp;", "&")).text
    for name in ("张一", "张二", "张三", "李四"):
        assert name in slips
    assert "/members/visit-slips" not in office.browser(Role.SUPERVISOR).get("/reports/uncovered").text
