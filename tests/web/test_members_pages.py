"""Pages of members: the list, one member, and the forms that change what is on it."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.audit import AuditEntry
from app.core.clock import today
from app.core.db import db, writing
from app.core.vocabulary import FOREVER, Group, OrgKind, OrgSector, Role
from app.members.models import GroupMembership, Member, Membership
from tests.factories import make_member, make_org, make_staff, put_in_group, sign_in
from tests.query_counter import count_queries

PAGE_BUDGET = 15


class Office:
    """A district with two branches and somebody of each role, seen through browsers."""

    @writing()
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.root = make_org("R", kind=OrgKind.COMMITTEE, name="示范区党委")
        self.a = make_org("A", self.root, name="甲支部")
        self.b = make_org("B", self.root, name="乙支部", sector=OrgSector.VILLAGE)
        self.a1 = make_org("A1", self.a, kind=OrgKind.GROUP, name="甲一组")
        self.member = make_member("张三", self.a, phone="13900000001")

    def browser(self, role: Role = Role.ADMINISTRATOR, org: Any = None) -> FlaskClient:
        user = make_staff(f"{role}{(org or self.root).code}", role, org or self.root)
        return sign_in(self.app.test_client(), user)


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def post(browser: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    """Submit a form of `page`, as a browser does."""
    token = re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]
    return browser.post(path, data={"csrf_token": token, **fields})


def test_the_list_shows_masked_phones_branches_and_groups(office: Office) -> None:
    make_member("李四", office.b, birth_date=date(1940, 1, 1), pinyin="lisi", initials="ls")
    page = office.browser().get("/members").text
    assert "张三" in page
    assert "139****0001" in page
    assert "13900000001" not in page
    assert "农村党员" in page
    assert "老年党员" in page
    assert re.search(r"在册 2 人", page)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=zs", {"张三"}),
        ("q=0001", {"张三"}),
        ("org=B", {"李四"}),
        ("group=rural", {"李四"}),
        ("group=nonsense&org=nowhere&page=x", {"张三", "李四"}),
        ("q=%25", set()),
        ("page=99", {"张三", "李四"}),
    ],
)
def test_filters_stand_in_the_address(office: Office, query: str, names: set[str]) -> None:
    make_member("李四", office.b, pinyin="lisi", initials="ls")
    page = office.browser().get(f"/members?{query}").text
    assert {name for name in ("张三", "李四") if name in page} == names


def test_a_whole_number_in_the_search_is_answered_with_how_to_search(office: Office) -> None:
    page = office.browser().get("/members?q=13900000001").text
    assert "请只输入后四位" in page
    assert "没有符合的党员" in page


def test_a_branch_is_found_in_the_same_box_as_people(office: Office) -> None:
    page = office.browser().get("/members?q=甲").text
    assert "名称相符的党组织" not in page, "one character is in the names of half the branches"
    page = office.browser(Role.SECRETARY, office.a).get("/members?q=支部").text
    assert 'href="/members?org=A"' in page
    assert 'href="/members?org=B"' not in page
    assert 'href="/members?org=B"' in office.browser(Role.ORGANISER).get("/members?q=乙支部").text


def test_a_given_name_is_looked_for_when_nobody_has_it_as_surname(office: Office) -> None:
    make_member("李建国", office.b, pinyin="lijianguo", initials="ljg")
    browser = office.browser()
    page = browser.get("/members?q=建国").text
    assert "李建国" in page
    assert "没有以“建国”开头的姓名" in page
    make_member("建国", office.b, pinyin="jianguo", initials="jg")
    page = browser.get("/members?q=建国").text
    assert "李建国" not in page
    assert "没有符合的党员" in browser.get("/members?q=建%25").text


def test_what_was_typed_into_the_search_is_shown_as_text(office: Office) -> None:
    page = office.browser().get('/members?q="><script>alert(1)</script>').text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_long_lists_come_fifty_at_a_time(office: Office) -> None:
    for n in range(60):
        make_member(f"党员{n:02}", office.b, pinyin=f"dangyuan{n:02}", initials="dy")
    browser = office.browser()
    first, second = browser.get("/members?org=B").text, browser.get("/members?org=B&page=2").text
    assert (first.count('class="row-link"'), second.count('class="row-link"')) == (50, 10)
    assert "org=B" in re.findall(r'rel="next" href="([^"]+)"', first)[0]


def test_pages_ask_the_database_a_fixed_number_of_questions(office: Office) -> None:
    for n in range(60):
        member = make_member(f"党员{n:02}", office.b, pinyin=f"dangyuan{n:02}", phone=f"139000100{n:02}")
        put_in_group(member, Group.LOST_CONTACT)
    for n in range(20):
        make_org(f"C{n}", office.a)
    put_in_group(office.member, Group.EXEMPT)
    browser = office.browser()
    for path in (
        "/members",
        "/members?q=dang&group=rural&org=B&page=2",
        f"/members/{office.member.id}",
        f"/members/{office.member.id}/edit",
        "/members/new",
        "/orgs",
        "/orgs/R",
    ):
        with count_queries() as queries:
            assert browser.get(path).status_code == 200
        assert queries.count <= PAGE_BUDGET, (path, queries.statements)


@pytest.mark.parametrize("lang", ["zh_Hans_CN", "en"])
def test_every_page_speaks_both_languages(office: Office, lang: str) -> None:
    browser = office.browser()
    browser.set_cookie("lang", lang)
    for path in (
        "/members",
        f"/members/{office.member.id}",
        "/members/new",
        "/orgs",
        "/orgs/A",
        "/members?q=nobody",
    ):
        assert browser.get(path).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_members_outside_the_scope_are_not_found(office: Office, role: Role) -> None:
    child = make_member("下级", office.a1)
    parent, sibling = make_member("上级", office.root), make_member("旁支", office.b)
    browser = office.browser(role, office.a)
    for member, status in ((office.member, 200), (child, 200), (parent, 404), (sibling, 404)):
        assert browser.get(f"/members/{member.id}").status_code == status
    listed = browser.get("/members").text
    assert "张三" in listed
    assert "下级" in listed
    assert "上级" not in listed
    assert "旁支" not in listed
    for code, status in (("A", 200), ("A1", 200), ("R", 404), ("B", 404), ("none", 404)):
        assert browser.get(f"/orgs/{code}").status_code == status


WRITES = (
    "edit",
    "transfer",
    "leave",
    "groups",
    "groups/end",
    "groups/erase",
    "groups/approve",
    "groups/decline",
    "transfer-request",
    "branch/start",
    "branch/unit",
    "branch/undo-transfer",
    "branch/undo-leaving",
    "phone",
)


@pytest.mark.parametrize("path", WRITES)
def test_no_change_reaches_a_member_outside_the_scope(office: Office, path: str) -> None:
    outside = make_member("旁支", office.b, phone="13900000009")
    put_in_group(outside, Group.EXEMPT, starts_on=date(2019, 1, 1))
    fields = {
        "name": "改名", "transfer-org_code": "A", "transfer-accepted_on": "2019-05-01",
        "leave-left_on": "2019-05-01", "group-group": "lost_contact", "group-starts_on": "2019-05-01",
        "group": "exempt", "starts_on": "2019-01-01", "ask-org_code": "A", "row": "2000-01-01",
        "start-right": "2001-01-01", "branch-org_code": "A",
    }  # fmt: skip
    for role, org in ((Role.SECRETARY, office.a), (Role.ADMINISTRATOR, office.a)):
        answer = post(office.browser(role, org), "/members", f"/members/{outside.id}/{path}", **fields)
        is_approval = path in ("groups/approve", "groups/decline")
        assert answer.status_code == (403 if role is Role.SECRETARY and is_approval else 404)
    db.session.expire_all()
    assert db.session.get_one(Member, outside.id).name == "旁支"
    assert [row.ends_on for row in db.session.scalars(select(GroupMembership))] == [FOREVER]


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.SUPERVISOR])
def test_those_who_only_read_see_no_forms_and_may_not_post(office: Office, role: Role) -> None:
    browser = office.browser(role)
    page = browser.get(f"/members/{office.member.id}").text
    assert "转接组织关系" not in page
    assert "修改资料" not in page
    assert browser.get("/members/new").status_code == 403
    for path in WRITES[:-1]:
        assert post(browser, "/members", f"/members/{office.member.id}/{path}").status_code == 403


def test_a_change_without_the_forms_token_is_refused(office: Office) -> None:
    answer = office.browser().post(f"/members/{office.member.id}/leave", data={"leave-left_on": "2019-05-01"})
    assert answer.status_code == 400
    assert db.session.scalars(select(Membership.ends_on)).one() == FOREVER


def test_a_new_member_appears_with_branch_and_search_keys(office: Office) -> None:
    browser = office.browser(Role.SECRETARY, office.a)
    answer = post(
        browser, "/members/new", "/members/new", name="单 雄信", org_code="A1", starts_on="2019/5/1",
        phone="139 0000 0002", birth_date="1950-02-28", is_migrant_worker="no",
    )  # fmt: skip
    assert answer.status_code == 302
    row = db.session.scalars(select(Member).where(Member.name == "单雄信")).one()
    assert answer.location == f"/members/{row.id}"
    assert (row.pinyin, row.is_migrant_worker, row.birth_date) == ("shanxiongxin", False, date(1950, 2, 28))
    assert "单雄信" in browser.get("/members?q=shan").text


def test_a_refused_form_keeps_every_word_and_says_what_to_change(office: Office) -> None:
    answer = post(
        office.browser(), "/members/new", "/members/new", name="王五", org_code="B", starts_on="昨天",
        phone="12345", job="会计", sex="女",
    )  # fmt: skip
    assert answer.status_code == 422
    for kept in ('value="王五"', 'value="昨天"', 'value="12345"', 'value="会计"'):
        assert kept in answer.text
    assert re.search(r'<option selected value="女">', answer.text)
    assert re.search(r'<option selected value="B">', answer.text)
    assert "请填写日期,例如 2019-04-28。" in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    again = post(
        office.browser(Role.SECRETARY, office.a), "/members/new", "/members/new", name="王五", org_code="A",
        starts_on="2019-05-01", phone="12345",
    )  # fmt: skip
    assert again.status_code == 422
    assert 'value="12345"' in again.text
    assert "手机号不对" in again.text
    assert db.session.scalar(select(Member).where(Member.name == "王五")) is None


def test_an_edit_keeps_the_phone_unless_another_is_typed_or_it_is_deleted(office: Office) -> None:
    browser, path = office.browser(), f"/members/{office.member.id}/edit"
    page = browser.get(path).text
    assert "139****0001" in page
    assert "13900000001" not in page
    before = office.member.phone_index
    assert post(browser, path, path, name="张三", job="教师").status_code == 302
    db.session.expire_all()
    assert (office.member.phone_index, office.member.job) == (before, "教师")
    assert post(browser, path, path, name="张三", phone="13900000005").status_code == 302
    db.session.expire_all()
    assert office.member.phone_index not in (before, None)
    assert post(browser, path, path, name="张三", forget_phone="y").status_code == 302
    db.session.expire_all()
    assert office.member.phone_sealed is None


def test_showing_a_phone_is_a_logged_act_and_leaves_the_number_in_no_address(office: Office) -> None:
    path = f"/members/{office.member.id}"
    answer = post(office.browser(), path, f"{path}/phone")
    assert answer.status_code == 200
    assert "13900000001" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert db.session.scalars(select(AuditEntry.action)).all() == ["member.show_phone"]


def test_a_transfer_on_the_page_moves_the_member_from_that_day(office: Office) -> None:
    browser, path = office.browser(), f"/members/{office.member.id}"
    fields = {"transfer-org_code": "B", "transfer-accepted_on": "2019-05-01"}
    assert post(browser, path, f"{path}/transfer", **fields).status_code == 302
    page = browser.get(path).text
    assert "组织关系已转接" in page
    assert "2019年5月1日 起" in page
    assert "2000年1月1日 至 2019年4月30日" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"transfer-org_code": "", "transfer-accepted_on": "2019-05-01"}, "请选择接收的党支部。"),
        ({"transfer-org_code": "B", "transfer-accepted_on": "五月"}, "请填写日期,例如 2019-04-28。"),
        (
            {"transfer-org_code": "B", "transfer-accepted_on": "1999-05-01"},
            "早于现在这段组织关系的开始(2000年1月1日)",
        ),
        ({"transfer-org_code": "A", "transfer-accepted_on": "2019-05-01"}, "该党员已在这个支部"),
        ({"transfer-org_code": "zzz", "transfer-accepted_on": "2019-05-01"}, "请从列表里选择一项。"),
    ],
)
def test_a_refused_transfer_keeps_the_form_open_with_its_text(
    office: Office, fields: dict[str, str], words: str
) -> None:
    path = f"/members/{office.member.id}"
    answer = post(office.browser(), path, f"{path}/transfer", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{fields["transfer-accepted_on"]}"' in answer.text
    assert re.search(r"<details[^>]* open>\s*<summary[^>]*>.*?转接组织关系", answer.text, re.S)
    assert len(db.session.scalars(select(Membership)).all()) == 1


def test_leaving_on_the_page_takes_the_member_off_the_list_but_not_off_the_records(office: Office) -> None:
    browser, path = office.browser(), f"/members/{office.member.id}"
    assert post(browser, path, f"{path}/leave", **{"leave-left_on": "2019-05-01"}).status_code == 302
    assert "张三" not in browser.get("/members").text
    assert "现在不在本区任何支部" in browser.get(path).text


def test_groups_are_added_ended_and_erased_on_the_page(office: Office) -> None:
    browser, path = office.browser(), f"/members/{office.member.id}"
    fields = {
        "group-group": "mobile", "group-starts_on": "2019-01-01", "group-last_day": "",
        "group-to_place": "深圳", "group-is_in": "1", "group-direction": "out",
    }  # fmt: skip
    assert post(browser, path, f"{path}/groups", **fields).status_code == 302
    page = browser.get(path).text
    assert "流动党员" in page
    assert "到深圳" in page
    row_fields = {"group": "mobile", "starts_on": "2019-01-01", "is_in": "1"}
    assert post(browser, path, f"{path}/groups/end", **row_fields, last_day="2019-03-31").status_code == 302
    row = db.session.scalars(select(GroupMembership)).one()
    assert (row.ends_on, row.to_place) == (date(2019, 4, 1), "深圳")
    assert "2019年1月1日 至 2019年3月31日" in browser.get(path).text
    again = post(browser, path, f"{path}/groups", **{**fields, "group-starts_on": "2019-02-01"})
    assert again.status_code == 422
    assert "与 2019年1月1日 开始的一条同类记录重叠" in again.text
    assert 'value="深圳"' in again.text
    assert post(browser, path, f"{path}/groups/erase", **row_fields).status_code == 302
    assert db.session.scalars(select(GroupMembership)).all() == []


def test_a_secretarys_exemption_waits_until_an_administrator_approves_it(office: Office) -> None:
    path, on = f"/members/{office.member.id}", today().isoformat()
    secretary, administrator = office.browser(Role.SECRETARY, office.a), office.browser()
    fields = {"group-group": "exempt", "group-starts_on": on}
    assert post(secretary, path, f"{path}/groups", **fields).status_code == 302
    assert "待批准" in secretary.get(path).text
    row_fields = {"group": "exempt", "starts_on": on}
    assert post(secretary, path, f"{path}/groups/approve", **row_fields).status_code == 403
    assert post(administrator, path, f"{path}/groups/approve", **row_fields).status_code == 302
    assert "待批准" not in administrator.get(path).text


def test_an_administrators_exemption_waits_for_another_administrator(office: Office) -> None:
    path, on = f"/members/{office.member.id}", today().isoformat()
    first, second = office.browser(), office.browser(Role.ADMINISTRATOR, office.a)
    fields = {"group-group": "exempt", "group-starts_on": on}
    assert post(first, path, f"{path}/groups", **fields).status_code == 302
    assert f"{path}/groups/approve" not in first.get(path).text
    assert "由您登记,要由另一位有批准权限的同事批准。" in first.get(path).text
    answer = post(first, path, f"{path}/groups/approve", starts_on=on)
    assert answer.status_code == 302
    assert "登记和批准要由两个人办理" in first.get(path).text
    listed = second.get("/members/approvals").text
    assert f'action="{path}/groups/approve"' in listed
    assert "由您登记" in first.get("/members/approvals").text
    back = post(second, path, f"{path}/groups/approve", starts_on=on, next="/members/approvals")
    assert back.location == "/members/approvals"
    assert "没有待批准的登记" in second.get("/members/approvals").text


def test_a_declined_exemption_is_off_the_page(office: Office) -> None:
    path, on = f"/members/{office.member.id}", today().isoformat()
    put_in_group(office.member, Group.EXEMPT, starts_on=date.fromisoformat(on))
    assert post(office.browser(), path, f"{path}/groups/decline", starts_on=on).status_code == 302
    assert db.session.scalars(select(GroupMembership)).all() == []


def test_a_row_that_no_page_names_is_not_found(office: Office) -> None:
    browser, path = office.browser(), f"/members/{office.member.id}"
    for fields in (
        {"group": "nonsense", "starts_on": "2019-01-01"},
        {"group": "mobile", "starts_on": "soon"},
    ):
        assert post(browser, path, f"{path}/groups/erase", **fields).status_code == 404
    late = (date.max - timedelta(days=1)).isoformat()
    fields = {"group-group": "lost_contact", "group-starts_on": "2019-01-01", "group-last_day": late}
    assert post(browser, path, f"{path}/groups", **fields).status_code == 302
