"""The page at a glance and its parts: the reports' numbers, each a door, and nobody beyond the scope."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import StaffUser
from app.attendance.models import StaleDay
from app.core.clock import office_tz, today
from app.core.db import db, writing
from app.core.vocabulary import Group, SessionState
from app.members.models import Membership, OrgUnit
from tests.api_world import World
from tests.factories import attend, make_member, make_session, put_in_group, sign_in

PLACES: tuple[dict[str, str], ...] = ({}, {"org": "QA"}, {"org": "QB"})
PARTS = ("/reports", "/reports/trend", "/reports/duty-gaps", "/reports/rows/branches")
LAST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def at(month: int, day: int = 10) -> datetime:
    return datetime(2019, month, day, 1, tzinfo=UTC)


def early_today() -> datetime:
    return datetime.combine(today(), time(0, 30), office_tz()).astimezone(UTC)


@pytest.fixture
def world(app: Flask) -> World:
    """QA studied in March, April and November, QB in April; one moved from QA to QB in July."""
    made = World(app)
    with app.app_context():
        zhang, li, wang = made.people
        moved = make_member("周七", made.a)
        with writing() as session:
            session.get_one(Membership, (moved.id, date(2000, 1, 1))).ends_on = date(2019, 7, 1)
            session.add(Membership(member_id=moved.id, org_id=made.b.id, starts_on=date(2019, 7, 1)))
        put_in_group(li, Group.EXEMPT, approved_by_id=1)
        march = make_session(made.a, starts_at=at(3), minutes=300)
        april = make_session(made.b, starts_at=at(4), kind="seminar")
        november = make_session(made.a, starts_at=at(11), kind="branch_committee")
        for row, people in ((march, (zhang, moved)), (april, (zhang,)), (november, (zhang, li))):
            for member in people:
                attend(row, member)
        # Nothing since: the year on show is 2019.
        assert wang
    return made


def signed_in(world: World, name: str) -> FlaskClient:
    with world.app.app_context():
        user = db.session.scalars(select(StaffUser).where(StaffUser.username == name)).one()
        return sign_in(world.app.test_client(), user)


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.text


def course(world: World, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = world.admin.get("/reports/trend", year="2019", **query).get_json()
    return found


def test_the_years_course_is_what_the_reports_say_month_by_month(world: World) -> None:
    for place in PLACES:
        found = course(world, **place)
        dates = {"from_": "2019-01-01", "to": "2019-12-31"}
        split = world.admin.get("/reports/person-times", **dates, **place, by="month").get_json()["rows"]
        times = {row["key"]: row["person_times"] for row in split}
        assert [row["month"] for row in found["months"]] == [f"2019-{month:02d}" for month in range(1, 13)]
        for row, last in zip(found["months"], LAST_DAYS, strict=True):
            dates["to"] = f"{row['month']}-{last}"
            total = world.admin.get("/reports/coverage", **dates, on=found["on"], **place).get_json()["total"]
            assert {key: row[key] for key in total} == total, (place, row)
            assert row["person_times"] == times[row["month"]]
    assert [row["covered"] for row in course(world)["months"]] == [0, 0, *[2] * 8, 3, 3]
    # Whoever moved counts at the branch of the day, reached wherever it was.
    assert [row["covered"] for row in course(world, org="QB")["months"]] == [0, 0, *[1] * 10]
    # While a summary may be wrong, the rows are counted: to the same end.
    with world.app.app_context():
        session = db.session()
        session.add(StaleDay(office_date=date(2019, 3, 5), member_id=world.ids[0], writer=0))
        exact = course(world)
        session.commit()
        assert course(world) == exact
        session.rollback()


def test_page_file_command_and_api_give_the_same_course_and_the_same_gaps(world: World) -> None:
    browser = signed_in(world, "admin")
    for path in ("trend", "duty-gaps"):
        body = world.admin.get(f"/reports/{path}", year="2019").get_json()
        command = ["report", path, "--year", "2019", "--format", "json"]
        assert json.loads(world.app.test_cli_runner().invoke(args=command).output) == body
        if path == "trend":
            keys = ("person_times", "covered", "coverage", "required_coverage")
            expected = [
                [*[row[key] for key in keys], row["members"] - row["covered"]] for row in body["months"]
            ]
        else:
            expected = [[row["branches"], *row["lacking"]] for row in [*body["rows"], body["total"]]]
        text = page(browser, f"/reports/{path}?year=2019")
        rows = re.findall(r'<tr>\s*<th scope="row".*?</tr>', text, flags=re.DOTALL)
        on_page = [[float(value) for value in re.findall(r'data-value="([\d.]+)"', row)] for row in rows]
        file = browser.get(f"/reports/{path}?year=2019&format=csv").data.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(file, newline="")))[1 : 1 + len(rows)]
        assert on_page == expected == [[float(value) for value in line[1:] if value] for line in lines]


def test_every_gap_opens_the_branches_behind_it(world: World) -> None:
    browser = signed_in(world, "admin")
    with world.app.app_context(), writing() as session:
        session.get_one(OrgUnit, world.b.id).opened_on = date(2019, 5, 20)
    body = world.admin.get("/reports/duty-gaps", year="2019").get_json()
    gaps = {row["org_code"]: row["lacking"] for row in body["rows"]}
    # QA held its theme day in March and its committee in November; a seminar is no duty; QB opened in May.
    assert gaps == {
        "QA": [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1],
        "QB": [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1],
    }
    text = page(browser, "/reports/duty-gaps?year=2019")
    table = text[text.index('id="gaps-figures"') : text.index("</table>")]
    cells = re.findall(
        r'data-level="[1-9]0?" data-value="(\d+)"[^>]*><a class="row-link" href="([^"]+)"', table
    )
    assert len(cells) == sum(map(sum, gaps.values())) + sum(map(any, zip(*gaps.values(), strict=True)))
    for value, href in cells:
        assert f'id="count" data-value="{value}"' in page(browser, html.unescape(href))
    assert table.count("都开展了") == 36 - len(cells)
    listed = text[text.index('class="gaps__list"') :]
    assert "3月缺" not in listed
    assert "12月缺 1" in listed
    # Of one duty, in the quarter that it is due in.
    asked = {"month": "2019-03", "kind": "branch_committee"}
    lacking = world.admin.get("/reports/duty-gaps/branches", **asked, limit=1).get_json()
    assert (lacking["count"], [item["org_code"] for item in lacking["items"]], lacking["next"]) == (
        1,
        ["QA"],
        None,
    )
    assert "未结束" not in text
    assert world.admin.get("/reports/duty-gaps/branches", month="2019-03", kind="seminar").status_code == 422
    assert browser.get("/reports/rows/branches?month=2019-03&kind=seminar").status_code == 422


def test_a_shared_address_shows_each_reader_the_own_scope_only(world: World) -> None:
    chief, colleague = signed_in(world, "admin"), signed_in(world, "secretary-a")
    query = "year=2019&from=2019-03-01&to=2019-03-31&month=2019-03"
    for part in PARTS:
        for org, expected in (("QA", 200), ("QB", 404), ("Q", 404), ("nowhere", 404)):
            assert colleague.get(f"{part}?{query}&org={org}").status_code == expected, (part, org)
        assert chief.get(f"{part}?{query}&org=QB").status_code == 200
        assert "乙支部" not in page(colleague, f"{part}?{query}")
    for path in ("glance", "trend", "duty-gaps", "duty-gaps/branches"):
        asked = {"month": "2019-03"} if "branches" in path else {}
        assert world.secretary_a.get(f"/reports/{path}", org="QB", **asked).status_code == 404
        assert world.secretary_a.get(f"/reports/{path}", org="QA", **asked).status_code == 200


def test_the_five_numbers_of_a_month_are_its_own(world: World) -> None:
    browser = signed_in(world, "admin")
    body = world.admin.get("/reports/glance", from_="2019-03-01", to="2019-03-31").get_json()
    # Two members, five hours each of which the half-day's rule credits four.
    assert (body["sessions"], body["person_times"], body["reached"], body["hours"]) == (1, 2, 2, 8)
    assert (body["members"], body["covered"], body["uncovered"]) == (5, 2, 3)
    text = page(browser, "/reports?from=2019-03-01&to=2019-03-31")
    shown = re.findall(r'number-card__value">(?:<span[^>]*>)?([\d,.]+)', text)
    assert shown == ["1", "2", "2", "8", "50.00"]
    # Without script the parts are one link away; the periods are links too.
    for part in ("/reports/trend?year=2019", "/reports/duty-gaps?year=2019"):
        assert f'href="{part}"' in text
    assert "本季度" in text
    # A period over a change of years and of the rule keeps each year's rule: here the same one.
    long = world.admin.get("/reports/glance", from_="2018-12-01", to="2019-12-30").get_json()
    year = world.admin.get("/reports/glance", from_="2019-01-01", to="2019-12-31").get_json()
    assert long["hours"] == year["hours"] > body["hours"]


def test_this_month_is_shown_once_this_year_has_something(world: World) -> None:
    browser = signed_in(world, "admin")
    assert "2019年" in re.findall("<h1>(.*?)</h1>", page(browser, "/reports"), re.DOTALL)[0]
    with world.app.app_context():
        make_session(world.a, title="今天这场", starts_at=early_today(), minutes=10)
        make_session(world.b, title="乙的今天", starts_at=early_today(), minutes=10, state=SessionState.OPEN)
        this_month = f"{today():%Y}年{today().month}月"
    text = page(browser, "/reports")
    assert this_month in re.findall("<h1>(.*?)</h1>", text, re.DOTALL)[0]
    assert 'hx-get="/today"' in text
    assert "今天这场" in page(browser, "/today")
    assert "乙的今天" not in page(signed_in(world, "secretary-a"), "/today")
    assert "未结束" in page(browser, "/reports/duty-gaps")


def test_a_secretary_sees_who_is_not_reached_and_what_is_still_owed(world: World) -> None:
    browser = signed_in(world, "secretary-a")
    assert 'hx-get="/branch"' in page(browser, "/")
    text = page(browser, "/branch")
    for name in ("张三", "李四", "王五"):
        assert name in text
    assert "赵六" not in text
    assert 'href="/sessions/new?kind=theme_day"' in text
    with world.app.app_context():
        attend(make_session(world.a, starts_at=early_today(), minutes=10), world.people[0])
    text = page(browser, "/branch")
    assert "张三" not in text
    assert "kind=theme_day" not in text
    assert 'href="/sessions/new?kind=branch_committee"' in text
    # Whoever has several branches is led to those that owe it.
    above = page(signed_in(world, "admin"), "/branch")
    href = html.unescape(re.findall(r'href="(/reports/rows/branches\?kind=theme_day[^"]*)"', above)[0])
    assert 'id="count" data-value="1"' in page(signed_in(world, "admin"), href)
    assert 'hx-get="/branch"' not in page(signed_in(world, "supervisor"), "/")
