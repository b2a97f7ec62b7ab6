"""Signing in under limits, ending sign-ins, passwords and tokens, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from app.accounts import queries, services
from app.accounts.models import ApiToken, RoleGrant, StaffLogin, StaffUser
from app.accounts.services import NewUser, SignInRefused
from app.accounts.services.sign_ins import TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS, WINDOW
from app.core import passwords, throttle
from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound, TooManyTries, WrongState
from app.core.throttle import ThrottleCount
from app.core.vocabulary import Role
from tests.factories import NOW, count, make_org, make_staff

PASSWORD = "tea-on-Wednesday"
TODAY = NOW.date()
ADDRESS = "192.0.2.7"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id still, at the lowest cost; tests/unit/test_accounts_rules.py looks at the real one."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def make_user(username: str = "li.si", org: str | None = None, role: Role = Role.SECRETARY) -> int:
    return services.create_user(NewUser(username, "李四", role, org, PASSWORD), None, NOW, TODAY)


def refused_sign_ins(times: int, username: str = "li.si", address: str = ADDRESS) -> None:
    """Failures as an attacker makes them; the hash is not computed, only counted."""
    for _ in range(times):
        with writing() as session:
            throttle.allow(session, "sign_in_account", username, NOW, limit=99, window=WINDOW)
            throttle.allow(session, "sign_in_address", address, NOW, limit=99, window=WINDOW)


def test_the_right_password_opens_a_sign_in_that_carries_the_roles(ctx: Flask) -> None:
    org = make_org("A")
    user_id = make_user(org="A")
    token = services.sign_in("LI.SI", PASSWORD, ADDRESS, NOW)
    staff = queries.staff_by_login(db.session(), token, NOW, TODAY)
    assert staff is not None
    assert (staff.id, staff.display_name) == (user_id, "李四")
    assert [(grant.role, grant.org_id) for grant in staff.grants] == [(Role.SECRETARY, org.id)]


def test_the_password_and_the_tokens_are_nowhere_in_the_database(ctx: Flask) -> None:
    user_id = make_user()
    login = services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    token = services.create_token(user_id, "同步", user_id, NOW)
    rows: list[Any] = []
    for model in (StaffUser, StaffLogin, ApiToken, AuditEntry, ThrottleCount):
        rows += db.session.execute(db.select(*model.__table__.columns)).all()
    assert not any(secret in repr(rows) for secret in (PASSWORD, login, token, ADDRESS))


@pytest.mark.parametrize(("username", "password"), [("li.si", "wrong-password"), ("nobody", PASSWORD)])
def test_unknown_users_and_wrong_passwords_are_refused_in_the_same_words(
    ctx: Flask, username: str, password: str
) -> None:
    make_user()
    with pytest.raises(SignInRefused) as refusal:
        services.sign_in(username, password, ADDRESS, NOW)
    assert str(refusal.value.detail) == "用户名或密码不对,请再试一次。"
    assert count(StaffLogin) == 0


def test_a_failed_try_is_counted_although_it_is_refused(ctx: Flask) -> None:
    make_user()
    with pytest.raises(SignInRefused):
        services.sign_in("li.si", "wrong-password", ADDRESS, NOW)
    assert [row.tries for row in db.session.scalars(db.select(ThrottleCount))] == [1, 1]


def test_after_eight_failures_even_the_right_password_waits(ctx: Flask) -> None:
    make_user()
    refused_sign_ins(TRIES_PER_ACCOUNT)
    with pytest.raises(TooManyTries):
        services.sign_in("li.si", PASSWORD, "198.51.100.1", NOW + WINDOW - timedelta(seconds=1))
    assert services.sign_in("li.si", PASSWORD, "198.51.100.1", NOW + WINDOW)


def test_after_forty_failures_an_address_waits_for_every_account(ctx: Flask) -> None:
    make_user()
    for number in range(TRIES_PER_ADDRESS):
        refused_sign_ins(1, username=f"guess{number}")
    with pytest.raises(TooManyTries):
        services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    assert services.sign_in("li.si", PASSWORD, "198.51.100.1", NOW)


def test_tries_on_a_waiting_account_still_count_for_the_address(ctx: Flask) -> None:
    refused_sign_ins(TRIES_PER_ACCOUNT)
    for _ in range(TRIES_PER_ADDRESS - TRIES_PER_ACCOUNT):
        with pytest.raises(TooManyTries):
            services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    with writing() as session:
        assert not throttle.allow(
            session, "sign_in_address", ADDRESS, NOW, limit=TRIES_PER_ADDRESS, window=WINDOW
        )


def test_a_success_uses_up_nothing_of_the_limits(ctx: Flask) -> None:
    make_user()
    refused_sign_ins(TRIES_PER_ACCOUNT - 1)
    services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    rows = {row.kind: row.tries for row in db.session.scalars(db.select(ThrottleCount))}
    assert rows == {"sign_in_address": TRIES_PER_ACCOUNT - 1}


def test_first_tries_that_arrive_at_once_are_all_counted(app: Flask) -> None:
    verdicts: list[bool] = []

    def attempt() -> None:
        with app.app_context(), writing() as session:
            verdicts.append(throttle.allow(session, "probe", "x", NOW, limit=5, window=WINDOW))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(verdicts) == [False] * 3 + [True] * 5


def test_a_sign_in_expires_and_is_tidied_away_by_the_next(ctx: Flask) -> None:
    make_user()
    token = services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    later = NOW + timedelta(hours=12)
    assert queries.staff_by_login(db.session(), token, later, TODAY) is None
    services.sign_in("li.si", PASSWORD, ADDRESS, later)
    assert count(StaffLogin) == 1


def test_a_user_switched_off_has_neither_sign_in_nor_token(ctx: Flask) -> None:
    user_id = make_user()
    login = services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    token = services.create_token(user_id, "", None, NOW)
    services.set_active(user_id, False, None, NOW)
    assert queries.staff_by_login(db.session(), login, NOW, TODAY) is None
    assert queries.staff_by_api_token(db.session(), token, TODAY) is None
    with pytest.raises(SignInRefused):
        services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    with pytest.raises(WrongState):
        services.create_token(user_id, "", None, NOW)
    services.set_active(user_id, True, None, NOW)
    assert queries.staff_by_api_token(db.session(), token, TODAY) is not None
    assert queries.staff_by_login(db.session(), login, NOW, TODAY) is None


def test_a_new_password_ends_all_sign_ins_but_this_one(ctx: Flask) -> None:
    user_id = make_user()
    here, there = (services.sign_in("li.si", PASSWORD, ADDRESS, NOW) for _ in range(2))
    services.change_password(user_id, PASSWORD, "coffee-on-Friday", NOW, here)
    assert queries.staff_by_login(db.session(), here, NOW, TODAY) is not None
    assert queries.staff_by_login(db.session(), there, NOW, TODAY) is None
    assert services.sign_in("li.si", "coffee-on-Friday", ADDRESS, NOW)


def test_changing_a_password_asks_for_the_present_one_and_is_limited(ctx: Flask) -> None:
    user_id = make_user()
    with pytest.raises(InvalidInput) as refusal:
        services.change_password(user_id, "wrong-password", "coffee-on-Friday", NOW)
    assert [error.field for error in refusal.value.errors] == ["current"]
    with writing() as session:
        for _ in range(TRIES_PER_ACCOUNT):
            throttle.allow(session, "password_change", str(user_id), NOW, limit=99, window=WINDOW)
    with pytest.raises(TooManyTries):
        services.change_password(user_id, PASSWORD, "coffee-on-Friday", NOW)


def test_a_reset_password_lifts_the_limit(ctx: Flask) -> None:
    user_id = make_user()
    refused_sign_ins(TRIES_PER_ACCOUNT)
    services.reset_password(user_id, "coffee-on-Friday", None, NOW)
    assert services.sign_in("li.si", "coffee-on-Friday", ADDRESS, NOW)


def test_nobody_revokes_the_tokens_of_others(ctx: Flask) -> None:
    owner, other = make_user("owner"), make_user("other")
    token = services.create_token(owner, "同步", owner, NOW)
    token_id = queries.tokens_of(db.session(), owner)[0].id
    with pytest.raises(NotFound):
        services.revoke_token(token_id, other, NOW)
    assert queries.staff_by_api_token(db.session(), token, TODAY) is not None
    services.revoke_token(token_id, owner, NOW)
    assert queries.staff_by_api_token(db.session(), token, TODAY) is None
    assert queries.tokens_of(db.session(), owner) == []


def test_a_user_name_is_taken_in_every_spelling(ctx: Flask) -> None:
    make_user("li.si")
    with pytest.raises(InvalidInput) as refusal:
        make_user(" LI.SI ")
    assert [error.code for error in refusal.value.errors] == ["taken"]


def test_the_first_administrator_may_exist_before_the_tree_and_sees_all_of_it_later(ctx: Flask) -> None:
    make_user("admin", role=Role.ADMINISTRATOR)
    token = services.sign_in("admin", PASSWORD, ADDRESS, NOW)
    before = queries.staff_by_login(db.session(), token, NOW, TODAY)
    assert before is not None
    assert before.scope("members.read").org_ids == (0,)
    first, second = make_org("A"), make_org("B")
    make_org("A1", first)
    after = queries.staff_by_login(db.session(), token, NOW, TODAY)
    assert after is not None
    assert after.scope("members.read").org_ids == (first.id, second.id)


def test_roles_are_granted_only_within_the_makers_own_place(ctx: Flask) -> None:
    root = make_org("A")
    branch, elsewhere = make_org("A1", root), make_org("A2", root)
    maker = make_staff("maker", Role.ADMINISTRATOR, branch)
    scope = Scope((branch.id,), maker.id)
    new = NewUser("new", "新人", Role.SECRETARY, elsewhere.code, PASSWORD)
    with pytest.raises(InvalidInput) as refusal:
        services.create_user(new, scope, NOW, TODAY)
    assert [error.field for error in refusal.value.errors] == ["org"]
    everywhere = NewUser("new", "新人", Role.SECRETARY, None, PASSWORD)
    made = services.create_user(everywhere, scope, NOW, TODAY)
    granted = db.session.scalars(db.select(RoleGrant.org_id).where(RoleGrant.user_id == made)).all()
    assert granted == [branch.id]


def test_who_sends_a_request_is_one_query(ctx: Flask) -> None:
    from tests.query_counter import count_queries

    root = make_org("A")
    make_org("A1", root)
    make_user()
    token = services.sign_in("li.si", PASSWORD, ADDRESS, NOW)
    with count_queries() as made:
        assert queries.staff_by_login(db.session(), token, NOW, TODAY) is not None
    assert made.count == 1
