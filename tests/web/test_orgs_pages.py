"""Pages of the organisation tree and of one unit."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.db import db
from app.core.vocabulary import OrgKind, OrgSector, Role
from app.members.models import OrgUnit
from tests.factories import count, make_member, make_org, make_staff, sign_in


@pytest.fixture
def tree(ctx: Flask) -> dict[str, Any]:
    root = make_org("R", kind=OrgKind.COMMITTEE, name="示范区党委")
    a = make_org("A", root, name="甲支部", sector=OrgSector.VILLAGE)
    b = make_org("B", root, name="乙支部")
    a1 = make_org("A1", a, name="甲一组", kind=OrgKind.GROUP)
    for unit in (a, a1, a1, b):
        make_member("张三", unit)
    return {"app": ctx, "R": root, "A": a, "B": b, "A1": a1}


def browser_of(tree: dict[str, Any], role: Role, code: str) -> FlaskClient:
    return sign_in(tree["app"].test_client(), make_staff(f"{role}-{code}", role, tree[code]))


def post(browser: FlaskClient, page: str, path: str, **fields: str) -> TestResponse:
    token = re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[0]
    return browser.post(path, data={"csrf_token": token, **fields})


def counts(page: str) -> dict[str, str]:
    """Name → members, as the tree page says them."""
    return dict(
        re.findall(r'<a href="/orgs/[^"]+">([^<]+)</a> <span class="tree__facts">[^<]*?([\d,]+) 人', page)
    )


def test_the_tree_counts_members_with_all_units_below(tree: dict[str, Any]) -> None:
    page = browser_of(tree, Role.ADMINISTRATOR, "R").get("/orgs").text
    assert counts(page) == {"示范区党委": "4", "甲支部": "3", "甲一组": "2", "乙支部": "1"}


def test_a_branch_sees_its_own_part_of_the_tree(tree: dict[str, Any]) -> None:
    page = browser_of(tree, Role.SECRETARY, "A").get("/orgs").text
    assert counts(page) == {"甲支部": "3", "甲一组": "2"}


def test_a_unit_page_says_what_it_is_and_leads_to_its_members(tree: dict[str, Any]) -> None:
    page = browser_of(tree, Role.SUPERVISOR, "R").get("/orgs/A").text
    for words in ("党支部 · 建制村", "示范区党委", "甲一组", "农村党员"):
        assert words in page
    assert 'href="/members?org=A"' in page
    assert "新增下级组织" not in page


def test_an_administrator_adds_a_unit_below_and_renames_it(tree: dict[str, Any]) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    fields = {"child-code": "A2", "child-name": "甲二组", "child-kind": "group", "child-sector": ""}
    answer = post(browser, "/orgs/A", "/orgs/A/children", **fields)
    assert (answer.status_code, answer.location) == (302, "/orgs/A2")
    assert (
        post(
            browser, "/orgs/A2", "/orgs/A2/rename", **{"rename-name": "甲三组", "rename-how": "correct"}
        ).status_code
        == 302
    )
    assert counts(browser.get("/orgs").text)["甲三组"] == "0"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"child-code": "B"}, "这个编码已有党组织使用"),
        ({"child-code": "有 空格"}, "编码请用"),
        ({"child-name": ""}, "请填写名称。"),
        ({"child-kind": "castle"}, "请从列表里选择一项。"),
        ({"child-opened_on": "去年"}, "请填写日期"),
    ],
)
def test_a_refused_unit_keeps_what_was_typed(
    tree: dict[str, Any], changes: dict[str, str], words: str
) -> None:
    browser = browser_of(tree, Role.ADMINISTRATOR, "R")
    fields = {
        "child-code": "A2",
        "child-name": "甲二组",
        "child-kind": "group",
        "child-sector": "school",
        **changes,
    }
    answer = post(browser, "/orgs/A", "/orgs/A/children", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    for key in ("child-code", "child-name"):
        assert f'value="{fields[key]}"' in answer.text
    assert re.search(r'<option selected value="school">', answer.text)
    assert count(OrgUnit) == 4


def test_only_administrators_of_the_place_change_its_units(tree: dict[str, Any]) -> None:
    fields = {"child-code": "X", "child-name": "新", "child-kind": "branch", "rename-name": "新名"}
    for role in (Role.ORGANISER, Role.SECRETARY, Role.SUPERVISOR):
        browser = browser_of(tree, role, "A")
        for path in ("/orgs/A/children", "/orgs/A/rename"):
            assert post(browser, "/orgs/A", path, **fields).status_code == 403
    administrator = browser_of(tree, Role.ADMINISTRATOR, "A")
    for path in ("/orgs/B/children", "/orgs/B/rename", "/orgs/R/rename"):
        assert post(administrator, "/orgs/A", path, **fields).status_code == 404
    db.session.expire_all()
    assert set(db.session.scalars(select(OrgUnit.name))) == {"示范区党委", "甲支部", "乙支部", "甲一组"}
