"""What no browser of ours sends: numbers beyond every column, NULs, thousands of members. Never a 500."""

from typing import Any

import pytest
from flask import Flask

from app.core.vocabulary import Role, SessionState
from tests.factories import NOW, make_session
from tests.web.session_office import Office, post


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


@pytest.mark.parametrize(
    "path",
    [
        "/sessions/99999999999",
        "/sessions/99999999999999999999/edit",
        "/members/99999999999999999999",
        "/classes/" + "9" * 5000,
        "/api/v1/sessions/99999999999",
        "/c/9999999999.1.AAAAAAAAAAAAAAAA",
        "/settings/venues?edit=9999999999",
    ],
)
def test_an_id_that_no_column_holds_is_not_found(office: Office, path: str) -> None:
    assert office.browser(Role.ADMINISTRATOR).get(path).status_code == 404


def test_an_impossible_id_is_not_found_whatever_the_method(office: Office) -> None:
    # Beside a GET of the same address werkzeug would answer 405 if the number were refused late.
    for path in ("/api/v1/members/99999999999", "/api/v1/members/1000000000"):
        assert office.app.test_client().patch(path, json={}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/sessions?page=" + "9" * 5000, "/sessions?page=²", "/sessions/new?from=" + "9" * 20]
)
def test_a_number_that_is_none_counts_as_left_out(office: Office, path: str) -> None:
    assert office.browser().get(path).status_code == 200


@pytest.mark.parametrize("digits", [25, 5000])
def test_a_roster_post_that_names_an_impossible_member_is_not_found(office: Office, digits: int) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    answer = post(browser, f"/sessions/{session_id}/roster", members=["9" * digits], status="present")
    assert answer.status_code == 404
    assert post(browser, f"/sessions/{'9' * digits}/publish").status_code == 404


@pytest.mark.parametrize("path", ["/sessions?q=%00", "/members?q=%00", "/mine?who=%00", "/orgs/Q%00"])
def test_a_nul_in_an_address_is_refused_kindly(office: Office, path: str) -> None:
    answer = office.browser().get(path)
    assert (answer.status_code, "特殊字符" in answer.text) == (400, True)


def test_a_nul_in_a_form_is_refused_kindly(office: Office) -> None:
    answer = post(office.browser(), "/sessions/new", **office.typed(title="学\0习"))
    assert (answer.status_code, "特殊字符" in answer.text) == (400, True)
    name = {"name": "王\0", "phone_tail": "0001", "org_code": "Q"}
    assert office.app.test_client().post("/bind", data=name).status_code == 400


def test_the_api_still_names_the_field_that_holds_a_nul(office: Office) -> None:
    answer = office.app.test_client().post("/api/v1/checkins", json={"code": "a\0", "member_token": "t"})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "code")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"members": [str(n) for n in range(1, 70_001)]}, "最多另请"),
        ({"members": ["9" * 5000]}, "请从列表中选择"),
        ({"day": "0001-01-01", "member_q": "zhang"}, "不在合理范围内"),
        ({"day": "9999-12-31", "member_q": "zhang"}, "不在合理范围内"),
    ],
)
def test_a_search_for_members_says_what_is_wrong(office: Office, typed: dict[str, Any], words: str) -> None:
    browser = office.browser()
    answer = post(browser, "/sessions/members", **typed)
    assert (answer.status_code, words in answer.text) == (200, True)
    page = post(browser, "/sessions/new", **{**office.typed(step="find"), **typed})
    assert (page.status_code, words in page.text) == (200, True)
    page = post(browser, "/sessions/new", **{**office.typed(), **typed, "member_q": ""})
    assert (page.status_code, words in page.text) == (422, True)


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_record_are_shown_the_live_code(office: Office, role: Role) -> None:
    row = make_session(office.a, state=SessionState.OPEN, starts_at=NOW)
    browser = office.browser(role)
    wanted = 403 if role is Role.SUPERVISOR else 200
    for path in ("code", "code.json"):
        assert browser.get(f"/sessions/{row.id}/{path}").status_code == wanted
    assert (f"/sessions/{row.id}/code" in browser.get(f"/sessions/{row.id}").text) is (wanted == 200)
