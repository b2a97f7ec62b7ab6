"""Personal links for who watches from home: one tap, nobody's but the member's, and stopped at once."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from app.attendance.models import Attendance
from app.checkin.services.links import personal_link, stop_links
from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.vocabulary import Method, Role, SessionState
from app.members.models import Member, Membership
from app.trainings.models import ExpectedAttendee, TrainingSession
from tests.factories import count, make_member, make_staff, make_token, sign_in
from tests.web.session_office import post
from tests.web.test_phone_path import NOW, TICKET, Hall

CLASSROOM = "https://live.example/class"


@pytest.fixture
def hall(ctx: Flask) -> Any:
    """An open session online that expects 王小明."""
    with time_machine.travel(NOW, tick=False):
        found = Hall(ctx)
        set_session(found, mode_key="online", join_url=CLASSROOM)
        expect_member(found, found.member)
        yield found


def set_session(hall: Hall, **facts: Any) -> None:
    with writing() as session:
        session.execute(update(TrainingSession).where(TrainingSession.id == hall.session.id).values(**facts))


def expect_member(hall: Hall, member: Any) -> None:
    with writing() as session:
        session.add(
            ExpectedAttendee(session_id=hall.session.id, member_id=member.id, org_id=hall.branch.id, groups=0)
        )


def link(hall: Hall, member: Any = None) -> str:
    secret = db.session.scalars(
        select(TrainingSession.code_secret).where(TrainingSession.id == hall.session.id)
    ).one()
    return f"/j/{personal_link(secret, hall.session.id, (member or hall.member).id)}"


def organiser(hall: Hall, role: Role = Role.ORGANISER) -> Any:
    return sign_in(hall.app.test_client(), make_staff("o", role, hall.root))


def test_a_link_shows_a_masked_name_records_by_one_button_and_leads_into_the_classroom(hall: Hall) -> None:
    page = hall.phone.get(link(hall))
    assert "王*明" in page.text
    assert "王小明" not in page.text
    assert "我在看,签到" in page.text
    assert CLASSROOM not in page.text, "first the button, then the way in"
    assert count(Attendance) == 0
    done = hall.phone.post("/j", data={"ticket": TICKET.findall(page.text)[0]})
    assert "签到成功" in done.text
    assert f'href="{CLASSROOM}" rel="noopener noreferrer"' in done.text
    row = db.session.get_one(Attendance, (hall.session.id, hall.member.id))
    assert row.method is Method.PERSONAL_LINK
    again = hall.phone.get(link(hall)).text
    assert "您已签到过" in again
    assert CLASSROOM in again


def test_on_ones_own_phone_the_link_says_the_whole_name(hall: Hall) -> None:
    hall.bind(hall.phone)
    page = hall.phone.get(link(hall)).text
    assert "王小明" in page
    done = hall.phone.post("/j", data={"ticket": TICKET.findall(page)[0]}).text
    assert "王小明" in done
    assert "看看我的学习记录" in done


def test_a_bound_phone_finds_the_button_on_its_own_page(hall: Hall) -> None:
    hall.bind(hall.phone)
    page = hall.phone.get("/mine").text
    assert "现在可以签到:主题党日:学习" in page
    assert link(hall) in page
    set_session(hall, mode_key="in_person")
    assert "现在可以签到" not in hall.phone.get("/mine").text, "in a hall the code is scanned"


def test_a_double_tap_is_one_row_and_the_ticket_serves_no_other_browser(hall: Hall) -> None:
    ticket = TICKET.findall(hall.phone.get(link(hall)).text)[0]
    other = hall.app.test_client()
    other.get(link(hall))
    assert other.post("/j", data={"ticket": ticket}).status_code == 410
    assert [hall.phone.post("/j", data={"ticket": ticket}).status_code for _ in range(2)] == [200, 200]
    assert count(Attendance) == 1
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        assert hall.phone.post("/j", data={"ticket": ticket}).status_code == 410


def test_a_ticket_of_a_scan_does_not_pass_for_a_link(hall: Hall) -> None:
    hall.bind(hall.phone)
    scanned = hall.ticket(hall.phone)
    assert hall.phone.post("/j", data={"ticket": scanned}).status_code == 403
    linked = TICKET.findall(hall.app.test_client().get(link(hall)).text)[0]
    assert hall.phone.post("/checkin", data={"ticket": linked}).status_code == 410
    assert count(Attendance) == 0


@pytest.mark.parametrize("change", ["member", "session", "mac", "shape"])
def test_no_part_of_a_link_can_be_changed(hall: Hall, change: str) -> None:
    other = make_member("李大华", hall.branch)
    session_id, member_id, mac = link(hall).removeprefix("/j/").split(".")
    text = {
        "member": f"{session_id}.{other.id}.{mac}",
        "session": f"{int(session_id) + 1}.{member_id}.{mac}",
        "mac": f"{session_id}.{member_id}.{mac[::-1]}",
        "shape": f"{session_id}.{member_id}",
    }[change]
    answer = hall.phone.get(f"/j/{text}")
    assert (answer.status_code, "已经不能用了" in answer.text) == (404, True)


def test_before_the_session_a_link_says_when_to_come_back_and_after_it_that_it_is_over(hall: Hall) -> None:
    set_session(hall, state=SessionState.PUBLISHED)
    early = hall.phone.get(link(hall))
    assert (early.status_code, "还没有开始签到" in early.text) == (409, True)
    assert TICKET.findall(early.text) == []
    for state, words in ((SessionState.CLOSED, "已经结束"), (SessionState.CANCELLED, "已取消")):
        set_session(hall, state=state)
        answer = hall.phone.get(link(hall))
        assert (answer.status_code, words in answer.text) == (409, True)


def test_a_link_stops_when_staff_stop_it_and_the_new_one_works(hall: Hall) -> None:
    before = link(hall)
    stop_links(hall.session.id, hall.scope, NOW)
    assert hall.phone.get(before).status_code == 404
    assert hall.phone.get(link(hall)).status_code == 200


def test_a_link_stops_when_its_member_has_left_or_become_another_record(hall: Hall) -> None:
    with writing() as session:
        session.execute(update(Membership).values(ends_on=date(2026, 3, 1)))
    assert hall.phone.get(link(hall)).status_code == 404
    kept = make_member("王小明", hall.branch)
    with writing() as session:
        session.execute(update(Membership).values(ends_on=date(9999, 12, 31)))
        session.execute(update(Member).where(Member.id == hall.member.id).values(merged_into_id=kept.id))
    assert hall.phone.get(link(hall)).status_code == 404


def test_only_an_encrypted_classroom_is_linked(hall: Hall) -> None:
    set_session(hall, join_url="http://live.example/class")
    page = hall.phone.get(link(hall)).text
    done = hall.phone.post("/j", data={"ticket": TICKET.findall(page)[0]}).text
    assert "live.example" not in done


def test_who_came_by_a_link_signs_out_by_it(hall: Hall) -> None:
    set_session(hall, asks_sign_out=True)
    hall.phone.post("/j", data={"ticket": TICKET.findall(hall.phone.get(link(hall)).text)[0]})
    with time_machine.travel(NOW + timedelta(minutes=88), tick=False):
        page = hall.phone.get(link(hall)).text
        assert "签退" in page
        done = hall.phone.post("/checkin/leave", data={"ticket": TICKET.findall(page)[0]})
        assert done.status_code == 200
        for words in ("已签退", "王*明"):
            assert words in done.text


def test_staff_see_each_members_link_and_a_text_to_send_and_that_is_logged(hall: Hall) -> None:
    desk = organiser(hall)
    page = desk.get(f"/sessions/{hall.session.id}/links")
    assert f"http://localhost{link(hall)}" in page.text
    assert "王小明同志:" in page.text
    assert link(hall).encode() not in desk.get(f"/sessions/{hall.session.id}").data
    act = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "links.show")).one()
    assert (act.subject, act.detail) == (f"session:{hall.session.id}", {"count": 1})
    book = openpyxl.load_workbook(io.BytesIO(desk.get(f"/sessions/{hall.session.id}/links?format=xlsx").data))
    assert [cell.value for cell in book.active[2]][:3] == [
        "王小明",
        hall.branch.name,
        f"http://localhost{link(hall)}",
    ]


def test_staff_stop_all_links_from_the_page(hall: Hall) -> None:
    before = link(hall)
    assert post(organiser(hall), f"/sessions/{hall.session.id}/links/stop").status_code == 302
    assert hall.phone.get(before).status_code == 404


def test_who_only_reads_is_shown_no_links(hall: Hall) -> None:
    assert organiser(hall, Role.SUPERVISOR).get(f"/sessions/{hall.session.id}/links").status_code == 403


def test_the_api_lists_links_by_pages_and_stops_them(hall: Hall) -> None:
    expect_member(hall, make_member("李大华", hall.branch, pinyin="lidahua"))
    token = make_token(make_staff("o", Role.ORGANISER, hall.root))
    asked = {"headers": {"Authorization": f"Bearer {token}"}}
    url = f"/api/v1/sessions/{hall.session.id}/links"
    first = hall.phone.get(f"{url}?limit=1", **asked).get_json()
    second = hall.phone.get(f"{url}?limit=1&cursor={first['next']}", **asked).get_json()
    assert [each["name"] for each in (*first["items"], *second["items"])] == ["李大华", "王小明"]
    assert (first["count"], second["next"]) == (2, None)
    assert second["items"][0]["url"] == f"http://localhost{link(hall)}"
    assert hall.phone.delete(url, **asked).status_code == 204
    assert hall.phone.get(re.sub("http://localhost", "", second["items"][0]["url"])).status_code == 404


def test_the_code_for_a_stream_is_the_present_one_and_needs_the_right_to_record(hall: Hall) -> None:
    desk = organiser(hall)
    assert desk.get(f"/sessions/{hall.session.id}/code?view=stream").location.endswith("/code/stream")
    assert desk.get(f"/sessions/{hall.session.id}/code/stream").status_code == 200
    live = desk.get(f"/sessions/{hall.session.id}/code/stream.json").get_json()
    assert re.fullmatch(r"\d{6}", live["short_code"])
    assert 0 < live["left_ms"] <= 15_000
    set_session(hall, state=SessionState.CLOSED)
    over = desk.get(f"/sessions/{hall.session.id}/code/stream.json").get_json()
    assert (over["svg"], over["words"]) == (None, "这场签到已经结束")
