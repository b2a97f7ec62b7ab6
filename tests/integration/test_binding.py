"""Binding a phone by code: whose code it is must be certain, and guesses are counted by household."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.checkin.models import BindCode
from app.checkin.services import bindings
from app.checkin.services.bindings import Proof, bind_phone, create_bind_code, holder
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import InvalidInput, TooManyTries
from tests.factories import NOW, make_member, make_org


class Branch:
    def __init__(self) -> None:
        org = make_org("A")
        self.first, self.second = make_member("王五", org), make_member("赵六", org)
        self.scope = Scope((org.id,), None)

    def code(self, member: Any, later: timedelta = timedelta(0)) -> str:
        return create_bind_code(member.id, self.scope, NOW + later)


@pytest.fixture
def branch(ctx: Flask) -> Branch:
    return Branch()


def bind(code: str, address: str = "192.0.2.1", browser: str = "b") -> str:
    return bind_phone(Proof(one_time_code=code), browser, address, NOW)


def test_two_members_never_hold_the_same_live_code(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 7, 8])
    monkeypatch.setattr(bindings.secrets, "randbelow", lambda _most: next(drawn))
    first, second = branch.code(branch.first), branch.code(branch.second)
    assert (first, second) == ("00000007", "00000008")
    assert holder(bind(second)).member_id == branch.second.id


def test_digits_of_an_expired_code_may_be_drawn_again(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings.secrets, "randbelow", lambda _most: 7)
    first = branch.code(branch.first)
    assert branch.code(branch.second, bindings.BIND_CODE_LIFE) == first


def test_a_code_that_two_members_hold_all_the_same_binds_neither(branch: Branch) -> None:
    first, second = branch.code(branch.first), branch.code(branch.second)
    with writing() as session:
        rows = session.scalars(select(BindCode).order_by(BindCode.id)).all()
        rows[1].code_hash = rows[0].code_hash
    for code in (first, second):
        with pytest.raises(InvalidInput):
            bind(code)
    assert db.session.scalars(select(BindCode).where(BindCode.used_at.is_not(None))).all() == []


def test_a_household_that_owns_many_ipv6_addresses_is_counted_once(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "TRIES_PER_ADDRESS", 3)
    for n in range(3):
        with pytest.raises(InvalidInput):
            bind("1", f"2001:db8:1:2::{n}", f"b{n}")
    with pytest.raises(TooManyTries):
        bind("1", "2001:db8:1:2:ffff::1", "b3")
    with pytest.raises(InvalidInput):
        bind("1", "2001:db8:1:3::1", "b4")
