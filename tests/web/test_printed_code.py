"""A code on paper: good in its window alone, swapped for a ticket, marked wherever it counts."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from app.attendance.models import Attendance
from app.checkin.rules import printed_code
from app.checkin.services.bindings import create_binding
from app.checkin.services.printed import renew_printed_code, withdraw_printed_code
from app.core.access import Scope
from app.core.clock import office_tz
from app.core.db import db
from app.core.vocabulary import Method, Role, SessionState
from app.trainings.models import TrainingSession
from app.trainings.rules import Step
from app.trainings.services.lifecycle import take_step
from tests.factories import (
    attend,
    count,
    make_member,
    make_org,
    make_session,
    make_staff,
    make_token,
    sign_in,
)
from tests.web.session_office import post

NOW = datetime(2026, 3, 2, 1, 0, 5, tzinfo=UTC)
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


class Wall:
    """An open session with a code on the wall, a member with a phone, and an organiser."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.branch = make_org("Q1", make_org("Q"))
        self.scope = Scope((self.branch.id,), None)
        self.member = make_member("王小明", self.branch)
        self.session = make_session(self.branch, state=SessionState.OPEN, starts_at=NOW, title="村里的党课")
        renew_printed_code(self.session.id, self.scope, NOW)
        self.phone = app.test_client()
        self.token = create_binding(self.member.id, self.scope, NOW)
        self.phone.set_cookie("bulou_member", self.token)
        self.user = make_staff("组织员", Role.ORGANISER, self.branch)

    def code(self, version: int = 1) -> str:
        return printed_code(b"s" * 32, self.session.id, version)

    def scan(self, version: int = 1) -> Any:
        return self.phone.get(f"/p/{self.code(version)}")

    def press(self) -> Any:
        ticket = TICKET.findall(self.scan().text)[0]
        return self.phone.post("/checkin", data={"ticket": ticket})

    def staff(self) -> Any:
        return sign_in(self.app.test_client(), self.user)


@pytest.fixture
def wall(ctx: Flask) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield Wall(ctx)


def test_scan_one_button_done_and_the_row_says_how(wall: Wall) -> None:
    assert "王小明,我来签到" in wall.scan().text
    assert count(Attendance) == 0, "a link that somebody's messenger opens records nothing"
    assert wall.press().status_code == 200
    assert db.session.scalars(select(Attendance.method)).one() is Method.PRINTED_CODE


@pytest.mark.parametrize("forged", ["x" * 16, "A" * 16])
def test_a_forged_code_and_one_of_the_screen_do_not_pass_for_paper(wall: Wall, forged: str) -> None:
    page = wall.phone.get(f"/p/{wall.session.id}.1.{forged}")
    assert page.status_code == 404
    assert "没有认出这个签到码" in page.text
    assert wall.phone.get(f"/c/{wall.code()}").status_code == 404, "nor paper for the screen"


@pytest.mark.parametrize(
    ("minutes", "status", "words"),
    [
        (-31, 409, "起有效,请到时再扫一次"),
        (-30, 200, "我来签到"),
        (149, 200, "我来签到"),
        (151, 410, "请找工作人员登记"),
    ],
)
def test_it_passes_in_the_window_of_the_session_only(
    wall: Wall, minutes: int, status: int, words: str
) -> None:
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        page = wall.scan()
    assert page.status_code == status
    assert words in page.text


def test_it_passes_only_while_the_session_is_open(wall: Wall) -> None:
    take_step(wall.session.id, Step.CLOSE, wall.scope, NOW, tz=office_tz())
    page = wall.scan()
    assert page.status_code == 409
    assert "这场签到已经结束" in page.text


def test_a_new_printing_and_a_withdrawal_end_what_hangs_there(wall: Wall) -> None:
    assert renew_printed_code(wall.session.id, wall.scope, NOW) == 2
    assert wall.scan(1).status_code == 410
    assert "现场新张贴的码" in wall.scan(1).text
    assert wall.scan(2).status_code == 200
    assert withdraw_printed_code(wall.session.id, wall.scope, NOW)
    assert not withdraw_printed_code(wall.session.id, wall.scope, NOW)
    assert wall.scan(2).status_code == 410
    assert renew_printed_code(wall.session.id, wall.scope, NOW) == 3, "paper never comes back to life"
    assert (wall.scan(2).status_code, wall.scan(3).status_code) == (410, 200)


