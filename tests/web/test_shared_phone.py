"""One phone of several people: each has one button, and one person's limit is not the other's."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.checkin.models import MemberBinding
from app.checkin.rules import short_code, step_of
from app.checkin.services.bindings import create_bind_code
from app.core.db import db
from tests.factories import make_member
from tests.web.test_phone_path import NOW, STEP, TICKET, Hall


@pytest.fixture
def hall(ctx: Flask) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield Hall(ctx)


def bind_by_code(hall: Hall, member: Any) -> None:
    code = create_bind_code(member.id, hall.scope, NOW)
    answer = hall.phone.post("/bind", data={"csrf_token": _csrf(hall), "one_time_code": code})
    assert answer.status_code == 302, answer.text


def _csrf(hall: Hall) -> str:
    page = hall.phone.get("/bind").text
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def test_a_member_bound_twice_has_one_button_and_one_phone(hall: Hall) -> None:
    other = make_member("李四", hall.branch)
    for member in (hall.member, other, hall.member):
        bind_by_code(hall, member)
    assert len(TICKET.findall(hall.phone.get(f"/c/{hall.code()}").text)) == 2
    revoked = [row.member_id for row in db.session.query(MemberBinding) if row.revoked_at is not None]
    assert revoked == [hall.member.id]


def test_the_limit_of_the_first_person_does_not_keep_the_second_from_the_code(hall: Hall) -> None:
    other = make_member("李四", hall.branch)
    hall.bind(hall.phone)
    wrong = "000000" if _digits(hall) != "000000" else "000001"
    token = _csrf(hall)
    for _ in range(11):
        last = hall.phone.post("/c", data={"csrf_token": token, "code": wrong})
    assert (last.status_code, "尝试次数过多" in last.text) == (429, True)
    hall.bind(hall.phone, other)
    good = hall.phone.post("/c", data={"csrf_token": token, "code": _digits(hall)})
    assert good.status_code == 200
    assert "李四" in good.text


@pytest.mark.parametrize("who", ["²", "9" * 5000, "-1", "x"])
def test_a_person_that_the_phone_does_not_have_is_the_first(hall: Hall, who: str) -> None:
    hall.bind(hall.phone)
    assert "王小明" in hall.phone.get("/mine", query_string={"who": who}).text
    answer = hall.phone.post("/unbind", data={"csrf_token": _csrf(hall), "member": who})
    assert answer.status_code == 302
    assert "王小明" in hall.phone.get("/mine").text


def _digits(hall: Hall) -> str:
    return short_code(hall.session.code_secret, hall.session.id, step_of(datetime.now(UTC), STEP))
