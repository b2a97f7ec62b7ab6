"""The sign-in page, one's own account, and what the API takes for a sign-in."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import services
from app.accounts.models import StaffLogin
from app.accounts.services import NewUser
from app.accounts.services.sign_ins import TRIES_PER_ACCOUNT, WINDOW
from app.core import passwords, throttle
from app.core.access import PUBLIC, current_staff, permission
from app.core.clock import utc_now
from app.core.db import db, writing
from app.core.vocabulary import Role
from tests import databases
from tests.factories import NOW, count, make_org, make_staff, make_token, sign_in
from tests.query_counter import count_queries

PASSWORD = "tea-on-Wednesday"
COOKIE = "bulou"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id still, at the lowest cost; tests/unit/test_accounts_rules.py looks at the real one."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def user(ctx: Flask) -> int:
    make_org("A", name="示范区委")
    return services.create_user(
        NewUser("li.si", "李四", Role.SECRETARY, "A", PASSWORD), None, NOW, NOW.date()
    )


def csrf_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


def post(client: FlaskClient, address: str, start: str = "/account", **fields: str) -> TestResponse:
    """Post as a browser that opened the page `start` before."""
    return client.post(address, data={"csrf_token": csrf_of(client.get(start)), **fields})


def enter(client: FlaskClient, password: str = PASSWORD, name: str = "li.si", next: str = "") -> TestResponse:
    return post(client, "/sign-in", "/sign-in", username=name, password=password, next=next)


def cookie_value(client: FlaskClient) -> str:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def test_signing_in_leads_to_where_one_wanted_to_go(client: FlaskClient, user: int) -> None:
    turned_away = client.get("/account?from=card")
    assert turned_away.status_code == 302
    assert turned_away.location == "/sign-in?next=%2Faccount%3Ffrom%3Dcard"
    page = client.get(turned_away.location)
    form = page.text.partition('action="/sign-in"')[2]
    wanted = re.search(r'name="next" value="([^"]+)"', form)
    assert wanted is not None
    answer = enter(client, next=html.unescape(wanted.group(1)))
    assert (answer.status_code, answer.location) == (302, "/account?from=card")
    assert "李四" in client.get("/account").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_never_leads_off_the_site(client: FlaskClient, user: int, target: str) -> None:
    assert enter(client, next=target).location == "/"


def test_a_wrong_password_is_refused_politely_and_the_name_stays(client: FlaskClient, user: int) -> None:
    answer = enter(client, "not-the-password")
    assert answer.status_code == 401
    assert "用户名或密码不对,请再试一次。" in answer.text
    assert 'value="li.si"' in answer.text
    assert "not-the-password" not in answer.text
    assert count(StaffLogin) == 0


def test_empty_fields_are_named(client: FlaskClient, user: int) -> None:
    answer = enter(client, "", name="")
    assert answer.status_code == 422
    assert "请输入用户名。" in answer.text
    assert "请输入密码。" in answer.text


def test_too_many_tries_are_refused_kindly_even_when_right(client: FlaskClient, user: int) -> None:
    with writing() as session:
        for _ in range(TRIES_PER_ACCOUNT):
            throttle.allow(session, "sign_in_account", "li.si", utc_now(), limit=99, window=WINDOW)
    answer = enter(client)
    assert answer.status_code == 429
    assert "请过15分钟再登录" in answer.text


def test_tries_through_the_page_use_up_the_limit(client: FlaskClient, user: int) -> None:
    token = csrf_of(client.get("/sign-in"))
    fields = {"csrf_token": token, "username": "nobody", "password": "not-the-password"}
    answers = [client.post("/sign-in", data=fields).status_code for _ in range(TRIES_PER_ACCOUNT + 1)]
    assert answers == [401] * TRIES_PER_ACCOUNT + [429]


def test_a_new_cookie_begins_at_the_sign_in(client: FlaskClient, user: int) -> None:
    client.get("/sign-in")
    with client.session_transaction() as cookie:
        cookie["planted"] = "by someone else"
    before = cookie_value(client)
    enter(client)
    assert cookie_value(client) != before
    with client.session_transaction() as cookie:
        assert set(cookie) == {"login"}


def test_signing_in_again_ends_the_sign_in_before(client: FlaskClient, user: int) -> None:
    enter(client)
    stolen = cookie_value(client)
    with client.session_transaction() as cookie:
        token = cookie["login"]
    page = client.get("/account")
    fields = {"csrf_token": csrf_of(page), "username": "li.si", "password": PASSWORD}
    client.post("/sign-in", data=fields)
    client.set_cookie(COOKIE, stolen)
    assert client.get("/account").status_code == 302
    with client.session_transaction() as cookie:
        assert cookie["login"] == token


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(client: FlaskClient, user: int) -> None:
    enter(client)
    stolen = cookie_value(client)
    assert client.get("/account").status_code == 200
    answer = post(client, "/sign-out")
    assert (answer.status_code, answer.location) == (302, "/sign-in")
    assert "您已退出登录。" in client.get("/sign-in").text
    client.set_cookie(COOKIE, stolen)
    assert client.get("/account").status_code == 302
    assert count(StaffLogin) == 0


def test_a_made_up_login_in_a_cookie_is_nobody(client: FlaskClient, user: int) -> None:
    for made_up in ("x" * 43, "", 7, ["a"]):
        with client.session_transaction() as cookie:
            cookie["login"] = made_up
        assert client.get("/account").status_code == 302


def test_who_is_signed_in_goes_on_from_the_sign_in_page(client: FlaskClient, user: int) -> None:
    enter(client)
    assert client.get("/sign-in?next=/account").location == "/account"


def test_the_account_page_needs_few_queries_however_many_sign_ins(client: FlaskClient, user: int) -> None:
    for _ in range(12):
        services.create_token(user, "同步", user, NOW)
    enter(client)
    with count_queries() as made:
        assert client.get("/account").status_code == 200
    assert 0 < made.count <= 15


def test_a_new_token_is_shown_once_and_works_until_revoked(client: FlaskClient, user: int) -> None:
    enter(client)
    answer = post(client, "/account/tokens", label="区平台")
    found = re.search(r'id="new-token"[^>]* value="([^"]+)"', answer.text)
    assert found is not None
    token = found.group(1)
    page = client.get("/account").text
    assert "区平台" in page
    assert token not in page
    revoke = re.search(r'action="(/account/tokens/\d+/revoke)"', page)
    assert revoke is not None
    assert post(client, revoke.group(1)).location == "/account"
    assert "区平台" not in client.get("/account").text


def test_a_token_needs_a_purpose(client: FlaskClient, user: int) -> None:
    enter(client)
    answer = post(client, "/account/tokens", label="")
    assert answer.status_code == 422
    assert "请写一下用途" in answer.text


def test_changing_the_password_keeps_this_browser_and_ends_the_others(app: Flask, user: int) -> None:
    here, there = app.test_client(), app.test_client()
    enter(here)
    enter(there)
    answer = post(here, "/account/password", current=PASSWORD, password="coffee-on-Friday")
    assert answer.location == "/account"
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("current", "password", "words"),
    [
        ("not-the-password", "coffee-on-Friday", "现在的密码不对"),
        (PASSWORD, "short", "密码至少要10个字符"),
        (PASSWORD, "1234567890", "这个密码太常见"),
    ],
)
def test_a_refused_new_password_says_why_at_its_field(
    client: FlaskClient, user: int, current: str, password: str, words: str
) -> None:
    enter(client)
    answer = post(client, "/account/password", current=current, password=password)
    assert answer.status_code == 422
    assert words in answer.text


def test_other_browsers_are_signed_out_from_the_account_page(app: Flask, user: int) -> None:
    here, there = app.test_client(), app.test_client()
    enter(here)
    enter(there)
    assert "/account/sign-out-others" in here.get("/account").text
    post(here, "/account/sign-out-others")
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_a_post_without_csrf_token_is_refused(client: FlaskClient, user: int) -> None:
    enter(client)
    assert client.post("/sign-out").status_code == 400
    assert client.get("/account").status_code == 200


@pytest.fixture
def probe(tmp_path: Path) -> Flask:
    """An app of its own with a probe under /api/, so that it can be told who asks there."""
    app = databases.make_app(f"sqlite:///{tmp_path / 'probe.sqlite3'}", tmp_path)

    @app.get("/api/probe")
    @permission("home.read")
    def probe() -> str:
        return current_staff().username

    @app.get("/c/probe")
    @permission(PUBLIC)
    def phone() -> str:
        from flask import g

        return str(g.staff)

    return app


def test_the_api_takes_a_bearer_token_and_never_the_cookie(probe: Flask) -> None:
    with probe.app_context():
        user = make_staff("li.si", Role.SECRETARY, make_org("A"))
        token = make_token(user)
        client = sign_in(probe.test_client(), user)
        assert client.get("/account").status_code == 200
        refused = client.get("/api/probe")
        assert (refused.status_code, refused.json["code"]) == (401, "not_signed_in")
        stranger = probe.test_client()
        assert stranger.get("/api/probe", headers={"Authorization": f"Bearer {token}"}).text == "li.si"
        assert stranger.get("/account", headers={"Authorization": f"Bearer {token}"}).status_code == 302
        db.session.rollback()


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "Basic bGk6c2k=", "Token {token}"])
def test_other_authorisations_are_nobody(probe: Flask, header: str) -> None:
    with probe.app_context():
        token = make_token(make_staff("li.si", Role.SECRETARY, make_org("A")))
        headers = {"Authorization": header.format(token=token)}
        assert probe.test_client().get("/api/probe", headers=headers).status_code == 401


def test_a_revoked_token_is_refused(probe: Flask) -> None:
    with probe.app_context():
        user = make_staff("li.si", Role.SECRETARY, make_org("A"))
        headers = {"Authorization": f"Bearer {services.create_token(user.id, '', None, NOW)}"}
        client = probe.test_client()
        assert client.get("/api/probe", headers=headers).status_code == 200
        services.revoke_token(1, user.id, NOW)
        assert client.get("/api/probe", headers=headers).status_code == 401


def test_members_phones_have_no_staff_user(probe: Flask) -> None:
    with probe.app_context():
        client = sign_in(probe.test_client(), make_staff("li.si", Role.SECRETARY, make_org("A")))
        assert client.get("/c/probe").text == "None"


def test_the_demo_lists_its_users_and_fills_in_the_form(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'demo.sqlite3'}"
    app = databases.make_app(url, tmp_path, APP_ENV="development", DEMO="1")
    client = app.test_client()
    page = client.get("/sign-in").text
    assert all(f"demo={name}" in page for name in ("admin", "organiser", "secretary", "supervisor"))
    filled = client.get("/sign-in?demo=secretary").text
    assert 'value="secretary"' in filled
    assert 'value="bulou-demo"' in filled


def test_no_other_place_lists_or_fills_in_anything(client: FlaskClient) -> None:
    page = client.get("/sign-in?demo=admin").text
    assert "bulou-demo" not in page
    assert 'value="admin"' not in page


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80"])
def test_a_host_that_is_not_ours_is_refused_plainly(tmp_path: Path, host: str) -> None:
    url = f"sqlite:///{tmp_path / 'hosts.sqlite3'}"
    app = databases.make_app(url, tmp_path, TRUSTED_HOSTS="study.example")
    answer = app.test_client().get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert app.test_client().get("/sign-in", headers={"Host": "study.example"}).status_code == 200
