"""A member's page for staff at a glance: hours and records by year, phones and card, a joined record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from app.checkin.services.bindings import create_binding
from app.checkin.services.cards import issue_card
from app.core.access import Scope
from app.core.clock import today
from app.core.vocabulary import Role, Status
from app.members.services.merging import Merge, merge_members
from tests.factories import attend, make_session
from tests.query_counter import count_queries
from tests.web.session_office import Office

NOW = datetime(2019, 6, 3, 1, 0, tzinfo=UTC)


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def studied(office: Office, day: date, title: str, status: Status = Status.PRESENT) -> None:
    starts_at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    attend(make_session(office.a, title=title, starts_at=starts_at), office.people[0], status=status)


def test_the_hours_of_another_year_are_one_tap_away(office: Office) -> None:
    studied(office, date(2019, 3, 1), "旧课")
    browser, path = office.browser(), f"/members/{office.people[0].id}"
    page = browser.get(path).text
    assert f"{today().year} 年学时" in page
    assert f'href="{path}?year={today().year - 1}#study-heading"' in page
    page = browser.get(f"{path}?year=2019").text
    assert "2019 年学时" in page
    assert "已修 2 学时" in page
    for odd in ("9999999999", "x", "0", "1"):
        assert browser.get(path, query_string={"year": odd}).status_code == 200


def test_every_years_records_are_listed_fifty_a_page(office: Office) -> None:
    for n in range(52):
        studied(office, date(2018, 1, 1) + timedelta(days=n), f"课{n:02}。")
    studied(office, date(2019, 3, 1), "次年的课")
    browser, path = office.browser(), f"/members/{office.people[0].id}/attendance"
    assert "次年的课" in browser.get(path).text
    with count_queries() as queries:
        first = browser.get(f"{path}?year=2018").text
    assert queries.count <= 10
    assert ("课51。" in first, "课01。" in first) == (True, False)
    second = browser.get(f"{path}?year=2018&page=2").text
    assert ("课01。" in second, "课51。" in second) == (True, False)
    assert "课01。" in browser.get(f"{path}?year=2018&page=99").text
    assert f'href="{path}"' in browser.get(f"/members/{office.people[0].id}").text
    assert office.browser(Role.SECRETARY, office.b).get(path).status_code == 404


def test_phones_and_card_are_told_with_the_way_to_them(office: Office) -> None:
    member, scope = office.people[0], Scope((office.root.id,), None)
    browser = office.browser()
    page = browser.get(f"/members/{member.id}").text
    assert "没有绑定手机" in page
    assert "没有签到卡" in page
    for _ in range(2):
        create_binding(member.id, scope, NOW)
    issue_card(member.id, scope, NOW)
    page = browser.get(f"/members/{member.id}").text
    assert "绑定了 2 部手机" in page
    assert "有签到卡,制于 2019年6月3日" in page
    assert f'href="/members/{member.id}/access"' in page


def test_the_old_address_of_a_joined_record_leads_to_the_one_that_stayed(office: Office) -> None:
    kept, other = office.people[:2]
    merge_members(Merge(kept.id, other.id, frozenset()), Scope((office.root.id,), None), NOW)
    answer = office.browser(Role.SECRETARY, office.a).get(f"/members/{other.id}")
    assert (answer.status_code, answer.location) == (302, f"/members/{kept.id}")
    assert office.browser(Role.SECRETARY, office.b).get(f"/members/{other.id}").status_code == 404
    assert office.browser().get("/members/99999").status_code == 404
