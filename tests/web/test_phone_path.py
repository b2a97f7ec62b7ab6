"""The member's phone: scan, one button, done; and everything that must not work."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.attendance.models import Attendance
from app.attendance.services.correct import take_back
from app.checkin.rules import long_code, short_code, step_of
from app.checkin.services import present
from app.checkin.services.bindings import create_bind_code, create_binding, revoke_bindings
from app.checkin.services.cards import issue_card, revoke_card
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import Unavailable
from app.core.vocabulary import Role, SessionState, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Step
from app.trainings.services.lifecycle import take_step
from tests.factories import attend, count, make_member, make_org, make_session, make_staff, sign_in

NOW = datetime(2026, 3, 2, 1, 0, 5, tzinfo=UTC)
STEP = 15
TZ = ZoneInfo("Asia/Shanghai")
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


class Hall:
    """An open session, a bound member with a phone, and a stranger's browser."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.root = make_org("Q")
        self.branch = make_org("Q1", self.root)
        self.member = make_member("王小明", self.branch, phone="13900001234")
        self.session = make_session(
            self.branch, state=SessionState.OPEN, starts_at=NOW, title="主题党日:学习", minutes=90
        )
        self.scope = Scope((self.root.id,), None)
        self.phone = app.test_client()

    def code(self, shift: int = 0) -> str:
        return long_code(self.session.code_secret, self.session.id, step_of(datetime.now(UTC), STEP) + shift)

    def bind(self, client: FlaskClient, member: Any = None) -> str:
        token = create_binding((member or self.member).id, self.scope, NOW)
        cookie = client.get_cookie("bulou_member")
        kept = [cookie.value] if cookie else []
        client.set_cookie("bulou_member", ".".join([*kept, token]))
        return token

    def ticket(self, client: FlaskClient, index: int = 0) -> str:
        page = client.get(f"/c/{self.code()}")
        assert page.status_code == 200, page.text
        return TICKET.findall(page.text)[index]


@pytest.fixture
def hall(ctx: Flask) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield Hall(ctx)


def test_scan_one_button_done(hall: Hall) -> None:
    hall.bind(hall.phone)
    page = hall.phone.get(f"/c/{hall.code()}")
    assert "王小明" in page.text
    assert "主题党日:学习" in page.text
    assert count(Attendance) == 0, "looking at the page records nothing"
    done = hall.phone.post("/checkin", data={"ticket": TICKET.findall(page.text)[0]})
    assert "签到成功" in done.text
    assert "90" in done.text
    assert count(Attendance) == 1


