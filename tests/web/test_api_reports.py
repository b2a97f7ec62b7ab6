"""The figures over the API: exactly the agreed fields, the right numbers, never beyond the scope."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.core.vocabulary import Group, SessionState, Status
from tests.api_world import World, refusal, wrong_fields
from tests.factories import NOW, attend, make_session, put_in_group

YEAR = {"from_": "2019-01-01", "to": "2019-12-31"}
NUMBERS = {"sessions", "person_times", "class_person_times", "members", "minutes", "declared_person_times"}
COVERED = {"members", "covered", "coverage", "required", "required_covered", "required_coverage"}


@pytest.fixture
def world(app: Flask) -> World:
    """Two closed sessions of QA in 2019, and one of QB with a head count only."""
    made = World(app)
    with app.app_context():
        first = make_session(made.a)
        second = make_session(made.a, kind="seminar", mode="online", starts_at=NOW + timedelta(days=40))
        make_session(made.b, kind="reading_class", declared_person_times=30)
        make_session(made.a, state=SessionState.PUBLISHED, starts_at=NOW + timedelta(days=50))
        attend(first, made.people[0])
        attend(first, made.people[1], status=Status.LATE)
        attend(second, made.people[0])
        attend(second, made.people[2], status=Status.EXCUSED)
        put_in_group(made.people[2], Group.RURAL)
    return made


def test_person_times_have_the_agreed_fields_and_numbers(world: World) -> None:
    body = world.admin.get("/reports/person-times", **YEAR, by="kind").get_json()
    assert set(body) == {"total", "rows"}
    assert set(body["total"]) >= NUMBERS
    assert body["total"] | {"classes": 0} == {
        "sessions": 3,
        "classes": 0,
        "person_times": 3,
        "class_person_times": 0,
        "members": 2,
        "minutes": 360,
        "declared_person_times": 30,
    }
    assert all(set(row) == set(body["total"]) | {"key", "label"} for row in body["rows"])
    assert {row["key"]: row["person_times"] for row in body["rows"] if row["sessions"]} == {
        "theme_day": 2,
        "seminar": 1,
        "reading_class": 0,
    }


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("mode", {"in_person": 2, "online": 1}),
        ("org", {"QA": 3}),
        ("group", {"elderly": 1}),
        ("month", {"2019-06": 2, "2019-07": 1}),
    ],
)
def test_person_times_are_split_in_five_ways(world: World, by: str, expected: dict[str, int]) -> None:
    rows = world.admin.get("/reports/person-times", **YEAR, by=by).get_json()["rows"]
    assert {row["key"]: row["person_times"] for row in rows if row["person_times"]} == expected
    assert all(row["label"] for row in rows)


def test_coverage_has_the_agreed_fields_and_numbers(world: World) -> None:
    body = world.admin.get("/reports/coverage", **YEAR, on="2019-12-31", by="group").get_json()
    assert set(body) == {"total", "rows"}
    assert set(body["total"]) == COVERED
    assert body["total"] == {
        "members": 4,
        "covered": 2,
        "coverage": 0.5,
        "required": 4,
        "required_covered": 2,
        "required_coverage": 0.5,
    }
    assert all(set(row) == COVERED | {"key", "label"} for row in body["rows"])
    rows = {row["key"]: row for row in body["rows"]}
    assert (rows["elderly"]["members"], rows["elderly"]["coverage"]) == (1, 1.0)
    assert (rows["rural"]["members"], rows["rural"]["coverage"]) == (1, 0.0)
    assert rows["mobile"]["coverage"] is None
    by_org = world.admin.get("/reports/coverage", **YEAR, on="2019-12-31", by="org").get_json()
    assert {row["key"]: row["covered"] for row in by_org["rows"]} == {"QA": 2, "QB": 0}


def test_uncovered_has_the_agreed_fields_and_goes_on(world: World) -> None:
    query = {**YEAR, "on": "2019-12-31"}
    body = world.admin.get("/reports/uncovered", **query).get_json()
    assert set(body) == {"count", "items", "next"}
    agreed = {"member", "name", "org_code", "groups", "last_attended_on", "suggested_mode"}
    assert all(set(item) == agreed | {"org_name", "phone_masked"} for item in body["items"])
    assert [(item["name"], item["suggested_mode"]) for item in body["items"]] == [
        ("王五", "group_reading"),
        ("赵六", "in_person"),
    ]
    assert (body["count"], body["next"]) == (2, None)
    first = world.admin.get("/reports/uncovered", **query, limit=1).get_json()
    second = world.admin.get("/reports/uncovered", **query, limit=1, cursor=first["next"]).get_json()
    assert first["items"] + second["items"] == body["items"]
    assert world.admin.get("/reports/uncovered", **query, group="rural").get_json()["count"] == 1


def test_study_hours_have_the_agreed_fields_and_numbers(world: World) -> None:
    body = world.admin.get("/reports/study-hours", year=2019, org="QA").get_json()
    agreed = {
        "member",
        "required_hours",
        "hours",
        "make_up_hours",
        "central_classes",
        "shortfall_hours",
    }
    assert {"items", "next"} <= set(body)
    assert all(set(item) == agreed | {"name", "org_code"} for item in body["items"])
    hours = {item["member"]: item for item in body["items"]}
    assert hours[world.ids[0]]["hours"] == 4.0
    assert hours[world.ids[0]]["required_hours"] == 32
    assert hours[world.ids[0]]["shortfall_hours"] == 28.0
    below = world.admin.get("/reports/study-hours", year=2019, org="QA", below="true").get_json()
    assert len(below["items"]) == 3
    parts = world.admin.get("/reports/study-hours", year=2019, limit=2).get_json()
    rest = world.admin.get("/reports/study-hours", year=2019, limit=2, cursor=parts["next"]).get_json()
    assert len(parts["items"] + rest["items"]) == 4


def test_duties_are_branch_by_month(world: World) -> None:
    body = world.admin.get("/reports/duties", year=2019).get_json()
    rows = {row["org_code"]: row for row in body["rows"]}
    assert set(rows) == {"QA", "QB"}
    theme_day = next(duty for duty in rows["QA"]["duties"] if duty["kind"] == "theme_day")
    assert theme_day["months"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert (theme_day["met"], theme_day["due"]) == (1, 12)
    assert theme_day["rate"] == pytest.approx(1 / 12, abs=1e-4)
    assert rows["QA"]["months_met"] == 1


def test_without_a_period_the_latest_year_with_sessions_is_meant(world: World) -> None:
    whole = world.admin.get("/reports/person-times", **YEAR).get_json()
    assert world.admin.get("/reports/person-times").get_json() == whole
    assert world.admin.get("/reports/person-times", from_="2019-01-01").get_json() == whole
    assert world.admin.get("/reports/person-times", to="2019-12-31").get_json() == whole


@pytest.mark.parametrize("report", ["person-times", "coverage", "uncovered", "study-hours", "duties"])
def test_a_report_ends_where_the_scope_ends(world: World, report: str) -> None:
    path = f"/reports/{report}"
    assert refusal(world.nobody.get(path)) == (401, "not_signed_in")
    assert refusal(world.secretary_b.get(path, org="QA")) == (404, "not_found")
    assert refusal(world.secretary_b.get(path, org="Q")) == (404, "not_found")
    assert refusal(world.admin.get(path, org="QX")) == (404, "not_found")
    own = world.secretary_b.get(path)
    assert own.status_code == 200
    assert own.get_json() == world.secretary_b.get(path, org="QB").get_json()
    assert wrong_fields(world.admin.get(path, colour="red")) == {"colour": "unknown_field"}
