"""Changing the tree by its pages: every form of a unit's page, merging, posts, and the import."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.clock import today
from app.core.db import db, writing
from app.core.vocabulary import OrgKind, OrgSector, Role
from app.members.models import Membership, OrgPost, OrgTagRow, OrgUnit
from tests.factories import count, make_member, make_org, make_staff, sign_in
from tests.tree_checker import tree_faults


@pytest.fixture
@writing()
def tree(ctx: Flask) -> dict[str, Any]:
    root = make_org("R", kind=OrgKind.COMMITTEE, name="示范区党委")
    s1 = make_org("S1", root, name="一街", kind=OrgKind.COMMITTEE)
    s2 = make_org("S2", root, name="二街", kind=OrgKind.COMMITTEE)
    a = make_org("A", s1, name="甲支部", sector=OrgSector.VILLAGE)
    units = {"R": root, "S1": s1, "S2": s2, "A": a, "B": make_org("B", s1, name="乙支部")}
    people = [make_member("张三", a), make_member("李四", a, phone="13900000001")]
    return {"app": ctx, **units, "ids": [person.id for person in people]}


def browser_of(tree: dict[str, Any], role: Role, code: str) -> FlaskClient:
    return sign_in(tree["app"].test_client(), make_staff(f"{role}-{code}", role, tree[code]))


def post(browser: FlaskClient, page: str, path: str, **fields: Any) -> TestResponse:
    token = re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]
    return browser.post(path, data={"csrf_token": token, **fields})


def day(offset: int = 0) -> str:
    return (today() + timedelta(days=offset)).isoformat()


def test_a_branch_is_renamed_moved_and_moved_back(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    renamed = {"rename-name": "新甲支部", "rename-how": "from", "rename-since": day(-3)}
    assert post(browser, "/orgs/A", "/orgs/A/rename", **renamed).status_code == 302
    moved = {"move-parent_code": "S2", "move-on": day(-1)}
    assert post(browser, "/orgs/A", "/orgs/A/move", **moved).status_code == 302
    page = browser.get("/orgs/A").text
    for words in ("曾用名", "甲支部", "隶属关系", "一街", "二街", "撤回这次调整"):
        assert words in page
    back = {"parent_code": "S1", "on": day(-1)}
    assert post(browser, "/orgs/A", "/orgs/A/move-back", **back).status_code == 302
    assert "撤回这次调整" not in browser.get("/orgs/A").text
    assert tree_faults(db.session()) == []


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("rename", {"rename-name": "新", "rename-how": "from", "rename-since": ""}, "请填写从哪一天起。"),
        (
            "nature",
            {"nature-kind": "general_branch", "nature-how": "from", "nature-since": "2999-01-01"},
            "今天以后",
        ),
        ("move", {"move-parent_code": "B", "move-on": "2019-01-01"}, "上级是党支部,下面不能设党支部。"),
        (
            "tags",
            {"tag-tag": "model", "tag-starts_on": "2019-02-01", "tag-last_day": "2019-01-01"},
            "结束日期",
        ),
        ("close", {"close-on": "2019-01-01"}, "还有 2 名党员编在本组织"),
    ],
)
def test_a_refused_change_says_why_at_its_form_and_changes_nothing(
    tree: dict[str, Any], path: str, fields: dict[str, str], words: str
) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    answer = post(browser, "/orgs/A", f"/orgs/A/{path}", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'class="card disclosure" open' in answer.text
    db.session.rollback()
    assert (count(OrgTagRow), db.session.get_one(OrgUnit, tree["A"].id).name) == (0, "甲支部")


def test_a_merge_shows_what_would_change_hands_before_it_does(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    make_staff("留守", Role.SECRETARY, tree["A"])
    preview = browser.get(f"/orgs/A/merge?into=B&on={day()}")
    assert preview.status_code == 200
    assert re.search(r"编入的党员.*?number-card__value\">2<", preview.text, re.DOTALL)
    assert count(Membership) == 2
    done = post(browser, f"/orgs/A/merge?into=B&on={day()}", "/orgs/A/merge", into="B", on=day())
    assert (done.status_code, done.location) == (302, "/orgs/B")
    closed = browser.get("/orgs/A")
    assert closed.status_code == 200
    for words in ("起撤销", 'href="/orgs/B"', "恢复本组织", "留守"):
        assert words in closed.text
    # What cannot be done to a closed unit is not offered, nor found.
    assert "调整上级" not in closed.text
    assert post(browser, "/orgs/A", "/orgs/A/rename", **{"rename-name": "新"}).status_code in (404, 422)
    listed = browser.get("/orgs?closed=1").text
    assert "甲支部" in listed
    assert "并入乙支部" in listed
    assert "甲支部" not in browser.get("/orgs").text
    assert tree_faults(db.session()) == []


def test_a_closed_unit_is_found_by_those_whose_scope_held_it_and_by_nobody_else(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    assert post(browser, "/orgs/B", "/orgs/B/close", **{"close-on": day()}).status_code == 302
    assert browser_of(tree, Role.SECRETARY, "S1").get("/orgs/B").status_code == 200
    assert browser_of(tree, Role.SECRETARY, "S2").get("/orgs/B").status_code == 404
    of_b = browser_of(tree, Role.SECRETARY, "B")
    assert [of_b.get(path).status_code for path in ("/", "/orgs", "/orgs/B", "/members")] == [200] * 4
    assert post(browser, "/orgs/B", "/orgs/B/reopen").status_code == 302
    assert "起撤销" not in browser.get("/orgs/B").text


def test_a_secretary_appoints_corrects_and_takes_back_in_the_own_branch(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.SECRETARY, "A")
    assert "登记任职" in browser.get("/orgs/A").text
    assert "调整上级" not in browser.get("/orgs/A").text
    first, second = tree["ids"]
    fields = {"member": first, "post": "secretary", "starts_on": "2019-01-01"}
    assert post(browser, "/orgs/A/posts/new", "/orgs/A/posts/new", **fields).status_code == 302
    fields = {"member": second, "post": "secretary", "starts_on": "2019-03-01"}
    refused = post(browser, "/orgs/A/posts/new", "/orgs/A/posts/new", **fields)
    assert refused.status_code == 422
    assert "现任书记是张三" in refused.text
    replaced = post(browser, "/orgs/A/posts/new", "/orgs/A/posts/new", **fields, replace="y")
    assert replaced.status_code == 302
    page = browser.get("/orgs/A").text
    assert "以前和以后的任职(1)" in page
    row = {"member": second, "post": "secretary", "starts_on": "2019-03-01"}
    corrected = {**row, "first_day": "2019-03-01", "last_day": "2019-12-31"}
    assert post(browser, "/orgs/A", "/orgs/A/posts/correct", **corrected).status_code == 302
    ends = select(OrgPost.ends_on).where(OrgPost.member_id == second)
    db.session.rollback()
    assert db.session.scalar(ends) == date(2020, 1, 1)
    assert post(browser, "/orgs/A", "/orgs/A/posts/erase", **row).status_code == 302
    assert count(OrgPost) == 1
    assert browser.get("/orgs/B/posts/new").status_code == 404


def test_the_tree_is_searched_and_downloaded(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.SUPERVISOR, "R")
    page = browser.get("/orgs?q=甲").text
    assert "找到 1 个组织" in page
    assert "乙支部" not in page
    assert "没有找到党组织" in browser.get("/orgs?q=丙").text
    assert "找到 1 个组织" in browser.get("/orgs?sector=village").text
    answer = browser.get("/orgs/tree.xlsx")
    assert (answer.status_code, answer.data[:2]) == (200, b"PK")


def upload(browser: FlaskClient, text: str, **fields: str) -> TestResponse:
    file = (io.BytesIO(text.encode()), "tree.csv")
    return post(browser, "/orgs/import", "/orgs/import", file=file, **fields)


def test_a_tree_is_uploaded_reviewed_and_imported(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    sent = upload(browser, "code,name,kind,parent_code\nD,丁支部,党支部,S2\nA,甲支部,党支部,S2\n")
    assert sent.status_code == 302
    page = browser.get(sent.location).text
    for words in ("丁支部", "1 个组织换了上级", "还没有保存任何内容"):
        assert words in page
    assert count(OrgUnit) == 5
    assert browser_of(tree, Role.ADMINISTRATOR, "S1").get(sent.location).status_code == 404
    assert post(browser, sent.location, f"{sent.location}/apply").status_code == 302
    assert count(OrgUnit) == 6
    assert tree_faults(db.session()) == []
    assert browser.get(sent.location).status_code == 404


def test_a_tree_with_a_wrong_row_is_not_imported_and_the_row_can_be_downloaded(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "S1")
    sent = upload(browser, "code,name,kind,parent_code\nD,丁支部,党支部,S1\nS2,二街,党委,R\n")
    page = browser.get(sent.location).text
    assert "这个编码已用于您负责范围以外的党组织。" in page
    assert browser.get(f"{sent.location}/rejected.xlsx").data[:2] == b"PK"
    assert post(browser, sent.location, f"{sent.location}/apply").location == sent.location
    assert count(OrgUnit) == 5
    assert post(browser, sent.location, f"{sent.location}/discard").status_code == 302
    assert browser.get(sent.location).status_code == 404


def test_an_unreadable_tree_is_refused_at_the_file(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    for text in ("", "名称\n甲\n"):
        assert upload(browser, text).status_code == 422
    refused = upload(browser, "code,name,kind,parent_code\nD,丁,党支部,S2\n", as_of="2999-01-01")
    assert refused.status_code == 422
    assert "日期不能在今天以后。" in refused.text


def test_the_first_administrator_begins_the_tree_by_a_file(ctx: Flask) -> None:
    from app.accounts.models import RoleGrant, StaffUser
    from tests.factories import NOW

    with writing() as session:
        user = StaffUser(username="first", display_name="first", password_hash="!", created_at=NOW)
        user.grants = [RoleGrant(role=Role.ADMINISTRATOR, org_id=None)]
        session.add(user)
    browser = sign_in(ctx.test_client(), user)
    sent = upload(browser, "code,name,kind,parent_code\nR,区委,党委,\nA,甲支部,党支部,R\n")
    assert post(browser, sent.location, f"{sent.location}/apply").status_code == 302
    assert "甲支部" in browser.get("/orgs").text