def test_a_double_tap_is_answered_with_success_and_one_row(hall: Hall) -> None:
    hall.bind(hall.phone)
    ticket = hall.ticket(hall.phone)
    first, second = (hall.phone.post("/checkin", data={"ticket": ticket}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert "您已签到过" in second.text
    assert count(Attendance) == 1


@pytest.mark.parametrize(("shift", "status"), [(0, 200), (-1, 200), (-2, 410), (1, 410)])
def test_this_step_and_the_one_before_pass_and_no_other(hall: Hall, shift: int, status: int) -> None:
    hall.bind(hall.phone)
    page = hall.phone.get(f"/c/{hall.code(shift)}")
    assert page.status_code == status
    if status == 410:
        assert "请再扫一次大屏幕上的新码" in page.text


@pytest.mark.parametrize("code", ["", "x", "1.2.3", "1.119000.AAAAAAAAAAAAAAAA", "999.1.AAAAAAAAAAAAAAAA"])
def test_a_forged_code_is_not_recognised(hall: Hall, code: str) -> None:
    hall.bind(hall.phone)
    assert hall.phone.get(f"/c/{code or 'none'}").status_code == 404


def test_a_ticket_is_refused_in_another_browser(hall: Hall) -> None:
    hall.bind(hall.phone)
    ticket = hall.ticket(hall.phone)
    other = hall.app.test_client()
    hall.bind(other)
    other.get(f"/c/{hall.code()}")
    assert other.post("/checkin", data={"ticket": ticket}).status_code == 410
    assert count(Attendance) == 0


def test_a_ticket_is_over_after_five_minutes_and_not_before(hall: Hall) -> None:
    hall.bind(hall.phone)
    ticket = hall.ticket(hall.phone)
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 410
    with time_machine.travel(NOW + timedelta(minutes=4, seconds=59), tick=False):
        assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 200


def test_a_ticket_that_was_used_does_not_record_again_after_staff_took_the_row_back(hall: Hall) -> None:
    hall.bind(hall.phone)
    ticket = hall.ticket(hall.phone)
    hall.phone.post("/checkin", data={"ticket": ticket})
    take_back(hall.session.id, hall.member.id, "", hall.scope, NOW)
    assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 410
    assert count(Attendance) == 0


def test_somebody_on_leave_who_is_cut_off_presses_again_and_is_recorded(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    attend(hall.session, hall.member, status=Status.EXCUSED)
    hall.bind(hall.phone)
    ticket = hall.ticket(hall.phone)

    def cut_off(*_all: Any, **_more: Any) -> Any:
        raise Unavailable()

    with monkeypatch.context() as broken:
        broken.setattr(present, "record_attendance", cut_off)
        assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 503
    for _ in range(2):
        assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 200
    row = db.session.get_one(Attendance, (hall.session.id, hall.member.id), populate_existing=True)
    assert row.status is Status.PRESENT
    # What staff correct afterwards is not undone by the same ticket.
    with writing() as tx:
        tx.get_one(Attendance, (hall.session.id, hall.member.id)).status = Status.ABSENT
    assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 410


def test_a_ticket_for_one_member_does_not_record_another(hall: Hall) -> None:
    hall.bind(hall.phone)
    ticket = hall.ticket(hall.phone)
    other = make_member("李大华", hall.branch)
    hall.phone.set_cookie("bulou_member", create_binding(other.id, hall.scope, NOW))
    assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 403
    assert count(Attendance) == 0


def test_the_landing_ticket_of_nobody_records_nobody(hall: Hall) -> None:
    landing = TICKET.findall(hall.phone.get(f"/c/{hall.code()}").text)[0]
    hall.bind(hall.phone)
    assert hall.phone.post("/checkin", data={"ticket": landing}).status_code == 403
    assert count(Attendance) == 0


@pytest.mark.parametrize("ticket", ["", "x", "W10.aaaa", "a.b.c"])
def test_a_forged_ticket_is_refused(hall: Hall, ticket: str) -> None:
    hall.bind(hall.phone)
    hall.phone.get(f"/c/{hall.code()}")
    assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 410


def test_two_members_share_one_phone_and_each_has_a_button(hall: Hall) -> None:
    wife = make_member("李大华", hall.branch)
    hall.bind(hall.phone)
    hall.bind(hall.phone, wife)
    page = hall.phone.get(f"/c/{hall.code()}").text
    tickets = TICKET.findall(page)
    assert "王小明" in page
    assert "李大华" in page
    for ticket in tickets:
        assert hall.phone.post("/checkin", data={"ticket": ticket}).status_code == 200
    assert count(Attendance) == 2


def csrf(client: FlaskClient, path: str) -> str:
    return re.findall(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[0]


def test_first_time_bind_by_name_and_phone_then_the_button(hall: Hall) -> None:
    page = hall.phone.get(f"/c/{hall.code()}").text
    assert "第一次使用" in page
    form = {
        "csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0],
        "ticket": TICKET.findall(page)[0],
        "name": "王小明",
        "phone_tail": "1234",
        "org_code": "Q1",
    }
    wrong = hall.phone.post("/bind", data={**form, "phone_tail": "9999"})
    assert wrong.status_code == 422
    assert "没有对上" in wrong.text
    assert 'value="王小明"' in wrong.text, "what was typed stays"
    bound = hall.phone.post("/bind", data=form, follow_redirects=True)
    assert "王小明" in bound.text
    assert "签到成功" in hall.phone.post("/checkin", data={"ticket": TICKET.findall(bound.text)[0]}).text


def test_a_one_time_code_binds_once(hall: Hall) -> None:
    code = create_bind_code(hall.member.id, hall.scope, NOW)
    form = {"csrf_token": csrf(hall.phone, "/bind"), "one_time_code": f"{code[:4]} {code[4:]}"}
    assert hall.phone.post("/bind", data=form).status_code == 302
    other = hall.app.test_client()
    again = {"csrf_token": csrf(other, "/bind"), "one_time_code": code}
    assert other.post("/bind", data=again).status_code == 422


def test_guessing_the_phone_tail_is_stopped_even_across_browsers(hall: Hall) -> None:
    seen = []
    for guess in range(7):
        browser = hall.app.test_client()
        form = {
            "csrf_token": csrf(browser, "/bind"),
            "name": "王小明",
            "phone_tail": f"{guess:04d}" if guess < 6 else "1234",
            "org_code": "Q1",
        }
        seen.append(browser.post("/bind", data=form).status_code)
    assert seen == [422] * 5 + [429] * 2


def test_a_revoked_phone_asks_to_be_bound_again(hall: Hall) -> None:
    hall.bind(hall.phone)
    revoke_bindings(hall.member.id, hall.scope, NOW)
    assert "第一次使用" in hall.phone.get(f"/c/{hall.code()}").text


def test_six_digits_do_what_a_scan_does(hall: Hall) -> None:
    hall.bind(hall.phone)
    digits = short_code(hall.session.code_secret, hall.session.id, step_of(NOW, STEP))
    form = {"csrf_token": csrf(hall.phone, "/c"), "code": f"{digits[:3]} {digits[3:]}"}
    page = hall.phone.post("/c", data=form)
    assert "签到成功" in hall.phone.post("/checkin", data={"ticket": TICKET.findall(page.text)[0]}).text
    row = db.session.get_one(Attendance, (hall.session.id, hall.member.id))
    assert row.method.value == "short_code"


def test_wrong_digits_are_limited_per_member(hall: Hall) -> None:
    hall.bind(hall.phone)
    form = {"csrf_token": csrf(hall.phone, "/c"), "code": "000000"}
    right = short_code(hall.session.code_secret, hall.session.id, step_of(NOW, STEP))
    wrong = "000001" if right != "000001" else "000002"
    statuses = [hall.phone.post("/c", data={**form, "code": wrong}).status_code for _ in range(10)]
    assert statuses == [404] * 10
    assert hall.phone.post("/c", data={**form, "code": right}).status_code == 429


def test_a_closed_session_says_so_even_to_an_old_code(hall: Hall) -> None:
    hall.bind(hall.phone)
    take_step(hall.session.id, Step.CLOSE, hall.scope, NOW, tz=TZ)
    for shift in (0, -9):
        page = hall.phone.get(f"/c/{hall.code(shift)}")
        assert (page.status_code, "已经结束" in page.text) == (409, True)


def test_the_projector_tells_code_and_counts_and_hides_names(hall: Hall) -> None:
    organiser = sign_in(hall.app.test_client(), make_staff("o", Role.ORGANISER, hall.root))
    live = organiser.get(f"/sessions/{hall.session.id}/code.json").get_json()
    assert live["code"]["url"] == f"http://localhost/c/{hall.code()}"
    assert (live["attended"], live["expected"]) == (0, 0)
    assert organiser.get(f"/sessions/{hall.session.id}/code").status_code == 200
    neighbour = make_org("Q2", hall.root)
    other = sign_in(hall.app.test_client(), make_staff("n", Role.ORGANISER, neighbour))
    for path in ("code", "code.json", "scan"):
        assert other.get(f"/sessions/{hall.session.id}/{path}").status_code == 404


def test_the_next_code_is_given_out_shortly_before_its_step_and_passes_in_it_alone(hall: Hall) -> None:
    organiser = sign_in(hall.app.test_client(), make_staff("o", Role.ORGANISER, hall.root))
    hall.bind(hall.phone)
    url = f"/sessions/{hall.session.id}/code.json"
    given = []
    # The step of NOW ends ten seconds after it.
    for seconds in (0, 4, 5, 9):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            given.append(organiser.get(url).json["next"])  # type: ignore[index]
    assert given[:2] == [None, None]
    assert given[2] == given[3]
    following = given[3]
    assert hall.phone.get(following["url"].removeprefix("http://localhost")).status_code == 410
    with time_machine.travel(NOW + timedelta(seconds=10), tick=False):
        assert organiser.get(url).json["code"] == following  # type: ignore[index]
        assert hall.phone.get(following["url"].removeprefix("http://localhost")).status_code == 200


def test_staff_scan_a_card_and_undo(hall: Hall) -> None:
    organiser = sign_in(hall.app.test_client(), make_staff("o", Role.ORGANISER, hall.root))
    card = issue_card(hall.member.id, hall.scope, NOW)
    page = organiser.get(f"/sessions/{hall.session.id}/scan")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    headers = {"Accept": "application/json", "X-CSRFToken": token}
    url = f"/sessions/{hall.session.id}/scan"
    first = organiser.post(url, data={"card": card}, headers=headers).get_json()
    assert (first["name"], first["kind"], first["attended"]) == ("王小明", "done", 1)
    assert organiser.post(url, data={"card": card}, headers=headers).get_json()["kind"] == "again"
    undone = organiser.post(f"{url}/undo", data={"undo": first["undo"]}, headers=headers).get_json()
    assert undone["attended"] == 0
    revoke_card(hall.member.id, hall.scope, NOW)
    refused = organiser.post(url, data={"card": card}, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "revoked")
    unknown = organiser.post(url, data={"card": "BULOU:" + "A" * 32}, headers=headers)
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "unknown_member")


def test_the_code_secret_differs_for_every_session(hall: Hall) -> None:
    from app.trainings.commands import SessionDraft
    from app.trainings.services.drafts import create_session

    draft = SessionDraft("a", "theme_day", "in_person", NOW, NOW + timedelta(hours=1), "Q1")
    ids = [create_session(draft, hall.scope, NOW, tz=TZ, elderly_age=60).id for _ in range(2)]
    secrets = {db.session.get_one(TrainingSession, i).code_secret for i in ids}
    assert len(secrets) == 2
    assert all(len(secret) == 32 for secret in secrets)
