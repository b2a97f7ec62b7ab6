"""The roster for many people and with times: everybody left, undo, signing out, head count, delivered."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.attendance.models import Attendance
from app.core.db import db
from app.core.vocabulary import Role, Status
from app.trainings.models import TrainingSession
from tests.factories import count, make_member
from tests.integration.test_recording_many import crowd
from tests.query_counter import count_queries
from tests.web.session_office import Office, post, tick
from tests.web.test_roster_page import people_on, row_of


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def hidden(page: str, name: str) -> str:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[0]


def record_rest(browser: FlaskClient, session_id: int, page: str, **more: object) -> str:
    """Confirm what the page about everybody left asks; the page that follows."""
    form = page[page.index("data-rest") :]
    fields = {name: hidden(form, name) for name in ("batch", "q", "total", "next")}
    answer = post(browser, f"/sessions/{session_id}/roster/rest", **{**fields, "status": "present", **more})
    return browser.get(answer.location).text if answer.location else answer.text


def statuses(session_id: int) -> dict[int, Status]:
    rows = db.session.query(Attendance).filter_by(session_id=session_id)
    return {row.member_id: row.status for row in rows}


def test_everybody_on_more_than_one_page_is_recorded_at_once_but_for_those_ticked(office: Office) -> None:
    ids = crowd(office.a, 60)
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "excused")
    page = browser.get(f"/sessions/{session_id}").text
    assert "全部未登记的(不止本页)" in page
    asked = post(browser, f"/sessions/{session_id}/roster/rest", step="ask", members=[str(ids[0])])
    assert asked.status_code == 200
    assert count(Attendance) == 1, "asking records nothing"
    assert "未登记 62 人" in asked.text
    assert re.findall(r'name="members" value="(\d+)" checked', asked.text) == [str(ids[0])]
    after = record_rest(browser, session_id, asked.text, members=[str(ids[0]), str(ids[1])])
    assert "已登记 60 人" in after
    assert len(statuses(session_id)) == 61
    assert not {ids[0], ids[1]} & set(statuses(session_id))
    assert statuses(session_id)[office.people[0].id] is Status.EXCUSED


def test_one_action_is_undone_as_a_whole_and_nothing_else(office: Office) -> None:
    crowd(office.a, 60)
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "present")
    after = record_rest(browser, session_id, browser.get(f"/sessions/{session_id}/roster/rest").text)
    assert "撤销刚才的 62 人" in after
    tick(browser, session_id, office.people[1], "late")
    undo = {"batch": hidden(after[after.index("撤销") - 400 :], "batch")}
    for words in ("已撤销,61 人恢复为未登记", "没有可撤销的"):
        answer = post(browser, f"/sessions/{session_id}/roster/undo", **undo)
        assert words in browser.get(answer.location).text
    assert statuses(session_id) == {
        office.people[0].id: Status.PRESENT,
        office.people[1].id: Status.LATE,
    }


def test_only_those_whom_the_search_finds_are_left(office: Office) -> None:
    crowd(office.a, 60)
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/roster/rest?q=zhang").text
    assert "未登记 3 人" in page
    record_rest(browser, session_id, page, status="absent")
    assert set(statuses(session_id)) == {person.id for person in office.people}


def test_a_list_that_grew_meanwhile_is_shown_again_before_anything_is_recorded(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "present")
    page = browser.get(f"/sessions/{session_id}/roster/rest").text
    tick(browser, session_id, office.people[0], "not_recorded")
    again = record_rest(browser, session_id, page)
    assert "名单刚才有变化" in again
    assert "未登记 3 人" in again
    assert count(Attendance) == 0


def test_confirming_twice_is_one_action(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/roster/rest").text
    for _ in range(2):
        assert "已登记 3 人" in record_rest(browser, session_id, page)
    assert count(Attendance) == 3
    assert "没有未登记的人" in browser.get(f"/sessions/{session_id}/roster/rest").text


def test_a_long_list_of_those_left_costs_few_queries(office: Office) -> None:
    crowd(office.a, 1100)
    browser = office.browser()
    session_id = office.opened(browser)
    with count_queries() as queries:
        page = browser.get(f"/sessions/{session_id}/roster/rest").text
    assert queries.count <= 15
    with count_queries() as queries:
        record_rest(browser, session_id, page)
    assert queries.count <= 60
    assert count(Attendance) == 1103


# ---- times and signing out --------------------------------------------------------------------------------


def morning(office: Office, browser: FlaskClient, **more: object) -> int:
    """An open session of today from 9 to 11 by the office's clock."""
    fields = {"day": "2026-03-02", "starts": "09:00", "ends": "11:00", **more}
    return office.opened(browser, **fields)


