"""Signing out by the member's phone, and what a second scan says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.services.sign_out import sign_out
from app.core.clock import office_tz
from app.core.db import db, writing
from app.core.vocabulary import Method, Status
from app.trainings.models import TrainingSession
from tests.factories import count, make_member
from tests.web.test_phone_path import NOW, TICKET, Hall

HOUR = timedelta(hours=1)


@pytest.fixture
def hall(ctx: Flask) -> Any:
    """A session of ninety minutes that asks for a sign-out, and ten minutes' grace for coming late."""
    with time_machine.travel(NOW, tick=False):
        found = Hall(ctx)
        change(found, asks_sign_out=True, late_after_minutes=10)
        found.bind(found.phone)
        yield found


def change(hall: Hall, **facts: Any) -> None:
    with writing() as session:
        row = session.get_one(TrainingSession, hall.session.id)
        for name, value in facts.items():
            setattr(row, name, value)


def scan(hall: Hall, at: timedelta) -> str:
    with time_machine.travel(NOW + at, tick=False):
        return hall.phone.get(f"/c/{hall.code()}").text


def press(hall: Hall, page: str, at: timedelta, path: str = "/checkin") -> Any:
    with time_machine.travel(NOW + at, tick=False):
        return hall.phone.post(path, data={"ticket": TICKET.findall(page)[0]})


def check_in(hall: Hall, at: timedelta = timedelta(0)) -> str:
    return str(press(hall, scan(hall, at), at).text)


def row(hall: Hall) -> Attendance:
    db.session.rollback()
    return db.session.get_one(Attendance, (hall.session.id, hall.member.id))


def test_the_page_of_somebody_who_is_in_offers_to_sign_out_and_says_since_when(hall: Hall) -> None:
    assert "离开时请再扫一次码签退" in check_in(hall)
    early, late = scan(hall, HOUR), scan(hall, timedelta(minutes=80))
    for page in (early, late):
        assert "09:00 已签到" in page
        assert page.count("<form method") + page.count('class="actions" method') >= 1
        assert 'action="/checkin/leave"' in page
        assert 'action="/checkin"' not in page
    assert "提前离开会按实际时间计" in early
    assert "big-button" not in early, "a second scan at the start must not end in leaving"
    assert "big-button" in late


def test_leaving_early_counts_the_time_that_somebody_was_there(hall: Hall) -> None:
    check_in(hall)
    done = press(hall, scan(hall, HOUR), HOUR, "/checkin/leave")
    assert done.status_code == 200
    for words in ("已签退", "10:00 签退", "按实际时间计", "计入学时 60 分钟"):
        assert words in done.text
    assert (row(hall).status, row(hall).minutes, row(hall).left_at) == (Status.LEFT_EARLY, 60, NOW + HOUR)


def test_leaving_at_the_end_counts_the_whole(hall: Hall) -> None:
    check_in(hall)
    at = timedelta(minutes=86)
    assert "计入学时 90 分钟" in press(hall, scan(hall, at), at, "/checkin/leave").text
    assert row(hall).status is Status.PRESENT


def test_a_double_tap_on_leaving_moves_no_time_and_notes_nothing_twice(hall: Hall) -> None:
    check_in(hall)
    page = scan(hall, HOUR)
    first = press(hall, page, HOUR, "/checkin/leave")
    second = press(hall, page, HOUR + timedelta(minutes=3), "/checkin/leave")
    assert (first.status_code, second.status_code) == (200, 200)
    assert row(hall).left_at == NOW + HOUR
    assert count(AttendanceChange) == 1


def test_who_came_back_signs_out_again_later(hall: Hall) -> None:
    check_in(hall)
    press(hall, scan(hall, HOUR), HOUR, "/checkin/leave")
    again = scan(hall, timedelta(minutes=85))
    assert '09:00 签到</span>, <span class="nowrap">10:00 签退' in again
    assert "又回来了" in again
    press(hall, again, timedelta(minutes=85), "/checkin/leave")
    assert (row(hall).status, row(hall).minutes) == (Status.PRESENT, 90)


def test_a_ticket_for_coming_does_not_serve_for_leaving_nor_the_other_way(hall: Hall) -> None:
    coming = scan(hall, timedelta(0))
    assert press(hall, coming, timedelta(0), "/checkin/leave").status_code == 410
    assert count(Attendance) == 0
    press(hall, coming, timedelta(0))
    assert press(hall, scan(hall, HOUR), HOUR, "/checkin").status_code == 410
    assert row(hall).left_at is None


@pytest.mark.parametrize("after", [timedelta(minutes=5), timedelta(minutes=4, seconds=59)])
def test_a_ticket_for_leaving_is_over_after_five_minutes(hall: Hall, after: timedelta) -> None:
    check_in(hall)
    status = press(hall, scan(hall, HOUR), HOUR + after, "/checkin/leave").status_code
    assert status == (410 if after == timedelta(minutes=5) else 200)


def test_a_ticket_for_leaving_is_refused_in_another_browser_and_for_another_member(hall: Hall) -> None:
    check_in(hall)
    ticket = TICKET.findall(scan(hall, HOUR))[0]
    other = hall.app.test_client()
    hall.bind(other)
    with time_machine.travel(NOW + HOUR, tick=False):
        other.get(f"/c/{hall.code()}")
        assert other.post("/checkin/leave", data={"ticket": ticket}).status_code == 410
        hall.phone.delete_cookie("bulou_member")
        hall.bind(hall.phone, make_member("李大华", hall.branch))
        assert hall.phone.post("/checkin/leave", data={"ticket": ticket}).status_code == 403
    assert row(hall).left_at is None


def test_where_no_sign_out_is_asked_for_a_second_scan_says_only_that_all_is_done(hall: Hall) -> None:
    change(hall, asks_sign_out=False)
    check_in(hall)
    page = scan(hall, HOUR)
    assert "您已签到过" in page
    assert "09:00 已签到" in page
    assert TICKET.findall(page) == []


def test_coming_late_is_said_kindly_with_what_it_counts(hall: Hall) -> None:
    done = check_in(hall, timedelta(minutes=30))
    for words in ("签到成功", "您 09:30 到场", "从到场算起", "这一场结束后,计入学时 60 分钟"):
        assert words in done
    assert (row(hall).status, row(hall).method) == (Status.LATE, Method.MEMBER_SCAN)


def test_loading_the_answer_anew_leads_to_ones_own_page(hall: Hall) -> None:
    for path in ("/checkin", "/checkin/leave", "/j"):
        assert hall.phone.get(path).location == "/mine"


def test_a_leaving_that_is_sent_late_moves_no_time_back(hall: Hall) -> None:
    check_in(hall)
    with time_machine.travel(NOW + timedelta(minutes=86), tick=False):
        tz = office_tz()
        sign_out(hall.session.id, hall.member.id, NOW + timedelta(minutes=86), tz=tz)
        late = sign_out(hall.session.id, hall.member.id, NOW + HOUR, tz=tz)
    assert late.left_at == NOW + timedelta(minutes=86)
    assert (row(hall).status, row(hall).left_at) == (Status.PRESENT, NOW + timedelta(minutes=86))