@pytest.mark.parametrize("form", ["{base}/p/{code}", "{code}"])
def test_an_app_may_present_it_whole_or_its_last_part(wall: Wall, form: str) -> None:
    body = {"code": form.format(base="http://localhost", code=wall.code()), "member_token": wall.token}
    answers = [wall.app.test_client().post("/api/v1/checkins", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert db.session.scalars(select(Attendance.method)).one() is Method.PRINTED_CODE


def test_the_page_makes_prints_renews_and_withdraws_it(wall: Wall) -> None:
    browser, address = wall.staff(), f"/sessions/{wall.session.id}/printed-code"
    page = browser.get(address).text
    assert "只在 2026年3月2日 08:30 至 11:30 有效" in page
    assert "不方便用手机请找工作人员" in page
    assert "<svg" in page
    pdf = browser.get(f"{address}.pdf")
    assert (pdf.content_type, pdf.data[:5], pdf.headers["Cache-Control"]) == (
        "application/pdf",
        b"%PDF-",
        "no-store",
    )
    post(browser, address)
    assert "以前印的签到码不能再用" in browser.get(address).text
    post(browser, f"{address}/withdraw")
    assert "生成张贴码" in browser.get(address).text
    assert browser.get(f"{address}.pdf").status_code == 302


def test_a_session_that_is_over_gets_no_new_code(wall: Wall) -> None:
    take_step(wall.session.id, Step.CLOSE, wall.scope, NOW, tz=office_tz())
    browser, address = wall.staff(), f"/sessions/{wall.session.id}/printed-code"
    post(browser, address)
    assert db.session.get_one(TrainingSession, wall.session.id).printed_code_version == 1
    assert "不再需要张贴码" in browser.get(address).text


def test_the_api_makes_shows_and_withdraws_it(wall: Wall) -> None:
    call: dict[str, Any] = {"headers": {"Authorization": f"Bearer {make_token(wall.user)}"}}
    client, address = wall.app.test_client(), f"/api/v1/sessions/{wall.session.id}/printed-code"
    made = client.post(address, **call)
    assert made.status_code == 201
    assert made.get_json() == {
        "url": f"http://localhost/p/{wall.code(2)}",
        "printing": 2,
        "valid_from": "2026-03-02T08:30:05+08:00",
        "valid_until": "2026-03-02T11:30:05+08:00",
    }
    assert client.get(address, **call).get_json() == made.get_json()
    assert client.delete(address, **call).status_code == 204
    assert client.get(address, **call).status_code == 404


def test_rosters_and_the_members_own_page_say_how_and_that_it_is_less_sure(wall: Wall) -> None:
    wall.press()
    for page in (
        wall.staff().get(f"/sessions/{wall.session.id}").text,
        wall.staff().get(f"/members/{wall.member.id}").text,
        wall.phone.get("/mine/records?year=2026").text,
    ):
        assert "张贴码签到" in page
        assert "可靠程度较低" in page


NOTE = "其中 1 人次凭张贴的签到码登记,可靠程度较低。"
REPORTS = ("person-times", "coverage", "uncovered", "study-hours", "ledger")


def counted(wall: Wall) -> None:
    """One check-in by paper and one by staff, in a session that is held."""
    wall.press()
    other = make_member("李四", wall.branch)
    make_member("王五", wall.branch)
    attend(db.session.get_one(TrainingSession, wall.session.id), other)
    take_step(wall.session.id, Step.CLOSE, wall.scope, NOW, tz=office_tz())


@pytest.mark.parametrize("report", REPORTS)
def test_every_report_says_how_much_of_it_rests_on_paper(wall: Wall, report: str) -> None:
    address = f"/reports/{report}?from=2026-01-01&to=2026-12-31&year=2026"
    browser = wall.staff()
    assert "张贴的签到码" not in browser.get(address).text, "nothing is said where there is nothing"
    counted(wall)
    page = browser.get(address).text
    assert NOTE in page
    door = re.search(r'id="low-assurance"><a href="([^"]+)"', page)
    assert door is not None
    rows = browser.get(door[1].replace("&amp;", "&")).text
    assert re.search(r'id="count" data-value="1"', rows)
    assert "王小明" in rows
    assert NOTE in browser.get(f"{address}&format=csv").data.decode("utf-8-sig")
    sheet = load_workbook(io.BytesIO(browser.get(f"{address}&format=xlsx").data)).active
    assert sheet is not None
    assert NOTE in {row[0] for row in sheet.iter_rows(values_only=True)}


@pytest.mark.parametrize("report", [name for name in REPORTS if name != "ledger"])
def test_the_api_says_so_beside_the_agreed_fields(wall: Wall, report: str) -> None:
    call: dict[str, Any] = {"headers": {"Authorization": f"Bearer {make_token(wall.user)}"}}
    dates = "year=2026" if report == "study-hours" else "from=2026-01-01&to=2026-12-31"
    address = f"/api/v1/reports/{report}?{dates}"
    before = set(wall.app.test_client().get(address, **call).get_json())
    counted(wall)
    after = wall.app.test_client().get(address, **call).get_json()
    assert set(after) - before == {"low_assurance_person_times"}
    assert after["low_assurance_person_times"] == 1
