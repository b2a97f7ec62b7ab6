"""What readers of reports do by mistake: an old page number, an absurd year, a filter that cannot be."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.vocabulary import Group, Role
from tests.api_world import World
from tests.factories import make_member, make_staff, put_in_group, sign_in

PERIOD = "from=2019-01-01&to=2019-12-31"


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


@pytest.fixture
def browser(app: Flask, world: World) -> FlaskClient:
    with app.app_context():
        return sign_in(app.test_client(), make_staff("chief", Role.ADMINISTRATOR, world.root))


def test_a_page_past_the_end_leads_to_the_last_one_with_the_same_filters(
    app: Flask, world: World, browser: FlaskClient
) -> None:
    with app.app_context():
        for number in range(60):
            make_member(f"众{number}", world.a)
    answer = browser.get(f"/reports/uncovered?{PERIOD}&group=&page=999")
    assert answer.status_code == 302
    assert set(answer.location.partition("?")[2].split("&")) == {*PERIOD.split("&"), "group=", "page=2"}
    page = browser.get(answer.location).text
    assert "一个不漏</h" not in page
    assert "/members/" in page
    assert browser.get(f"/reports/rows/members?{PERIOD}&covered=0&page=500").location.endswith("page=2")
    # A file holds everything, whatever page the address names.
    assert browser.get(f"/reports/uncovered?{PERIOD}&page=999&format=csv").status_code == 200
    # Where nothing is, nothing is said to be elsewhere.
    assert browser.get(f"/reports/rows/attendance?{PERIOD}&page=9").status_code == 200


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/reports/coverage?from=1800-01-01&to=2200-12-31", "日期的年份应在 1921 到 2200 之间"),
        ("/reports/coverage?age=999", "年龄应是 40 到 120 之间的整数"),
        ("/reports/study-hours?year=99999", "年份应是 1921 到 2200 之间的整数"),
        ("/reports/trend?year=3000", "年份应是 1921 到 2200 之间的整数"),
        ("/reach?from=2019-12-31&to=2019-01-01", "结束日期在开始日期之前"),
        ("/reach?group=nosuch", "没有这个选项"),
        ("/reports/bulletin?year=2100", "这一年还没有到"),
        ("/reports/bulletin?year=2100&format=docx", "这一年还没有到"),
    ],
)
def test_a_filter_that_cannot_be_comes_back_in_the_form_with_what_is_wrong(
    browser: FlaskClient, address: str, words: str
) -> None:
    answer = browser.get(address)
    assert answer.status_code == 422
    assert words in re.sub(r"<[^>]+>", "", answer.text)
    assert 'class="filters" method="get"' in answer.text


def test_of_a_year_to_come_neither_the_api_nor_the_command_tells_anything(app: Flask, world: World) -> None:
    answer = world.admin.get("/reports/bulletin", year=2100)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "year")
    done = app.test_cli_runner().invoke(args=["report", "bulletin", "--year", "2100"])
    assert done.exit_code == 1
    assert "这一年还没有到" in done.stderr


def test_a_command_names_the_organisation_that_it_does_not_know(app: Flask, world: World) -> None:
    done = app.test_cli_runner().invoke(args=["report", "coverage", "--year", "2019", "--org", "NOPE"])
    assert (done.exit_code, done.stderr) == (1, "Error: 没有这个组织:NOPE\n")


def test_shares_have_two_decimals_on_the_page_as_in_every_file(
    app: Flask, world: World, browser: FlaskClient
) -> None:
    """One spelling: 28 of 29 are 96.55 %, and not 96.5 % on one sheet and 96.55 % on another."""
    page = browser.get(f"/reports/coverage?{PERIOD}").text
    shown = re.findall(r'class="rate nowrap">([^<]+)<', page)
    assert shown
    assert all(re.fullmatch(r"\d+\.\d\d", share) for share in shown)


@pytest.mark.parametrize("form", ["study-hours", "branches", "groups"])
def test_forms_with_hours_print_the_rule_that_they_rest_on(browser: FlaskClient, form: str) -> None:
    query = "year=2019" if form == "study-hours" else PERIOD
    for more in ("", "&format=csv"):
        text = browser.get(f"/reports/{form}?{query}{more}").data.decode("utf-8-sig")
        assert "2019 年的规定:60 分钟为 1 学时;每半日(以 12:30 为界)最多 4 学时,每日最多 8 学时" in text, more


def test_nobody_can_be_taught_before_being_found(app: Flask, world: World, browser: FlaskClient) -> None:
    with app.app_context():
        put_in_group(make_member("失联", world.a), Group.LOST_CONTACT)
    assert "先联系上" in browser.get(f"/reports/uncovered?{PERIOD}&group=lost_contact").text
