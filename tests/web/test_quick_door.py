"""What goes through the quick door is answered as Flask would answer it; all else goes to Flask."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.attendance.models import Attendance
from app.checkin.rules import long_code, step_of
from app.core import quick_door
from app.core.db import db
from app.core.vocabulary import SessionState
from tests.factories import count, make_org, make_session
from tests.load import Attendant, Hall, make_crowd, open_hall


class Door:
    """An open session, people with phones, and what the door gave away."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.quick = app, 0
        make_org("Q")
        self.crowd = make_crowd(app, 3)
        self.hall = open_hall(app, expecting=self.crowd[:2])
        real = quick_door.log_line

        def counting(*args: Any, **more: Any) -> None:
            self.quick += 1
            real(*args, **more)

        monkeypatch.setattr(quick_door, "log_line", counting)

    def phone(self, one: Attendant) -> FlaskClient:
        """A phone that has been here before."""
        client = self.app.test_client()
        client.set_cookie("bulou_browser", "b" * 43)
        client.set_cookie("bulou_member", one.token)
        return client

    def scan(self, phone: FlaskClient) -> str:
        return phone.get(f"/c/{self.hall.code()}").text

    def post(self, one: Attendant, **more: Any) -> Any:
        body = {"code": self.hall.code(), "member_token": one.token, "nonce": one.nonce, **more}
        return self.app.test_client().post("/api/v1/checkins", json=body)


@pytest.fixture
def door(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> Door:
    return Door(ctx, monkeypatch)


def ticket(page: str) -> str:
    return re.findall(r'name="ticket" value="([^"]+)"', page)[0]


def test_a_first_check_in_by_api_is_quick_and_a_repeat_is_told_with_its_time(door: Door) -> None:
    first = door.post(door.crowd[0])
    assert (first.status_code, first.json) == (201, {"result": "recorded", "status": "present"})
    assert door.quick == 1
    again = door.post(door.crowd[0])
    assert (again.status_code, again.json["result"]) == (200, "already_recorded")
    assert "recorded_at" in again.json
    assert (door.quick, count(Attendance)) == (1, 1)


def test_the_quick_answer_has_the_headers_of_every_other(door: Door) -> None:
    quick, slow = door.post(door.crowd[0]), door.post(door.crowd[0])
    assert door.quick == 1
    names = {name for name, _value in slow.headers}
    assert {name for name, _value in quick.headers} == names
    for name in names - {"Content-Length"}:
        assert quick.headers[name] == slow.headers[name]


@pytest.mark.parametrize(
    "change",
    [
        {"code": "1.2.AAAAAAAAAAAAAAAA"},
        {"member_token": "nobody"},
        {"nonce": 5},
        {"more": "x"},
        {"nonce": "\0"},
    ],
)
def test_whatever_is_refused_is_refused_by_flask(door: Door, change: dict[str, Any]) -> None:
    answer = door.post(door.crowd[0], **change)
    assert answer.status_code in (404, 422)
    assert answer.content_type == "application/problem+json"
    assert (door.quick, count(Attendance)) == (0, 0)


def test_the_page_filled_in_is_the_page_rendered(door: Door) -> None:
    phones = [door.phone(one) for one in door.crowd]
    first = door.scan(phones[0])
    assert door.quick == 0, "nobody had seen this page yet"
    second = door.scan(phones[1])
    assert door.quick == 1
    own = [
        re.sub(r"党员\d+", "党员", re.sub(r'"[\w.-]{60,}"|ticket=[\w.-]+', "", page))
        for page in (first, second)
    ]
    assert own[0] == own[1]
    assert "党员1" in second
    assert "党员0" not in second, "nobody else's name is on it"


def test_the_button_records_by_the_quick_door_and_says_so(door: Door) -> None:
    for place, one in enumerate(door.crowd):
        phone = door.phone(one)
        done = phone.post("/checkin", data={"ticket": ticket(door.scan(phone))})
        assert (done.status_code, "签到成功" in done.text, f"党员{place}" in done.text) == (200, True, True)
        # The third was not expected: the page of the first two is not theirs.
        assert ("不在这场的应到名单上" in done.text) is (place == 2)
    assert count(Attendance) == 3
    assert door.quick == 5


def test_a_name_that_looks_like_markup_is_written_not_obeyed(door: Door) -> None:
    from app.core.db import writing
    from app.members.models import Member

    with writing() as session:
        session.get_one(Member, door.crowd[1].member_id).name = '<b onclick="x">&'
    door.scan(door.phone(door.crowd[0]))
    page = door.scan(door.phone(door.crowd[1]))
    assert door.quick == 1
    assert "<b onclick" not in page
    assert "&lt;b onclick=&#34;x&#34;&gt;&amp;" in page


def test_languages_and_sizes_of_type_are_kept_apart(door: Door) -> None:
    english = door.phone(door.crowd[0])
    english.set_cookie("lang", "en")
    assert 'lang="en"' in door.scan(english)
    chinese = door.scan(door.phone(door.crowd[1]))
    assert "我来签到" in chinese
    assert 'lang="zh-Hans"' in chinese
    elder = door.phone(door.crowd[2])
    elder.set_cookie("elder", "1")
    assert 'data-elder="1"' in door.scan(elder)
    assert 'data-elder="1"' not in door.scan(door.phone(door.crowd[1]))


def test_a_closed_session_and_an_old_code_are_told_in_words(door: Door) -> None:
    phone = door.phone(door.crowd[0])
    old = long_code(door.hall.secret, door.hall.session_id, step_of(datetime.now(UTC), 15) - 2)
    assert phone.get(f"/c/{old}").status_code == 410
    closed = make_session(make_org("QX"), state=SessionState.CLOSED, starts_at=datetime.now(UTC))
    there = Hall(closed.id, closed.code_secret)
    assert phone.get(f"/c/{there.code()}").status_code == 409
    assert door.quick == 0


def test_other_hosts_long_bodies_and_signed_in_browsers_go_the_usual_way(door: Door) -> None:
    door.scan(door.phone(door.crowd[0]))
    phone = door.phone(door.crowd[1])
    phone.set_cookie("bulou", "anything")
    assert "党员1" in door.scan(phone)
    body = json.dumps({"code": door.hall.code(), "member_token": door.crowd[0].token, "x": "y" * 5000})
    sent = door.app.test_client().post("/api/v1/checkins", data=body, content_type="application/json")
    assert sent.status_code == 422
    assert door.quick == 0


def test_the_quick_door_writes_times_as_everything_else_does(door: Door) -> None:
    door.post(door.crowd[0])
    assert door.quick == 1
    if db.engine.dialect.name != "sqlite":
        return  # a type of its own, there
    text_of = db.session.execute(text("SELECT occurred_at, received_at FROM attendance")).one()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", each) for each in text_of), text_of
