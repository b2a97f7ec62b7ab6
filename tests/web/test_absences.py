"""Leave and make-ups as people meet them: on the phone, at the desk, in the list, and through the API."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from app.attendance.models import Attendance, LeaveRequest, MakeUp
from app.checkin.services.bindings import create_binding
from app.core.access import Scope
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.vocabulary import LeaveState, Role, SessionState, Status
from tests.api_world import Caller
from tests.factories import attend, expect, make_session, make_staff, make_token
from tests.web.session_office import Office, post


class Desk:
    """A branch with a session to come and two that are over, one of them the committee's."""

    def __init__(self, app: Flask) -> None:
        self.app, self.office = app, Office(app)
        self.member, self.other, self.third = self.office.people
        now = utc_now()
        self.next = make_session(
            self.office.a, title="下周的学习", starts_at=now + timedelta(days=7), state=SessionState.PUBLISHED
        )
        self.missed = make_session(self.office.a, title="错过的学习", starts_at=now - timedelta(days=3))
        self.repeat = make_session(self.office.root, title="重讲一次", starts_at=now - timedelta(days=1))
        for row in (self.next, self.missed):
            expect(row, *self.office.people)
        attend(self.missed, self.third)
        self.secretary = self.office.browser(Role.SECRETARY, self.office.a)
        self.phone = app.test_client()
        scope = Scope((self.office.root.id,), None)
        self.phone.set_cookie("bulou_member", create_binding(self.member.id, scope, now))

    def tap(self, path: str, **fields: Any) -> Any:
        page = self.phone.get("/bind").text
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        return self.phone.post(path, data={"csrf_token": token, "member": self.member.id, **fields})

    def state(self) -> LeaveState | None:
        return db.session.scalars(
            select(LeaveRequest.state).where(LeaveRequest.member_id == self.member.id)
        ).one_or_none()

    def status(self, row: Any) -> Status | None:
        db.session.rollback()
        found = db.session.get(Attendance, (row.id, self.member.id), populate_existing=True)
        return found.status if found else None

    def caller(self, role: Role, org: Any) -> Caller:
        return Caller(self.app, make_token(make_staff(f"api-{role}-{org.code}", role, org)))


@pytest.fixture
def desk(ctx: Flask) -> Desk:
    return Desk(ctx)


def test_leave_is_one_tap_on_the_phone_and_one_at_the_desk(desk: Desk) -> None:
    assert "来不了,请假" in desk.phone.get("/mine").text
    for _twice in range(2):
        assert desk.tap("/mine/leave", session=desk.next.id, reason="sick").status_code == 302
    assert (desk.state(), desk.status(desk.next)) == (LeaveState.OPEN, None)
    assert "等待答复" in desk.phone.get("/mine").text
    assert "1 条待答复" in desk.secretary.get("/").text
    assert "有人请假,待答复" in desk.secretary.get(f"/sessions/{desk.next.id}").text
    assert "病假" in desk.secretary.get("/leave").text
    # Taken back and asked again, it is still one.
    desk.tap("/mine/leave/withdraw", session=desk.next.id)
    assert desk.state() is LeaveState.WITHDRAWN
    assert "没有待答复的请假" in desk.secretary.get("/leave").text
    desk.tap("/mine/leave", session=desk.next.id, reason="official")
    path = f"/sessions/{desk.next.id}/leave/{desk.member.id}/decide"
    for _twice in range(2):
        assert post(desk.secretary, path, decision="approved").location == "/leave"
    row = db.session.get(Attendance, (desk.next.id, desk.member.id), populate_existing=True)
    assert row is not None
    assert (row.status, row.excuse_reason) == (Status.EXCUSED, "official")
    assert "已准假(公假)" in desk.phone.get("/mine").text
    assert "已准假" in desk.secretary.get("/leave?show=decided").text


def test_nothing_is_asked_of_a_session_that_does_not_expect_the_member_nor_decided_beside(desk: Desk) -> None:
    assert desk.tap("/mine/leave", session=desk.repeat.id, reason="sick").status_code == 404
    desk.tap("/mine/leave", session=desk.next.id, reason="rheumatism")
    assert desk.state() is None
    desk.tap("/mine/leave", session=desk.next.id, reason="sick")
    path = f"/sessions/{desk.next.id}/leave/{desk.member.id}/decide"
    beside = desk.office.browser(Role.SECRETARY, desk.office.b)
    assert post(beside, path, decision="approved").status_code == 404
    # Whoever came is never overwritten, and a cancelled session's request falls away.
    attend(desk.next, desk.member)
    assert "没有待答复的请假" in desk.secretary.get("/leave").text
    post(desk.secretary, path, decision="approved")
    assert (desk.state(), desk.status(desk.next)) == (LeaveState.OPEN, Status.PRESENT)


