"""The form of a session: new, pre-filled, copied, stored; nothing typed is lost."""

import re
import threading
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.clock import today
from app.core.db import db
from app.core.vocabulary import Role, SessionState
from app.trainings.models import ExpectedAttendee, TrainingClass, TrainingSession
from app.trainings.queries.page import speakers
from tests.factories import NOW, count, make_session, make_staff, sign_in
from tests.query_counter import count_queries
from tests.web.session_office import Office, post, token_of

PAGE_BUDGET = 15


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def value_of(page: str, name: str) -> str:
    """The value of an input as the page shows it."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert tag, f"no input {name}"
    value = re.search(r'value="([^"]*)"', tag[0])
    return unescape(value[1]) if value else ""


def chosen(page: str, name: str) -> list[str]:
    """Values ticked or selected under a name."""
    select = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.S)
    if select:
        return [
            m[0] or m[1] for m in re.findall(r'selected value="([^"]*)"|value="([^"]*)" selected', select[1])
        ]
    boxes = re.findall(rf'<input type="checkbox" name="{name}" value="([^"]*)" checked', page)
    return boxes


def test_a_saved_draft_holds_everything_that_was_typed(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, minutes="90", note="带笔记本", declared="120", mark="nearly")
    row = db.session.get_one(TrainingSession, session_id)
    assert (row.state, row.title, row.credited_minutes) == (SessionState.DRAFT, "主题党日", 90)
    assert (row.declared_person_times, row.declared_mark.value) == (120, "nearly")
    assert row.ends_at - row.starts_at == timedelta(hours=2)
    assert [(s.name, s.role.value) for s in speakers(db.session(), session_id)] == [
        ("陈老师", "lecturer"),
        ("王老师", "host"),
    ]
    page = browser.get(f"/sessions/{session_id}").text
    for shown in ("草稿", "陈老师", "党校", "90 分钟", "近 120 人次", "带笔记本", "现有 3 人"):
        assert shown in page


def test_save_and_publish_fixes_who_is_expected_in_one_step(office: Office) -> None:
    session_id = office.saved(office.browser(), step="publish")
    assert db.session.get_one(TrainingSession, session_id).state is SessionState.PUBLISHED
    assert count(ExpectedAttendee) == 3


def test_wrong_input_says_so_at_the_field_and_keeps_what_was_typed(office: Office) -> None:
    browser = office.browser()
    answer = post(
        browser,
        "/sessions/new",
        **office.typed(title="", day="2026-13-40", minutes="很多", note="请自带水杯", step="publish"),
    )
    assert answer.status_code == 422
    for said in ("请填写日期", "请填写整数", "有内容需要修改"):
        assert said in answer.text
    assert value_of(answer.text, "day") == "2026-13-40"
    assert value_of(answer.text, "minutes") == "很多"
    assert value_of(answer.text, "venue") == "党校"
    assert "请自带水杯" in answer.text
    assert "王老师" in answer.text
    assert chosen(answer.text, "orgs") == ["QA"]
    assert count(TrainingSession) == 0


def test_what_the_service_refuses_stands_at_its_field(office: Office) -> None:
    wrong = office.typed(title=" ", starts="16:30", ends="14:30", minutes="2000", lecturer_name=["长" * 81])
    answer = post(office.browser(), "/sessions/new", **wrong)
    assert answer.status_code == 422
    for field in ("title", "ends", "minutes"):
        assert f'id="{field}-error"' in answer.text
    assert "不超过 80 个字" in answer.text
    assert value_of(answer.text, "venue") == "党校"


def test_a_host_outside_the_scope_cannot_be_chosen(office: Office) -> None:
    browser = office.browser(Role.SECRETARY, office.a)
    page = browser.get("/sessions/new").text
    assert "甲支部" in page
    assert "乙支部" not in page
    answer = post(browser, "/sessions/new", **office.typed(host="QB"))
    assert answer.status_code == 422
    assert "请从列表中选择" in answer.text


def test_a_first_session_of_a_branch_invites_the_branch(office: Office) -> None:
    page = office.browser(Role.SECRETARY, office.a).get("/sessions/new").text
    assert chosen(page, "orgs") == ["QA"]
    assert chosen(page, "host") == ["QA"]
    assert value_of(page, "day") == str(today() + timedelta(days=1))


def test_a_new_session_is_filled_in_from_the_last_one_of_its_kind(office: Office) -> None:
    browser = office.browser()
    day = today() - timedelta(days=10)
    office.saved(browser, step="publish", day=str(day), ends="17:00", title="上一场")
    office.saved(browser, step="publish", kind="seminar", venue="书店", day=str(today()))
    page = browser.get("/sessions/new?kind=theme_day").text
    assert "“上一场”" in page
    assert value_of(page, "title") == ""
    assert value_of(page, "venue") == "党校"
    assert (value_of(page, "starts"), value_of(page, "ends")) == ("14:30", "17:00")
    assert value_of(page, "day") == str(day + timedelta(days=14))
    assert chosen(page, "host") == ["QA"]
    assert chosen(page, "orgs") == ["QA"]
    assert "陈老师" in page


def test_a_copy_takes_the_title_too_and_never_the_head_count(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, declared="88", members=[str(office.guest.id)])
    page = browser.get(f"/sessions/new?from={session_id}").text
    assert value_of(page, "title") == "主题党日"
    assert value_of(page, "declared") == ""
    assert chosen(page, "members") == [str(office.guest.id)]


def test_members_are_found_by_name_without_javascript_and_nothing_typed_is_lost(office: Office) -> None:
    browser = office.browser()
    typed = office.typed(step="find", member_q="lisi", members=[str(office.people[0].id)], title="送学上门")
    answer = post(browser, "/sessions/new", **typed)
    assert answer.status_code == 200
    assert value_of(answer.text, "title") == "送学上门"
    assert chosen(answer.text, "members") == [str(office.people[0].id)]
    assert f'value="{office.guest.id}"' in answer.text
    assert count(TrainingSession) == 0
    none = post(browser, "/sessions/new", **{**typed, "member_q": "没有此人"}).text
    assert "没有查到“没有此人”" in none


def test_enter_in_the_search_box_searches_and_anywhere_else_saves_a_draft(office: Office) -> None:
    browser = office.browser()
    answer = post(browser, "/sessions/new", **office.typed(step="enter", member_q="lisi"))
    assert answer.status_code == 200
    assert count(TrainingSession) == 0
    answer = post(browser, "/sessions/new", **office.typed(step="enter"))
    assert answer.status_code == 302
    assert db.session.query(TrainingSession).one().state is SessionState.DRAFT


def test_the_search_part_finds_only_members_of_the_scope(office: Office) -> None:
    browser = office.browser(Role.SECRETARY, office.a)
    assert "张一" in post(browser, "/sessions/members", member_q="zhang").text
    assert "李四" not in post(browser, "/sessions/members", member_q="lisi").text


def test_a_fifth_lecturer_can_be_added_without_javascript(office: Office) -> None:
    names = ["甲", "乙", "丙", "丁"]
    answer = post(
        office.browser(),
        "/sessions/new",
        **office.typed(step="more", lecturer_name=names, lecturer_role=["lecturer"] * 4),
    )
    assert answer.text.count('name="lecturer_name"') == 5


def test_a_new_class_is_made_with_its_first_session_or_not_at_all(office: Office) -> None:
    browser = office.browser()
    post(browser, "/sessions/new", **office.typed(new_class="书记轮训班", minutes="9999"))
    assert count(TrainingClass) == 0
    session_id = office.saved(browser, new_class="书记轮训班")
    made = db.session.query(TrainingClass).one()
    assert db.session.get_one(TrainingSession, session_id).class_id == made.id
    assert "书记轮训班" in browser.get("/sessions/new").text


def test_editing_shows_what_is_stored_and_stores_what_is_changed(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, minutes="90")
    page = browser.get(f"/sessions/{session_id}/edit").text
    assert (value_of(page, "title"), value_of(page, "minutes")) == ("主题党日", "90")
    assert chosen(page, "orgs") == ["QA"]
    answer = post(
        browser, f"/sessions/{session_id}/edit", **office.typed(title="改过的", orgs=["QB"], step="publish")
    )
    assert answer.status_code == 302
    row = db.session.get_one(TrainingSession, session_id, populate_existing=True)
    assert (row.title, row.state, row.credited_minutes) == ("改过的", SessionState.PUBLISHED, 120)
    assert count(ExpectedAttendee) == 1


def test_once_check_in_began_the_audience_stays_and_the_rest_can_be_changed(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/edit").text
    assert "日期和参加范围不再改动" in page
    assert 'name="orgs"' not in page
    answer = post(
        browser, f"/sessions/{session_id}/edit", **office.typed(title="新题目", orgs=None, step="save")
    )
    assert answer.status_code == 302
    assert db.session.get_one(TrainingSession, session_id, populate_existing=True).title == "新题目"
    assert count(ExpectedAttendee) == 3
    moved = post(
        browser,
        f"/sessions/{session_id}/edit",
        **office.typed(day=str(today() + timedelta(days=9)), orgs=None, step="save"),
    )
    assert moved.status_code == 422
    assert "签到开始后不能改到另一天" in moved.text


def test_a_session_past_midnight_keeps_its_second_day_when_edited(office: Office) -> None:
    browser = office.browser()
    day = today() + timedelta(days=3)
    session_id = office.saved(
        browser, day=str(day), starts="22:00", ends="01:00", ends_day=str(day + timedelta(1))
    )
    page = browser.get(f"/sessions/{session_id}/edit").text
    assert value_of(page, "ends_day") == str(day + timedelta(days=1))
    copied = browser.get(f"/sessions/new?from={session_id}").text
    assert value_of(copied, "ends_day") == str(day + timedelta(days=8))


def test_a_cancelled_session_is_not_edited(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser)
    post(browser, f"/sessions/{session_id}/cancel")
    answer = browser.get(f"/sessions/{session_id}/edit", follow_redirects=True)
    assert "已取消的场次不能修改" in answer.text
    answer = post(browser, f"/sessions/{session_id}/edit", **office.typed(step="save"))
    assert answer.location == f"/sessions/{session_id}"


def test_clashes_are_shown_as_a_warning_and_stop_nothing(office: Office) -> None:
    browser = office.browser()
    first = office.saved(browser, step="publish", title="先定的")
    second = office.saved(browser, step="publish", title="后定的", starts="15:00", ends="17:00")
    page = browser.get(f"/sessions/{second}").text
    for said in ("场所“党校”已用于", "讲师陈老师还要参加", "有 3 位党员还要参加", "只是提醒"):
        assert said in page
    assert page.count(f'href="/sessions/{first}"') == 4  # venue, two lecturers, audience
    assert db.session.get_one(TrainingSession, second).state is SessionState.PUBLISHED


def test_a_clash_outside_the_scope_is_told_without_a_link(office: Office) -> None:
    nobody = {"lecturer_name": None, "lecturer_role": None}
    other = office.saved(office.browser(), host="QB", orgs=["QB"], step="publish", **nobody)
    browser = office.browser(Role.SECRETARY, office.a)
    own = office.saved(browser, **nobody)
    page = browser.get(f"/sessions/{own}").text
    assert "场所“党校”已用于" in page
    assert f'href="/sessions/{other}"' not in page


@pytest.mark.parametrize("path", ["/sessions/new", "/sessions/new?from={id}", "/sessions/{id}/edit"])
def test_the_form_stays_within_the_page_budget(office: Office, path: str) -> None:
    browser = office.browser()
    session_id = office.saved(browser, members=[str(office.guest.id)], groups=["elderly"])
    for n in range(3):
        make_session(office.a, title=f"旧{n}", starts_at=NOW)
    with count_queries() as queries:
        assert browser.get(path.format(id=session_id)).status_code == 200
    assert queries.count <= PAGE_BUDGET


def test_saving_is_audited_once(office: Office) -> None:
    session_id = office.saved(office.browser(), step="publish")
    acts = [
        row.action
        for row in db.session.query(AuditEntry).order_by(AuditEntry.id)
        if row.subject == f"session:{session_id}"
    ]
    assert acts == ["session.create", "session.publish"]


def test_a_secretary_edits_a_session_that_names_somebody_else_s_member(office: Office) -> None:
    session_id = office.saved(office.browser(), orgs=["QA", "QB"], members=[str(office.guest.id)])
    secretary = office.browser(Role.SECRETARY, office.a)
    page = secretary.get(f"/sessions/{session_id}/edit").text
    assert chosen(page, "members") == [str(office.guest.id)]
    found = post(
        secretary, f"/sessions/members?session={session_id}", members=[str(office.guest.id)], member_q="zhang"
    )
    assert "李四" in found.text
    typed = office.typed(orgs=["QA", "QB"], members=[str(office.guest.id)], starts="09:00", step="save")
    assert post(secretary, f"/sessions/{session_id}/edit", **typed).status_code == 302
    assert chosen(secretary.get(f"/sessions/{session_id}/edit").text, "members") == [str(office.guest.id)]


def test_a_form_that_is_sent_again_after_back_changes_the_session_that_it_made(office: Office) -> None:
    browser = office.browser()
    asked = value_of(browser.get("/sessions/new").text, "asked_at")
    typed = {**office.typed(), "asked_at": asked}
    first = post(browser, "/sessions/new", **typed)
    again = post(browser, "/sessions/new", **{**typed, "note": "带笔记本", "new_class": ""})
    assert again.location == first.location
    page = browser.get(first.location).text
    assert "没有再建一场" in page
    assert "带笔记本" in page
    assert count(TrainingSession) == 1
    # "Save and publish" after "save as draft" publishes that draft.
    assert post(browser, "/sessions/new", **{**typed, "step": "publish"}).location == first.location
    assert db.session.scalars(select(TrainingSession.state)).all() == [SessionState.PUBLISHED]
    # Another room, another form, and another person are other sessions.
    assert post(browser, "/sessions/new", **{**typed, "venue": "二楼"}).location != first.location
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    for more in (later, "", "no time", "0001-01-01T00:00:00+08:00"):
        assert post(browser, "/sessions/new", **{**typed, "asked_at": more}).status_code == 302
    others = office.browser(Role.ADMINISTRATOR)
    assert post(others, "/sessions/new", **typed).status_code == 302
    assert count(TrainingSession) == 7


def test_a_class_is_made_once_however_often_its_form_is_sent(office: Office) -> None:
    browser = office.browser()
    asked = value_of(browser.get("/sessions/new").text, "asked_at")
    typed = {**office.typed(), "new_class": "春季轮训", "asked_at": asked}
    for _ in range(2):
        assert post(browser, "/sessions/new", **typed).status_code == 302
    assert (count(TrainingSession), count(TrainingClass)) == (1, 1)
    assert db.session.scalars(select(TrainingSession.class_id)).one() is not None


def test_the_same_form_sent_twice_at_once_makes_one_session(app: Flask) -> None:
    with app.app_context():
        office = Office(app)
        user = make_staff("twice", Role.ORGANISER, office.root)
        browsers = [sign_in(app.test_client(), user) for _ in range(4)]
        tokens = [token_of(browser) for browser in browsers]
        typed = office.typed(asked_at=value_of(browsers[0].get("/sessions/new").text, "asked_at"))
        db.session.rollback()
    start, found = threading.Barrier(4), []

    def send(n: int) -> None:
        start.wait()
        found.append(browsers[n].post("/sessions/new", data={**typed, "csrf_token": tokens[n]}).location)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1, found
    with app.app_context():
        assert count(TrainingSession) == 1
