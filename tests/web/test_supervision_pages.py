"""Pages of instructors and teams, and what those who are assigned find on their own first page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import (
    Instructor,
    InstructorAssignment,
    SupervisionTeam,
    TeamAssignment,
    TeamOfficial,
)
from app.core.clock import today, utc_now
from app.core.db import db, writing
from app.core.vocabulary import FOREVER, OrgKind, Role
from tests.factories import (
    LONG_AGO,
    attend,
    make_account,
    make_instructor,
    make_member,
    make_official,
    make_org,
    make_session,
    make_staff,
    make_team,
    make_token,
    sign_in,
)
from tests.query_counter import count_queries
from tests.web.session_office import post

PAGE_BUDGET = 15


class Office:
    """A district: R above A (with branches A1, A2) and B."""

    @writing()
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.root = make_org("R", kind=OrgKind.COMMITTEE, name="示范区党委")
        self.a = make_org("A", self.root, kind=OrgKind.GENERAL_BRANCH, name="甲总支")
        self.a1 = make_org("A1", self.a, name="甲一支部")
        self.a2 = make_org("A2", self.a, name="甲二支部")
        self.b = make_org("B", self.root, name="乙支部")
        self.member = make_member("张三", self.a1)
        self.neighbour = make_member("李四", self.b, pinyin="lisi", initials="ls")

    def browser(self, role: Role = Role.ADMINISTRATOR, org: Any = None) -> FlaskClient:
        return self.as_user(make_staff(f"{role}{(org or self.root).code}", role, org or self.root))

    def as_user(self, user: Any) -> FlaskClient:
        return sign_in(self.app.test_client(), user)


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def test_an_instructor_is_added_assigned_and_given_an_account(office: Office) -> None:
    browser = office.browser()
    made = post(browser, "/supervision", name="李指导", work_place="区委党校 讲师")
    assert made.status_code == 302
    page = made.location
    assert post(browser, f"{page}/assign", org_codes=["A1", "B"], starts_on=str(today())).status_code == 302
    assert post(browser, f"{page}/account", username="li", password="correct horse").status_code == 302
    shown = browser.get(page).text
    assert "甲一支部" in shown
    assert "账号 li" in shown
    assert 'href="/reports/uncovered?org=A1"' in shown
    listed = browser.get("/supervision?q=党校").text
    assert "李指导" in listed
    assert "没有找到" in browser.get("/supervision?q=%25").text


def test_all_branches_below_a_unit_are_assigned_in_one_go(office: Office) -> None:
    team, browser = make_team("一组"), office.browser()
    page = browser.get(f"/supervision/teams/{team.id}/assign?under=A").text
    assert "甲一支部" in page
    assert "乙支部" not in page
    answer = post(
        browser, f"/supervision/teams/{team.id}/assign?under=A", all_below="y", starts_on=str(today())
    )
    assert answer.status_code == 302
    held = db.session.scalars(select(TeamAssignment.org_id).where(TeamAssignment.team_id == team.id))
    assert set(held) == {office.a1.id, office.a2.id}


def test_a_refused_order_keeps_what_was_ticked_and_typed(office: Office) -> None:
    row, browser = make_instructor("李"), office.browser()
    answer = post(
        browser,
        f"/supervision/instructors/{row.id}/assign",
        org_codes=["A1"],
        starts_on="2019-06-03",
        last_day="2019-06-01",
    )
    assert answer.status_code == 422
    assert re.search(r'value="A1" checked', answer.text)
    assert 'value="2019-06-01"' in answer.text
    assert "结束日期要晚于开始日期" in answer.text
    none = post(browser, f"/supervision/instructors/{row.id}/assign", starts_on=str(today()))
    assert none.status_code == 422
    assert "请选择至少一个党组织" in none.text
    assert (
        "请填写日期"
        in post(
            browser, f"/supervision/instructors/{row.id}/assign", org_codes=["A1"], starts_on="2019-13-40"
        ).text
    )


def test_days_are_changed_and_mistakes_taken_back_on_the_page(office: Office) -> None:
    row, browser = make_instructor("李", office.a1, starts_on=today()), office.browser()
    page = f"/supervision/instructors/{row.id}"
    key = {"org_code": "A1", "known_start": str(today())}
    post(browser, f"{page}/units/days", **key, starts_on=str(today()), last_day=str(today()))
    ends = db.session.scalars(select(InstructorAssignment.ends_on)).one()
    assert ends == today() + timedelta(days=1)
    post(browser, f"{page}/units/days", **key, starts_on="", last_day="")
    assert "请填写第一天" in browser.get(page).text
    assert (
        post(browser, f"{page}/units/days", **{**key, "org_code": "B"}, starts_on="2019-01-01").status_code
        == 404
    )
    assert post(browser, f"{page}/units/delete", **key).status_code == 302
    assert post(browser, f"{page}/units/delete", **key).status_code == 404
    assert db.session.scalars(select(InstructorAssignment)).all() == []
    assert post(browser, f"{page}/delete").status_code == 302
    assert db.session.scalars(select(Instructor)).all() == []


def test_officials_are_kept_on_the_teams_page(office: Office) -> None:
    browser = office.browser()
    page = post(browser, "/supervision/teams", name="一组").location
    new = {"new-name": "王", "new-work_place": "区纪委", "new-starts_on": str(today()), "new-is_leader": "y"}
    assert post(browser, f"{page}/officials", **new).status_code == 302
    official = db.session.scalars(select(TeamOfficial)).one()
    prefix = f"{page}/officials/{official.id}"
    blank = {f"o{official.id}-name": "", f"o{official.id}-starts_on": str(today())}
    refused = post(browser, prefix, **blank)
    assert refused.status_code == 422
    assert "请填写姓名" in refused.text
    assert post(browser, f"{prefix}/account", **{f"a{official.id}-username": "nobody"}).status_code == 422
    changed = {f"o{official.id}-name": "王明", f"o{official.id}-starts_on": str(today())}
    assert post(browser, prefix, **changed).status_code == 302
    assert "王明" in browser.get(page).text
    assert post(browser, f"{page}/name", name="").status_code == 422
    assert post(browser, f"{page}/name", name="第一组").status_code == 302
    assert db.session.scalars(select(SupervisionTeam.name)).one() == "第一组"
    assert post(browser, f"{prefix}/delete").status_code == 302
    assert "还没有登记成员" in browser.get(page).text


def test_readers_see_their_own_instructors_without_accounts_or_forms(office: Office) -> None:
    own = make_instructor("近", office.a1, office.b, user=make_account("secret-name"))
    other = make_instructor("远", office.b)
    browser = office.browser(Role.SECRETARY, office.a1)
    page = browser.get("/supervision").text
    assert "近" in page
    assert "远" not in page
    shown = browser.get(f"/supervision/instructors/{own.id}").text
    assert "甲一支部" in shown
    for hidden in ("乙支部", "secret-name", 'method="post" action="/supervision'):
        assert hidden not in shown
    assert browser.get(f"/supervision/instructors/{other.id}").status_code == 404
    assert post(browser, "/supervision", name="x").status_code == 403


def test_a_units_page_names_its_instructor_and_team(office: Office) -> None:
    make_instructor("李指导", office.a1)
    make_official(make_team("一组", office.a), "王")
    page = office.browser().get("/orgs/A1").text
    assert "李指导" in page
    assert "随甲总支" in page
    assert "还没有指派指导员" in office.browser(Role.SECRETARY, office.b).get("/orgs/B").text


def test_a_units_page_links_only_to_whom_the_reader_may_open(office: Office) -> None:
    near, above = make_instructor("近", office.a1), make_instructor("远", office.a)
    browser = office.browser(Role.SECRETARY, office.a1)
    page = browser.get("/orgs/A1").text
    assert "近" in page
    assert "远" in page
    assert browser.get(f"/supervision/instructors/{above.id}").status_code == 404
    assert f'href="/supervision/instructors/{above.id}"' not in page
    assert f'href="/supervision/instructors/{near.id}"' in page
    assert f'href="/supervision/instructors/{above.id}"' in office.browser().get("/orgs/A1").text


def test_an_instructor_finds_exactly_the_assigned_branches(office: Office) -> None:
    user = make_account("li")
    make_instructor("李", office.a1, office.a2, user=user)
    attend(make_session(office.a1), office.member)
    make_member("王五", office.a2, pinyin="wangwu", initials="ww")
    browser = office.as_user(user)
    page = browser.get("/").text
    for word in ("甲一支部", "甲二支部", "还没有学到:1 人", "2019年覆盖率"):
        assert word in page
    assert "乙支部" not in page
    assert re.search(r'href="/reports/uncovered\?from=2019-01-01&amp;to=2019-12-31&amp;org=A2"', page)
    assert "张三" in browser.get("/members").text
    assert browser.get(f"/members/{office.neighbour.id}").status_code == 404
    assert browser.get("/orgs/A1").status_code == 200
    assert browser.get("/orgs/B").status_code == 404
    assert browser.get("/members/new").status_code == 403


def test_what_is_assigned_twice_or_within_another_is_counted_once(office: Office) -> None:
    user = make_account("li")
    make_instructor("李", office.a, office.a1, user=user)
    make_official(make_team("一组", office.a1, office.b), "李", user=user)
    attend(make_session(office.a1), office.member)
    browser = office.as_user(user)
    assert browser.get("/members").text.count(">张三<") == 1
    assert "在册 2 人" in browser.get("/members").text
    page = browser.get("/").text
    assert (page.count("甲总支"), page.count("甲一支部"), page.count("乙支部")) == (1, 0, 1)
    api = office.app.test_client().get(
        "/api/v1/reports/coverage?from=2019-01-01&to=2019-12-31&by=org",
        headers={"Authorization": f"Bearer {make_token(user)}"},
    )
    total = api.get_json()["total"]
    assert (total["members"], total["covered"]) == (2, 1)


@pytest.mark.parametrize("link", ["instructor", "official"])
def test_an_ended_assignment_leaves_kind_empty_pages(office: Office, link: str) -> None:
    user = make_account("former")
    if link == "instructor":
        make_instructor("李", office.a1, user=user, ends_on=today())
    else:
        make_official(make_team("一组", office.a1), "李", user=user, ends_on=today())
    browser = office.as_user(user)
    page = browser.get("/")
    assert page.status_code == 200
    assert "现在没有指派给您的党组织" in page.text
    for path in (
        "/members",
        "/orgs",
        "/sessions",
        "/reports",
        "/reports/coverage?by=org",
        "/sessions/calendar",
        "/account",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert "甲一支部" not in answer.text
    assert browser.get("/orgs/A1").status_code == 404


def test_an_api_token_and_the_calendar_see_what_is_assigned_today(office: Office) -> None:
    user = make_account("li")
    row = make_instructor("李", office.a1, user=user)
    make_session(office.a1, title="甲的课", starts_at=utc_now() + timedelta(hours=1))
    make_session(office.b, title="乙的课", starts_at=utc_now() + timedelta(hours=1))
    token, client = make_token(user), office.app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}

    def codes() -> list[str]:
        return [unit["code"] for unit in client.get("/api/v1/orgs", headers=bearer).get_json()]

    assert codes() == ["A1"]
    feed = client.get(f"/api/v1/calendar.ics?token={token}").text
    assert "甲的课" in feed
    assert "乙的课" not in feed
    held = db.session.get_one(InstructorAssignment, (row.id, office.a1.id, LONG_AGO))
    assert held.ends_on == FOREVER
    held.ends_on = today()
    db.session.commit()
    assert codes() == []
    assert "甲的课" not in client.get(f"/api/v1/calendar.ics?token={token}").text


def test_the_pages_stay_within_the_budget(office: Office) -> None:
    units = [make_org(f"X{n}", office.a, name=f"支部{n}") for n in range(20)]
    user = make_account("li")
    row = make_instructor("李", *units, user=user)
    team = make_team("一组", *units)
    for n in range(60):
        make_official(team, f"员{n}")
        make_instructor(f"指{n:02}", units[n % 20])
    browser = office.browser()
    for path in (
        "/supervision",
        "/supervision?page=2",
        "/supervision/teams",
        f"/supervision/instructors/{row.id}",
        f"/supervision/teams/{team.id}",
        f"/supervision/teams/{team.id}/assign?under=A",
    ):
        with count_queries() as queries:
            assert browser.get(path).status_code == 200, path
        assert queries.count <= PAGE_BUDGET, path
    assert browser.get("/supervision").text.count('class="row-link"') == 50
    own = office.as_user(user)
    with count_queries() as queries:
        assert own.get("/").status_code == 200
    assert queries.count <= PAGE_BUDGET
