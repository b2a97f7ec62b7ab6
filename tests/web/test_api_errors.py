"""One shape for every refusal, whatever was wrong with the request."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api_world import SESSION, Caller, World, refusal, wrong_fields


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_without_a_token_the_answer_names_the_scheme(world: World) -> None:
    response = world.nobody.get("/orgs")
    assert refusal(response) == (401, "not_signed_in")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert refusal(Caller(world.app, "made-up").get("/orgs")) == (401, "not_signed_in")


def test_a_cookie_is_worth_nothing_here(world: World) -> None:
    with world.nobody.client.session_transaction() as cookie:
        cookie["login"] = "anything"
    assert refusal(world.nobody.get("/orgs")) == (401, "not_signed_in")


def test_a_role_that_may_only_read_is_refused(world: World) -> None:
    assert world.supervisor.get("/sessions").status_code == 200
    assert refusal(world.supervisor.post("/sessions", SESSION)) == (403, "forbidden")


def test_malformed_json_is_400_and_another_content_type_415(world: World) -> None:
    for text in ('{"title": ', "", "[" * 100_000, '{"a": NaN}', b"\xff\xfe"):
        response = world.admin.call("POST", "/sessions", data=text, content_type="application/json")
        assert refusal(response) == (400, "bad_request")
    response = world.admin.call("POST", "/sessions", data={"title": "x"})
    assert refusal(response) == (415, "unsupported_media_type")


def test_a_body_that_is_no_object_is_422(world: World) -> None:
    for body in ([], "text", 1, True):
        assert wrong_fields(world.admin.post("/sessions", body)) == {"body": "not_an_object"}
        assert wrong_fields(world.admin.post("/checkins", body)) == {"body": "not_an_object"}
    null = world.admin.call("POST", "/sessions", data="null", content_type="application/json")
    assert wrong_fields(null) == {"body": "not_an_object"}


def test_a_body_that_is_too_large_is_413(world: World) -> None:
    response = world.admin.post("/sessions", {**SESSION, "note": "x" * 1_100_000})
    assert refusal(response) == (413, "too_large")


def test_every_wrong_field_is_named_at_once_also_inside_others(world: World) -> None:
    body = {
        "title": 3,
        "mode": "",
        "starts_at": "2026-03-02 09:00",
        "ends_at": "2026-03-02T11:00:00",
        "credited_minutes": True,
        "lecturers": [{"role": "king"}],
        "audience": {"groups": ["elderly", "young"], "members": ["1"], "towns": []},
        "colour": "red",
    }
    assert wrong_fields(world.admin.post("/sessions", body)) == {
        "title": "invalid",
        "kind": "required",
        "mode": "blank",
        "starts_at": "invalid_moment",
        "ends_at": "invalid_moment",
        "host_org": "required",
        "credited_minutes": "invalid",
        "lecturers.0.name": "required",
        "lecturers.0.role": "unknown",
        "audience.groups.1": "unknown",
        "audience.members.0": "invalid",
        "audience.towns": "unknown_field",
        "colour": "unknown_field",
    }


def test_what_the_service_refuses_is_named_the_same_way(world: World) -> None:
    body = {
        **SESSION,
        "kind": "no_such",
        "host_org": "QX",
        "ends_at": SESSION["starts_at"],
        "audience": {"orgs": ["QY"], "members": [999_999]},
        "class": 77,
    }
    assert wrong_fields(world.admin.post("/sessions", body)) == {
        "kind": "unknown",
        "host_org": "unknown",
        "ends_at": "before_start",
        "audience.orgs": "unknown",
        "audience.members": "unknown",
        "class": "unknown",
    }


def test_wrong_parameters_are_named(world: World) -> None:
    response = world.admin.call("GET", "/members?group=young&limit=0&colour=red&q=a&q=b")
    assert wrong_fields(response) == {"q": "repeated"}
    assert wrong_fields(world.admin.get("/members", group="young", limit=0, colour="red")) == {
        "group": "unknown",
        "limit": "out_of_range",
        "colour": "unknown_field",
    }
    assert wrong_fields(world.admin.get("/sessions", from_="2019-1-1", state="x")) == {
        "from": "invalid_date",
        "state": "unknown",
    }
    assert wrong_fields(world.admin.get("/reports/person-times", from_="2019-02-30", by="colour")) == {
        "from": "invalid_date",
        "by": "unknown",
    }
    assert wrong_fields(world.admin.get("/reports/coverage", from_="2019-02-01", to="2019-01-01")) == {
        "to": "before_from"
    }
    assert wrong_fields(world.admin.get("/reports/study-hours", year="nineteen")) == {"year": "invalid"}


def test_a_cursor_that_no_list_made_is_refused(world: World) -> None:
    for path in ("/members", "/sessions", "/reports/uncovered", "/reports/study-hours"):
        for cursor in ("x", "W10", "bnVsbA", "WyJcdTAwMDAiLDFd", "WyJhIiw5OTk5OTk5OTk5OTk5XQ"):
            assert wrong_fields(world.admin.get(path, cursor=cursor)) == {"cursor": "invalid"}, path


def test_text_that_no_database_stores_is_refused(world: World) -> None:
    for text in ("a\0b", "\ud800"):
        assert wrong_fields(world.admin.post("/members", {"name": text, "org_code": "QA"})) == {
            "name": "invalid"
        }


def test_blank_parameters_count_as_left_out(world: World) -> None:
    response = world.admin.call("GET", "/members?org=&group=&q=&cursor=")
    assert len(response.get_json()["items"]) == 4


def test_an_address_that_is_not_there_is_a_problem_too(world: World) -> None:
    assert refusal(world.admin.get("/nothing")) == (404, "not_found")
    assert refusal(world.admin.get("/sessions/99999999999999999999")) == (404, "not_found")
    response = world.admin.delete("/orgs")
    assert refusal(response) == (405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]


def test_words_follow_the_callers_language(world: World) -> None:
    response = world.admin.call("GET", "/members?limit=0")
    assert response.get_json()["errors"][0]["detail"] == "超出可以填写的范围。"
