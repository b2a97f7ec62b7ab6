"""A kiosk: set up by staff, found by name or card, held to its session, its maker's scope, and its time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.models import RoleGrant, StaffUser
from app.attendance.models import Attendance
from app.checkin.models import Kiosk
from app.checkin.services import kiosk_desk
from app.checkin.services.cards import issue_card
from app.core.access import Scope
from app.core.clock import office_tz
from app.core.db import db, writing
from app.core.vocabulary import Group, Method, OrgKind, Role, SessionState, Status
from app.trainings.models import ExpectedAttendee
from app.trainings.rules import Step
from app.trainings.services.lifecycle import take_step
from tests.factories import (
    count,
    make_member,
    make_org,
    make_session,
    make_staff,
    make_token,
    put_in_group,
    sign_in,
)
from tests.query_counter import count_queries
from tests.web.session_office import post
from tests.web.test_phone_path import NOW, TZ

PICK = re.compile(r'name="pick" value="([^"]+)"')
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
NAMES = re.compile(r'class="person" type="submit"><b>([^<]+)</b> <span>([^<]+)</span>')


class Lobby:
    """A branch with an open session, its neighbour, and a tablet that its organiser makes a kiosk."""

    @writing()
    def __init__(self, app: Flask, **session: Any) -> None:
        self.app = app
        self.root = make_org("Q", kind=OrgKind.COMMITTEE)
        self.branch = make_org("Q1", self.root, name="柳塘村党支部")
        self.neighbour = make_org("Q2", self.root, name="河西社区党支部")
        self.member = make_member("王小明", self.branch, pinyin="wangxiaoming", initials="wxm")
        self.stranger = make_member("赵老伯", self.neighbour, pinyin="zhaolaobo", initials="zlb")
        self.session = make_session(
            self.branch, state=SessionState.OPEN, starts_at=NOW, title="主题党日", minutes=90, **session
        )
        self.staff = make_staff("王组织", Role.ORGANISER, self.branch)
        self.tablet = sign_in(app.test_client(), self.staff)

    def set_up(self) -> None:
        answer = post(self.tablet, f"/sessions/{self.session.id}/kiosks")
        assert (answer.status_code, answer.location) == (302, "/kiosk"), answer.text

    def desk(self) -> FlaskClient:
        return sign_in(self.app.test_client(), self.staff)

    def send(self, path: str, **values: Any) -> TestResponse:
        found = CSRF.search(self.tablet.get("/kiosk").text)
        token = found[1] if found else ""
        return self.tablet.post(f"/kiosk/{path}", data={"csrf_token": token, **values})

    def names(self, text: str) -> list[tuple[str, str]]:
        return NAMES.findall(self.send("find", text=text).text)

    def pick(self, text: str) -> str:
        return PICK.findall(self.send("find", text=text).text)[0]

    def expect(self, member: Any, org: Any) -> None:
        with writing() as session:
            session.add(
                ExpectedAttendee(session_id=self.session.id, member_id=member.id, org_id=org.id, groups=0)
            )


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def lobby(ctx: Flask, clock: Any) -> Lobby:
    return Lobby(ctx)


def test_setting_up_says_what_happens_signs_out_and_leads_to_the_kiosk(lobby: Lobby) -> None:
    page = lobby.tablet.get(f"/sessions/{lobby.session.id}/kiosks").text
    assert "这台设备随后只能签到,您的账号会在这台设备上退出" in page
    shown = lobby.tablet.get(f"/sessions/{lobby.session.id}").text
    assert f'href="/sessions/{lobby.session.id}/kiosks"' in shown
    lobby.set_up()
    cookie = lobby.tablet.get_cookie("bulou_kiosk")
    assert cookie is not None
    assert cookie.http_only
    assert db.session.query(Kiosk).one().token_hash != cookie.value.encode()
    kiosk = lobby.tablet.get("/kiosk")
    assert (kiosk.status_code, "主题党日" in kiosk.text) == (200, True)
    assert kiosk.headers["Cache-Control"] == "no-store"
    assert "camera=(self)" in kiosk.headers["Permissions-Policy"]
    assert lobby.tablet.get("/sessions").location.startswith("/sign-in"), "nobody at the door has the desk"


def test_found_by_name_confirmed_and_recorded_as_the_staffs_own_entry(lobby: Lobby) -> None:
    lobby.set_up()
    asked = lobby.send("confirm", pick=lobby.pick("王小明"))
    assert "您是 王小明(柳塘村党支部)?" in asked.text
    assert count(Attendance) == 0, "asking records nothing"
    done = lobby.send("record", pick=PICK.findall(asked.text)[0])
    assert "签到成功" in done.text
    assert "王小明" in done.text
    row = db.session.query(Attendance).one()
    kiosk = db.session.query(Kiosk).one()
    assert (row.member_id, row.method, row.recorded_by_id) == (
        lobby.member.id,
        Method.STAFF_ENTRY,
        lobby.staff.id,
    )
    assert row.device == f"kiosk:{kiosk.id}"


@pytest.mark.parametrize("text", ["王", "王小", "wang", "wxm", "Wang Xiao"])
def test_a_name_is_found_by_characters_pinyin_and_initials(lobby: Lobby, text: str) -> None:
    lobby.set_up()
    assert lobby.names(text) == [("王小明", "柳塘村党支部")]


@pytest.mark.parametrize("text", ["w", " ", "1234", "王1234", "%", "__"])
def test_one_letter_and_digits_find_nobody_and_the_page_says_what_to_write(lobby: Lobby, text: str) -> None:
    lobby.set_up()
    answer = lobby.send("find", text=text)
    assert (answer.status_code, "至少两个拼音字母" in answer.text) == (422, True)


def test_a_double_tap_is_one_row_and_a_kind_answer(lobby: Lobby) -> None:
    lobby.set_up()
    pick = lobby.pick("王小明")
    first, second = (lobby.send("record", pick=pick) for _ in range(2))
    assert ("签到成功" in first.text, "您已签到过" in second.text) == (True, True)
    assert (first.status_code, second.status_code, count(Attendance)) == (200, 200, 1)


def test_who_comes_a_second_time_is_told_when_they_came(lobby: Lobby, clock: Any) -> None:
    lobby.set_up()
    lobby.send("record", pick=lobby.pick("王小明"))
    clock.shift(timedelta(minutes=17))
    again = lobby.send("record", pick=lobby.pick("王小明")).text
    told = again[again.index("您已签到过") :]
    assert f"<p>{NOW.astimezone(office_tz()):%H:%M}</p>" in told


def test_namesakes_are_told_apart_by_their_branch_and_at_most_six_are_shown(lobby: Lobby) -> None:
    make_member(
        "王小明", make_org("Q11", lobby.branch, name="塘北党小组"), pinyin="wangxiaoming", initials="wxm"
    )
    lobby.set_up()
    assert {org for _, org in lobby.names("王小明")} == {"柳塘村党支部", "塘北党小组"}
    for n in range(8):
        make_member(f"陈{n}", lobby.branch, pinyin=f"chen{n}", initials="c")
    answer = lobby.send("find", text="chen").text
    assert len(NAMES.findall(answer)) == 6
    assert "还有别的人" in answer


def test_members_of_a_neighbour_are_not_found_unless_they_are_expected(lobby: Lobby) -> None:
    lobby.set_up()
    assert lobby.names("赵老伯") == []
    other = make_session(lobby.branch, state=SessionState.OPEN, starts_at=NOW)
    with writing() as session:
        session.add(
            ExpectedAttendee(
                session_id=other.id, member_id=lobby.stranger.id, org_id=lobby.neighbour.id, groups=0
            )
        )
    assert lobby.names("赵老伯") == [], "expected at another session is not expected here"
    lobby.expect(lobby.stranger, lobby.neighbour)
    assert lobby.names("赵老伯") == [("赵老伯", "河西社区党支部")]


def test_a_mobile_member_whom_the_branch_hosts_is_found(lobby: Lobby) -> None:
    put_in_group(lobby.stranger, Group.MOBILE, is_in=True, host_org_id=lobby.branch.id)
    lobby.set_up()
    assert lobby.names("赵老伯") == [("赵老伯", "河西社区党支部")]


def test_a_pick_is_good_at_its_own_kiosk_for_two_minutes(lobby: Lobby, clock: Any) -> None:
    lobby.set_up()
    pick = lobby.pick("王小明")
    first = lobby.tablet
    lobby.tablet = lobby.desk()
    lobby.set_up()
    for text in (pick, "", "x", "1.2.3"):
        assert lobby.send("record", pick=text).location == "/kiosk"
    lobby.tablet = first
    clock.shift(timedelta(minutes=2))
    assert lobby.send("confirm", pick=pick).location == "/kiosk"
    assert lobby.send("record", pick=pick).location == "/kiosk"
    assert count(Attendance) == 0


def test_a_card_is_recorded_at_once_and_a_number_is_not_taken(lobby: Lobby) -> None:
    scope = Scope((lobby.root.id,), None)
    card = issue_card(lobby.stranger.id, scope, NOW)
    lobby.set_up()
    done = lobby.send("find", text=card)
    assert ("签到成功" in done.text, "赵老伯" in done.text) == (True, True)
    assert "您已签到过" in lobby.send("find", text=card).text
    row = db.session.query(Attendance).one()
    assert (row.method, row.recorded_by_id) == (Method.STAFF_SCAN, lobby.staff.id)
    assert lobby.send("find", text="000001").status_code == 422
    unknown = lobby.send("find", text="BULOU:" + "A" * 32)
    assert (unknown.status_code, "没有找到这位党员" in unknown.text) == (404, True)


def test_who_comes_late_is_late_at_the_kiosk_too(ctx: Flask, clock: Any) -> None:
    lobby = Lobby(ctx, late_after_minutes=10)
    lobby.set_up()
    clock.shift(timedelta(minutes=11))
    assert "记为迟到" in lobby.send("record", pick=lobby.pick("王小明")).text
    row = db.session.query(Attendance).one()
    assert (row.status, row.came_at) == (Status.LATE, NOW + timedelta(minutes=11))


def test_the_code_for_phones_is_the_sessions_own(lobby: Lobby) -> None:
    lobby.set_up()
    told = lobby.tablet.get("/kiosk/code.json").get_json()
    shown = lobby.desk().get(f"/sessions/{lobby.session.id}/code.json").get_json()
    assert told["code"]["short_code"] == shown["code"]["short_code"]
    assert set(told) == {"state", "now", "code"}


def test_a_session_that_is_not_open_takes_nothing_and_says_so(lobby: Lobby) -> None:
    lobby.set_up()
    pick = lobby.pick("王小明")
    take_step(lobby.session.id, Step.CLOSE, Scope((lobby.root.id,), None), NOW, tz=TZ)
    assert "签到已结束" in lobby.tablet.get("/kiosk").text
    assert lobby.tablet.get("/kiosk/code.json").get_json()["code"] is None
    page = lobby.tablet.get("/kiosk/end").text
    values = {"csrf_token": CSRF.findall(page)[0], "pick": pick, "text": "王"}
    assert lobby.tablet.post("/kiosk/record", data=values).status_code == 409
    assert lobby.tablet.post("/kiosk/find", data=values).status_code == 409
    assert count(Attendance) == 0
    refused = post(lobby.desk(), f"/sessions/{lobby.session.id}/kiosks")
    assert refused.status_code == 409


def test_a_session_that_closes_while_somebody_taps_takes_nothing(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby.set_up()
    pick, look_up = lobby.pick("王小明"), kiosk_desk.namesake

    def closed_meanwhile(*args: Any) -> Any:
        found = look_up(*args)
        take_step(lobby.session.id, Step.CLOSE, Scope((lobby.root.id,), None), NOW, tz=TZ)
        return found

    found = CSRF.findall(lobby.tablet.get("/kiosk").text)[0]
    monkeypatch.setattr(kiosk_desk, "namesake", closed_meanwhile)
    answer = lobby.tablet.post("/kiosk/record", data={"csrf_token": found, "pick": pick})
    assert (answer.status_code, count(Attendance)) == (409, 0)


def _over(lobby: Lobby) -> bool:
    page, told = lobby.tablet.get("/kiosk"), lobby.tablet.get("/kiosk/code.json")
    assert (page.status_code, told.status_code) in ((200, 200), (404, 404))
    if page.status_code == 200:
        return False
    assert "这个签到台已停用" in page.text
    return True


def test_a_kiosk_ends_two_hours_after_check_in_closes(lobby: Lobby, clock: Any) -> None:
    lobby.set_up()
    clock.move_to(lobby.session.closes_at + timedelta(hours=2) - timedelta(seconds=1))
    assert not _over(lobby)
    clock.move_to(lobby.session.closes_at + timedelta(hours=2))
    assert _over(lobby)


def test_staff_end_it_from_afar_and_it_is_no_longer_listed(lobby: Lobby) -> None:
    lobby.set_up()
    desk = lobby.desk()
    listed = desk.get(f"/sessions/{lobby.session.id}/kiosks").text
    path = re.findall(r'action="([^"]+/stop)"', listed)[0]
    assert "王组织 设于" in listed
    assert post(desk, path).status_code == 302
    assert post(desk, path).status_code == 302, "again does no harm"
    assert _over(lobby)
    assert "/stop" not in desk.get(f"/sessions/{lobby.session.id}/kiosks").text


def test_a_kiosk_of_another_session_is_not_ended_through_ones_own(lobby: Lobby) -> None:
    lobby.set_up()
    kiosk = db.session.query(Kiosk).one().id
    own = make_session(lobby.neighbour, state=SessionState.OPEN, starts_at=NOW)
    other = sign_in(lobby.app.test_client(), make_staff("n", Role.ORGANISER, lobby.neighbour))
    assert post(other, f"/sessions/{own.id}/kiosks/{kiosk}/stop").status_code == 404
    assert post(other, f"/sessions/{lobby.session.id}/kiosks/{kiosk}/stop").status_code == 404
    assert not _over(lobby)


def test_the_tablet_ends_it_and_leads_to_the_sign_in_page(lobby: Lobby) -> None:
    lobby.set_up()
    cookie = lobby.tablet.get_cookie("bulou_kiosk")
    assert cookie is not None
    assert lobby.send("end").location == "/sign-in"
    assert lobby.tablet.get_cookie("bulou_kiosk") is None
    lobby.tablet.set_cookie("bulou_kiosk", cookie.value)
    assert _over(lobby), "a kept cookie is worth nothing"


def test_it_stops_when_its_makers_account_or_role_ends_or_the_session_leaves_their_place(
    lobby: Lobby,
) -> None:
    lobby.set_up()
    with writing() as session:
        session.get_one(StaffUser, lobby.staff.id).is_active = False
    assert _over(lobby)
    with writing() as session:
        session.get_one(StaffUser, lobby.staff.id).is_active = True
    assert not _over(lobby)
    grant = db.session.query(RoleGrant).filter_by(user_id=lobby.staff.id).one().id
    for role, org in ((Role.SUPERVISOR, lobby.branch.id), (Role.ORGANISER, lobby.neighbour.id)):
        with writing() as session:
            held = session.get_one(RoleGrant, grant)
            held.role, held.org_id = role, org
        assert _over(lobby), role


def test_without_the_cookie_or_with_a_made_up_one_nothing_is_a_kiosk(lobby: Lobby) -> None:
    assert _over(lobby)
    lobby.tablet.set_cookie("bulou_kiosk", "A" * 43)
    assert _over(lobby)
    assert lobby.send("find", text="王").status_code in (400, 404)


def test_reading_through_the_names_is_stopped_and_a_check_in_gives_the_try_back(
    lobby: Lobby, clock: Any
) -> None:
    lobby.set_up()
    assert [lobby.names("王") for _ in range(19)] == [[("王小明", "柳塘村党支部")]] * 19
    pick = lobby.pick("王小明")
    assert lobby.send("find", text="王").status_code == 429
    card = issue_card(lobby.member.id, Scope((lobby.root.id,), None), NOW)
    assert "签到成功" in lobby.send("find", text=card).text, "a card always does"
    lobby.send("record", pick=pick)
    stopped = lobby.send("find", text="王")
    assert (stopped.status_code, "查找次数太多" in stopped.text) == (429, True)
    clock.shift(timedelta(minutes=10))
    assert lobby.names("王") == [("王小明", "柳塘村党支部")]


def test_a_hall_that_checks_in_one_after_another_is_never_held_up(lobby: Lobby) -> None:
    names = [f"陈{chr(0x4E00 + n)}" for n in range(25)]
    for name in names:
        make_member(name, lobby.branch, pinyin="chen", initials="c")
    lobby.set_up()
    for name in names:
        assert "签到成功" in lobby.send("record", pick=lobby.pick(name)).text
    # Nothing is told where nobody is found.
    assert [lobby.send("find", text="没有").status_code for _ in range(25)] == [200] * 25


def test_no_step_of_the_kiosk_asks_more_than_a_few_questions(lobby: Lobby) -> None:
    lobby.set_up()
    for n in range(12):
        lobby.expect(make_member(f"陈{n}", lobby.branch, pinyin=f"chen{n}", initials="c"), lobby.branch)
    steps = {"find": {"text": "chen"}, "confirm": {"pick": lobby.pick("chen")}}
    steps["record"] = steps["confirm"]
    found = CSRF.findall(lobby.tablet.get("/kiosk").text)[0]
    for path, values in steps.items():
        with count_queries() as seen:
            answer = lobby.tablet.post(f"/kiosk/{path}", data={"csrf_token": found, **values})
        assert answer.status_code == 200
        assert seen.count <= 19, (path, seen.statements)
    with count_queries() as seen:
        lobby.tablet.get("/kiosk")
    assert seen.count <= 8, seen.statements


def test_the_api_sets_up_lists_and_ends_kiosks_and_tells_the_token_once(lobby: Lobby) -> None:
    client = lobby.app.test_client()
    headers = {"Authorization": f"Bearer {make_token(lobby.staff)}"}
    path = f"/api/v1/sessions/{lobby.session.id}/kiosks"
    made = client.post(path, json={}, headers=headers)
    assert made.status_code == 201
    lobby.tablet = lobby.app.test_client()
    lobby.tablet.set_cookie("bulou_kiosk", made.get_json()["token"])
    assert not _over(lobby)
    listed = client.get(path, headers=headers).get_json()["items"]
    assert [(each["id"], each["created_by"], "token" in each) for each in listed] == [
        (made.get_json()["id"], "王组织", False)
    ]
    assert client.delete(f"{path}/{listed[0]['id']}", headers=headers).status_code == 204
    assert _over(lobby)
    assert client.get(path, headers=headers).get_json()["items"] == []
