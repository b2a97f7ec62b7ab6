"""The first page: today, what is left to do, what comes next; it differs by role."""

from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.clock import office_tz, today
from app.core.vocabulary import Role, SessionState
from tests.factories import make_session
from tests.query_counter import count_queries
from tests.web.session_office import Office, post


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def at(days: int, hour: int = 9) -> datetime:
    return datetime.combine(today() + timedelta(days=days), time(hour), office_tz()).astimezone(UTC)


def closed_with_nobody_recorded(office: Office, browser: FlaskClient) -> int:
    session_id = office.opened(browser, title="没登完", day=str(today() - timedelta(days=2)))
    post(browser, f"/sessions/{session_id}/close")
    return session_id


def test_a_stranger_is_led_to_the_sign_in_page(office: Office) -> None:
    answer = office.app.test_client().get("/")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=%2F")


def test_an_organiser_finds_todays_code_in_one_tap(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, day=str(today()), starts="00:01", ends="23:59")
    page = browser.get("/").text
    assert f'href="/sessions/{session_id}/code"' in page
    assert "出示签到码" in page
    assert "0 / 3" in page
    assert 'href="/sessions/new"' in page


def test_what_is_open_now_stands_before_what_began_earlier(office: Office) -> None:
    make_session(office.a, title="早上的", starts_at=at(0, 8), minutes=30, state=SessionState.CLOSED)
    make_session(office.a, title="正开着", starts_at=at(0, 20), minutes=30, state=SessionState.OPEN)
    page = office.browser().get("/").text
    assert page.index("正开着") < page.index("早上的")


def test_what_is_left_to_do_is_listed_with_its_way(office: Office) -> None:
    browser = office.browser()
    unfinished = closed_with_nobody_recorded(office, browser)
    overdue = make_session(office.a, title="没人开", starts_at=at(-1), state=SessionState.PUBLISHED)
    draft = office.saved(browser, title="没写完")
    page = browser.get("/").text
    assert f'href="/sessions/{unfinished}?show=unrecorded"' in page
    assert "3 人未登记" in page
    for title, row_id in (("没人开", overdue.id), ("没写完", draft)):
        assert title in page
        assert f'href="/sessions/{row_id}"' in page


def test_a_finished_session_leaves_nothing_to_do(office: Office) -> None:
    browser = office.browser()
    session_id = closed_with_nobody_recorded(office, browser)
    everyone = [str(person.id) for person in office.people]
    post(browser, f"/sessions/{session_id}/roster", members=everyone, status="absent")
    assert "没有要补的登记" in browser.get("/").text


def test_the_next_seven_days_are_shown_and_no_more(office: Office) -> None:
    for days in (0, 1, 7, 8):
        make_session(
            office.a, title=f"第{days}天后", starts_at=at(days, 23), minutes=30, state=SessionState.PUBLISHED
        )
    page = office.browser().get("/").text
    ahead = page[page.index("接下来七天") :]
    assert "第1天后" in ahead
    assert "第7天后" in ahead
    assert "第8天后" not in page
    assert "第0天后" in page[: page.index("接下来七天")]


def test_a_secretary_sees_the_own_branch_only(office: Office) -> None:
    make_session(office.b, title="乙的", starts_at=at(1), state=SessionState.PUBLISHED)
    make_session(office.a, title="甲的", starts_at=at(1), state=SessionState.PUBLISHED)
    page = office.browser(Role.SECRETARY, office.a).get("/").text
    assert "甲的" in page
    assert "乙的" not in page


def test_only_the_administrator_has_the_years_numbers(office: Office) -> None:
    assert 'aria-labelledby="figures-heading"' in office.browser(Role.ADMINISTRATOR).get("/").text
    assert "figures-heading" not in office.browser(Role.ORGANISER).get("/").text


def test_a_supervisor_reads_today_and_has_nothing_to_do(office: Office) -> None:
    browser = office.browser()
    closed_with_nobody_recorded(office, browser)
    office.saved(browser, step="publish", day=str(today()), starts="00:01", ends="23:59", title="今天这场")
    page = office.browser(Role.SUPERVISOR).get("/").text
    assert "今天这场" in page
    assert "待办" not in page
    assert "出示签到码" not in page


@pytest.mark.parametrize("role", list(Role))
def test_the_first_page_stays_within_the_budget(office: Office, role: Role) -> None:
    browser = office.browser()
    closed_with_nobody_recorded(office, browser)
    for n in range(30):
        make_session(office.a, title=f"场{n}", starts_at=at(n % 9), state=list(SessionState)[n % 4])
    browser = office.browser(role, office.root if role is not Role.ORGANISER else office.a)
    with count_queries() as queries:
        assert browser.get("/").status_code == 200
    assert queries.count <= 15