def test_the_secretary_plans_what_the_member_sees_and_takes_it_back(desk: Desk) -> None:
    page = f"/members/{desk.member.id}"
    path = f"/sessions/{desk.missed.id}/make-ups/{desk.member.id}"
    assert "可以补学的" in desk.secretary.get(page).text
    assert "比如送学上门" in desk.phone.get("/mine").text
    post(desk.secretary, path, mode="home_visit", next=page)
    assert "已为您约好:送学上门" in desk.phone.get("/mine").text
    for _twice in range(2):
        post(desk.secretary, f"{path}/done", minutes="45")
    row = db.session.get(Attendance, (desk.missed.id, desk.member.id), populate_existing=True)
    assert row is not None
    assert (row.status, row.minutes, row.is_held) == (Status.MADE_UP, 45, True)
    assert "1" in desk.secretary.get(f"/sessions/{desk.missed.id}?show=made_up").text
    post(desk.secretary, f"{path}/done", done_on="2001-01-01")
    post(desk.secretary, f"{path}/drop")
    assert (desk.status(desk.missed), db.session.scalars(select(MakeUp)).all()) == (None, [])
    # They were at the committee's session as a guest: one tap lets that count for the one missed.
    attend(desk.repeat, desk.member, is_extra=True)
    assert "算作补学" in desk.secretary.get(page).text
    post(desk.secretary, path, via=desk.repeat.id)
    assert desk.status(desk.missed) is Status.MADE_UP
    organiser = desk.office.browser()
    assert "1 人是来补学的" in organiser.get(f"/sessions/{desk.repeat.id}").text


def test_page_files_command_and_api_tell_the_same_of_the_same_scope(desk: Desk) -> None:
    api = desk.caller(Role.SECRETARY, desk.office.a)
    path = f"/sessions/{desk.missed.id}/make-ups/{desk.member.id}"
    assert api.post(path, {}).get_json()["state"] == "planned"
    done = {"state": "done", "done_on": str(today()), "mode": "on_site_help"}
    assert api.patch(path, done).get_json()["state"] == "done"
    days = {"from": str(desk.missed.office_date), "to": str(desk.missed.office_date)}
    listed = api.get("/reports/make-ups", **days).get_json()
    states = {(line["name"], line["state"], line["mode"], line["status"]) for line in listed["items"]}
    assert states == {("张一", "done", "on_site_help", None), ("张二", "open", None, None)}
    first = api.get("/reports/make-ups", **days, limit=1).get_json()
    rest = api.get("/reports/make-ups", **days, cursor=first["next"]).get_json()
    assert [*first["items"], *rest["items"]] == listed["items"]
    said = desk.app.test_cli_runner().invoke(
        args=["report", "make-ups", "--from", days["from"], "--to", days["to"], "--format", "json"]
    )
    assert json.loads(said.output) == listed
    address = f"/reports/make-ups?from={days['from']}&to={days['to']}"
    page = desk.secretary.get(address).text
    assert 'data-value="2"' in page
    text = desk.secretary.get(f"{address}&format=csv").get_data().decode("utf-8-sig")
    by_csv = [row for row in csv.reader(io.StringIO(text)) if row and row[0] in ("张一", "张二")]
    assert [(row[0], row[7], row[10]) for row in by_csv] == [
        ("张一", "未登记", str(today())),
        ("张二", "未登记", ""),
    ]
    sheet: Any = load_workbook(io.BytesIO(desk.secretary.get(f"{address}&format=xlsx").data)).active
    names = {cell.value for row in sheet.iter_rows() for cell in row if cell.value in ("张一", "张二")}
    assert names == {"张一", "张二"}
    assert "张二" not in desk.secretary.get(f"{address}&state=done").text
    assert "张一" not in desk.office.browser(Role.SECRETARY, desk.office.b).get(address).text


def test_the_api_asks_decides_and_lists_leave_and_what_was_missed(desk: Desk) -> None:
    api = desk.caller(Role.SECRETARY, desk.office.a)
    path = f"/sessions/{desk.next.id}/leave/{desk.member.id}"
    assert api.post(path, {"reason": "sick", "note": "flu"}).status_code == 422
    assert api.post(path, {"reason": "sick"}).get_json()["state"] == "open"
    assert [line["member_id"] for line in api.get("/leave", state="open").get_json()["items"]] == [
        desk.member.id
    ]
    assert api.patch(path, {"state": "declined"}).get_json()["state"] == "declined"
    assert (api.patch(path, {"state": "approved"}).status_code, desk.status(desk.next)) == (409, None)
    entered = api.post(path, {"reason": "personal", "approve": True}).get_json()
    assert (entered["state"], entered["status"]) == ("approved", "excused")
    missed = api.get(f"/members/{desk.member.id}/missed").get_json()["items"]
    assert [(line["title"], line["status"], line["ways"]) for line in missed] == [("错过的学习", None, [])]
    assert api.delete(f"/sessions/{desk.missed.id}/make-ups/{desk.member.id}").status_code == 204
    beside = desk.caller(Role.SECRETARY, desk.office.b)
    assert beside.patch(path, {"state": "approved"}).status_code == 404
    assert beside.get("/leave").get_json()["items"] == []