@time_machine.travel(datetime.fromisoformat("2026-03-02T09:23:00+08:00"), tick=False)
def test_the_roster_says_since_when_and_how_many_minutes_count(office: Office) -> None:
    browser = office.browser()
    session_id = morning(office, browser)
    tick(browser, session_id, office.people[0], "late")
    page = browser.get(f"/sessions/{session_id}").text
    assert "09:23 到" in page
    assert "计 97 分钟" in page


@time_machine.travel(datetime.fromisoformat("2026-03-02T10:00:00+08:00"), tick=False)
def test_staff_set_both_times_with_and_without_script(office: Office) -> None:
    browser = office.browser()
    session_id, member = morning(office, browser), office.people[0]
    tick(browser, session_id, member, "present")
    path = f"/sessions/{session_id}/roster/{member.id}/times"
    assert "<html" in browser.get(path).text
    part = browser.get(path, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    answer = post(browser, path, came_at="09:30", left_at="10:30")
    assert answer.location == f"/sessions/{session_id}#m{member.id}"
    page = browser.get(answer.location).text
    assert all(words in page for words in ("09:30 到", "10:30 走", "计 60 分钟"))
    row = post(browser, path, came_at="", left_at="10:30", htmx=True)
    assert (row.status_code, row.headers["HX-Retarget"]) == (200, f"#m{member.id}")
    assert people_on(row.text) == ["张一"]


@time_machine.travel(datetime.fromisoformat("2026-03-02T10:00:00+08:00"), tick=False)
@pytest.mark.parametrize(
    ("came", "left", "words"),
    [
        ("08:00", "", "时间应在这一场开始和结束之间"),
        ("10:00", "09:30", "走的时间要晚于到的时间"),
        ("25:00", "", "请填写时间"),
    ],
)
def test_a_wrong_time_comes_back_with_what_was_typed(
    office: Office, came: str, left: str, words: str
) -> None:
    browser = office.browser()
    session_id, member = morning(office, browser), office.people[0]
    tick(browser, session_id, member, "present")
    path = f"/sessions/{session_id}/roster/{member.id}/times"
    answer = post(browser, path, came_at=came, left_at=left)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{came}"' in answer.text
    part = post(browser, path, came_at=came, left_at=left, htmx=True)
    assert (part.status_code, words in part.text, "<html" in part.text) == (200, True, False)
    row = row_of(session_id, member)
    assert row is not None
    assert (row.came_at, row.left_at) == (None, None)


@time_machine.travel(datetime.fromisoformat("2026-03-02T23:30:00+08:00"), tick=False)
def test_times_after_midnight_belong_to_the_session_that_goes_on(office: Office) -> None:
    browser = office.browser()
    fields = {"starts": "23:00", "ends": "01:00", "ends_day": "2026-03-03"}
    session_id = morning(office, browser, **fields)
    tick(browser, session_id, office.people[0], "present")
    post(browser, f"/sessions/{session_id}/roster/{office.people[0].id}/times", left_at="00:30")
    row = row_of(session_id, office.people[0])
    assert row is not None
    assert row.left_at == datetime.fromisoformat("2026-03-03T00:30:00+08:00")


@time_machine.travel(datetime.fromisoformat("2026-03-02T10:00:00+08:00"), tick=False)
def test_signing_out_is_offered_where_it_is_asked_and_who_did_not_is_a_filter(office: Office) -> None:
    browser = office.browser()
    plain, asking = morning(office, browser), morning(office, browser, asks_sign_out="y")
    for session_id in (plain, asking):
        for person in office.people[:2]:
            tick(browser, session_id, person, "present")
    assert "签退" not in browser.get(f"/sessions/{plain}").text
    assert "未签退" in browser.get(f"/sessions/{asking}").text
    answer = post(browser, f"/sessions/{asking}/roster/{office.people[0].id}/sign-out")
    page = browser.get(answer.location).text
    assert "10:00 走" in page
    assert people_on(browser.get(f"/sessions/{asking}?show=not_signed_out").text) == ["张二"]
    refused = post(browser, f"/sessions/{plain}/roster/{office.people[0].id}/sign-out", htmx=True)
    assert "这一场不需要签退" in refused.text


def test_times_of_somebody_elses_session_or_of_nobody_are_not_found(office: Office) -> None:
    session_id = office.opened(office.browser())
    stranger = make_member("外人", office.b)
    inside = office.browser(Role.SECRETARY, office.a)
    outside = office.browser(Role.SECRETARY, office.b)
    for browser, member in ((outside, office.people[0]), (inside, stranger)):
        for name in ("times", "sign-out"):
            path = f"/sessions/{session_id}/roster/{member.id}/{name}"
            assert post(browser, path, came_at="").status_code == 404


def test_times_of_somebody_who_is_not_recorded_lead_back_with_a_word(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    answer = browser.get(f"/sessions/{session_id}/roster/{office.people[0].id}/times")
    assert "没有登记到场的人不能改时间" in browser.get(answer.location).text


# ---- on the day -------------------------------------------------------------------------------------------


def test_a_head_count_with_guests_stands_beside_who_is_recorded(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "present")
    answer = post(browser, f"/sessions/{session_id}/head-count", head_count="120", guest_count="5")
    page = re.sub(r"<[^>]+>", "", browser.get(answer.location).text)
    assert "清点 120 · 已登记 1 · 外单位来宾 5" in page
    again = post(browser, f"/sessions/{session_id}/head-count", head_count="5", guest_count="6")
    assert again.status_code == 422
    assert "不能多于清点人数" in again.text
    assert 'value="6"' in again.text
    row = db.session.get_one(TrainingSession, session_id, populate_existing=True)
    assert (row.head_count, row.guest_count) == (120, 5)


def test_minutes_delivered_are_said_on_the_page_and_credited_in_proportion(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "present")
    answer = post(browser, f"/sessions/{session_id}/delivered", minutes="90")
    page = browser.get(answer.location).text
    assert "实际讲了 90 分钟,按比例计 90 分钟" in page
    assert "计 90 分钟</span>" not in page, "whole is whole: no row is marked for it"
    row = row_of(session_id, office.people[0])
    assert row is not None
    assert row.minutes == 90
    assert post(browser, f"/sessions/{session_id}/delivered", minutes="121").status_code == 422
    assert post(browser, f"/sessions/{session_id}/delivered", minutes="x").status_code == 422


def test_nothing_is_noted_of_a_session_that_has_not_begun(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    for path in ("delivered", "head-count"):
        answer = post(browser, f"/sessions/{session_id}/{path}", minutes="10", head_count="3")
        assert "签到开始以后才能填写" in browser.get(answer.location).text
    assert browser.get(f"/sessions/{session_id}/on-the-day").status_code == 302


# ---- the form of a session --------------------------------------------------------------------------------


def test_lateness_signing_out_and_address_are_stored_shown_and_offered_again(office: Office) -> None:
    browser = office.browser()
    more = {"late_after": "10", "asks_sign_out": "y", "join_url": "https://live.example/1", "mode": "online"}
    session_id = office.saved(browser, step="publish", **more)
    row = db.session.get_one(TrainingSession, session_id)
    assert (row.late_after_minutes, row.asks_sign_out, row.join_url) == (10, True, "https://live.example/1")
    page = browser.get(f"/sessions/{session_id}").text
    assert "开始 10 分钟后到的算迟到" in page
    assert 'href="https://live.example/1"' in page
    for path in (f"{session_id}/edit", f"new?from={session_id}", "new?kind=theme_day"):
        form = browser.get(f"/sessions/{path}").text
        assert re.search(r'<input[^>]*checked[^>]*id="asks_sign_out"', form), path
        assert 'value="https://live.example/1"' in form
        assert re.search(r'id="late_after"[^>]*value="10"', form)
        assert '<details class="more-fields" open>' in form
    post(browser, f"/sessions/{session_id}/edit", **office.typed(step="save"))
    row = db.session.get_one(TrainingSession, session_id, populate_existing=True)
    assert (row.late_after_minutes, row.asks_sign_out, row.join_url) == (None, False, None)


@pytest.mark.parametrize(
    "wrong", [{"join_url": "javascript:alert(1)"}, {"late_after": "-1"}, {"late_after": "soon"}]
)
def test_what_cannot_be_asked_is_refused_at_its_field(office: Office, wrong: dict[str, str]) -> None:
    answer = post(office.browser(), "/sessions/new", **office.typed(**wrong))
    assert answer.status_code == 422
    assert f'href="#{next(iter(wrong))}"' in answer.text
    assert count(TrainingSession) == 0
