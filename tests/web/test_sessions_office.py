"""Settings of sessions: kinds, venues, lecturers, and the dated rules of study hours and duties."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.attendance.models import HourPolicy
from app.core.audit import AuditEntry
from app.core.clock import today, utc_now
from app.core.db import db, writing
from app.core.vocabulary import Role
from app.trainings.models import DutyRule, Lecturer, LockedPeriod, SessionKind, Venue
from app.trainings.queries.duty_rules import duty_frequencies
from tests import databases
from tests.factories import make_session
from tests.query_counter import count_queries
from tests.web.session_office import Office, post

KIND = {"name_zh": "红色走读", "name_en": "Walk and read", "is_active": "y"}
POLICY = {
    "minutes_per_hour": "45",
    "half_day_cap_minutes": "180",
    "day_cap_minutes": "360",
    "member_hours": "40",
    "post_hours": "60",
    "post_central_classes": "2",
}
PAGES = ["", "/kinds", "/kinds?edit=theme_day", "/venues", "/lecturers", "/hours", "/duties?kind=theme_day"]


@pytest.fixture
def office(ctx: Flask) -> Iterator[Office]:
    known = set(db.session.scalars(select(SessionKind.key)))
    db.session.commit()
    yield Office(ctx)
    db.session.rollback()
    # Reference tables are not emptied between tests: put back what was changed, once nothing refers to it.
    databases.empty(ctx)
    with writing() as session:
        session.execute(delete(DutyRule).where(DutyRule.from_year > 1921))
        session.execute(delete(SessionKind).where(SessionKind.key.not_in(known)))
        session.execute(delete(HourPolicy).where(HourPolicy.from_year > 2000))


def acts() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.parametrize("path", PAGES)
def test_settings_are_the_administrators_alone(office: Office, path: str) -> None:
    assert office.browser(Role.ADMINISTRATOR).get(f"/settings{path}").status_code == 200
    for role in (Role.ORGANISER, Role.SECRETARY, Role.SUPERVISOR):
        assert office.browser(role).get(f"/settings{path}").status_code == 403


@pytest.mark.parametrize("path", ["kinds", "venues", "lecturers", "hours", "duties"])
def test_nobody_else_can_post_settings(office: Office, path: str) -> None:
    assert post(office.browser(), f"/settings/{path}", name="x").status_code == 403


def test_a_new_kind_is_offered_and_its_key_comes_from_the_english_name(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    for _ in range(2):
        answer = post(browser, "/settings/kinds", **KIND)
    assert answer.status_code == 422
    assert "已有同名的类别" in answer.text
    row = db.session.get_one(SessionKind, "walk_and_read")
    assert (row.name_zh, row.is_active) == ("红色走读", True)
    assert "红色走读" in browser.get("/sessions/new").text
    assert acts() == ["kind.save"]


def test_two_kinds_of_one_english_name_get_keys_of_their_own(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    post(browser, "/settings/kinds", **KIND)
    post(browser, "/settings/kinds", **{**KIND, "name_zh": "另一个"})
    assert db.session.get_one(SessionKind, "walk_and_read_2").name_zh == "另一个"


def test_a_retired_kind_is_no_longer_offered_and_old_sessions_keep_it(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    post(browser, "/settings/kinds", **KIND)
    session_id = office.saved(browser, kind="walk_and_read")
    post(
        browser,
        "/settings/kinds?edit=walk_and_read",
        name_zh="红色走读",
        name_en="Walk and read",
    )
    assert "红色走读" not in browser.get("/sessions/new?kind=seminar").text
    assert "红色走读" in browser.get(f"/sessions/{session_id}").text
    assert "红色走读" in browser.get(f"/sessions/{session_id}/edit").text


def test_venues_are_added_changed_and_told_apart_by_name(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    post(browser, "/settings/venues", name="党校", address="人民路1号", capacity="120", is_active="y")
    row = db.session.query(Venue).one()
    assert (row.name, row.capacity, row.is_active) == ("党校", 120, True)
    wrong = post(browser, "/settings/venues", name="党校", capacity="很多", is_active="y")
    assert wrong.status_code == 422
    assert 'value="很多"' in wrong.text
    taken = post(browser, "/settings/venues", name="党校", capacity="5", is_active="y")
    assert "已有同名的场所" in taken.text
    post(browser, f"/settings/venues?edit={row.id}", name="区委党校", capacity="")
    db.session.refresh(row)
    assert (row.name, row.capacity, row.is_active) == ("区委党校", None, False)
    assert acts() == ["venue.save", "venue.save"]
    assert browser.get("/settings/venues?edit=999").status_code == 404
    assert browser.get("/settings/venues?edit=x").status_code == 404


def test_lecturers_are_added_and_changed(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    post(browser, "/settings/lecturers", name="陈老师", title="党校 副教授", is_exemplar="y", is_active="y")
    row = db.session.query(Lecturer).one()
    assert (row.name, row.title, row.is_exemplar) == ("陈老师", "党校 副教授", True)
    assert 'value="党校 副教授"' in browser.get(f"/settings/lecturers?edit={row.id}").text
    assert post(browser, "/settings/lecturers", name="陈老师", is_active="y").status_code == 422
    assert acts() == ["lecturer.save"]


def test_a_rule_is_set_for_a_coming_year_and_can_be_changed_until_then(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    year = today().year + 1
    assert post(browser, "/settings/hours", from_year=str(year), **POLICY).status_code == 302
    assert (
        post(browser, "/settings/hours", from_year=str(year), **{**POLICY, "member_hours": "36"}).status_code
        == 302
    )
    row = db.session.get_one(HourPolicy, year, populate_existing=True)
    assert (row.minutes_per_hour, row.member_hours, row.post_central_classes) == (45, 36, 2)
    assert "还没有开始" in browser.get("/settings/hours").text
    assert acts() == ["hour_policy.save"] * 2


@pytest.mark.parametrize("ahead", [0, -7, 11])
def test_years_that_have_begun_keep_their_rule(office: Office, ahead: int) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    answer = post(browser, "/settings/hours", from_year=str(today().year + ahead), **POLICY)
    assert answer.status_code == 422
    assert "只能为以后的年份设置" in answer.text
    assert db.session.query(HourPolicy).count() == 1


def test_a_day_cannot_hold_less_than_half_of_it(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    wrong = {**POLICY, "day_cap_minutes": "60", "member_hours": "9999"}
    answer = post(browser, "/settings/hours", from_year=str(today().year + 1), **wrong)
    assert "每天上限不能低于半天上限" in answer.text
    assert "应在 0 到 500 之间" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_settings_stay_within_the_page_budget(office: Office, path: str) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    with count_queries() as queries:
        browser.get(f"/settings{path}")
    assert queries.count <= 15


def test_how_often_a_duty_is_owed_changes_from_a_year_on_and_never_one_that_was_counted(
    office: Office,
) -> None:
    browser, year = office.browser(Role.ADMINISTRATOR), today().year

    def set_rule(kind: str, from_year: int, frequency: str) -> Any:
        return post(browser, "/settings/duties", kind_key=kind, from_year=str(from_year), frequency=frequency)

    def owed(kind: str, *years: int) -> list[str | None]:
        return [duty_frequencies(db.session(), wanted).get(kind) for wanted in years]

    now = datetime.combine(today(), time(1), UTC)
    make_session(office.a, kind="theme_day", starts_at=now)
    for _ in range(2):
        assert set_rule("theme_day", year + 1, "quarterly").status_code == 302
    assert owed("theme_day", 2019, year, year + 1, year + 5) == ["monthly", "monthly"] + ["quarterly"] * 2
    assert f"{year + 1}年起" in browser.get("/settings/duties").text
    assert "今年已经开展过" in set_rule("theme_day", year, "yearly").text
    assert set_rule("seminar", year, "yearly").status_code == 302
    assert owed("seminar", year - 1, year) == [None, "yearly"]
    assert set_rule("seminar", year + 2, "").status_code == 302
    assert owed("seminar", year + 1, year + 2) == ["yearly", None]
    for wrong in (year - 1, year + 11):
        assert "只能为今年或以后" in set_rule("seminar", wrong, "monthly").text
    assert set_rule("nothing", year + 1, "monthly").status_code == 422
    assert set_rule("seminar", year + 1, "daily").status_code == 422
    with writing() as session:
        locked = LockedPeriod(first_on=date(year, 1, 1), last_on=date(year, 1, 31), locked_at=utc_now())
        session.add(locked)
    assert "锁定" in set_rule("reading_class", year, "monthly").text
    assert owed("reading_class", year) == [None]
    assert acts() == ["duty_rule.save"] * 3
