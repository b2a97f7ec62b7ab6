"""The staff's scanner as its page speaks to it: undo, waiting scans, card numbers, signing out, refusals."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.attendance.models import Attendance, AttendanceChange, ReviewItem
from app.attendance.services.correct import set_status, staff_sighting
from app.attendance.services.decide_review import Decision, decide, reopen
from app.checkin.models import MemberCard
from app.checkin.services import card_scan
from app.checkin.services.cards import issue_card, revoke_card
from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import ExcuseReason, Method, ReviewKind, ReviewState, Role, SessionState, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Step
from app.trainings.services.lifecycle import take_step
from tests.factories import count, make_member, make_org, make_session, make_staff, sign_in
from tests.query_counter import count_queries
from tests.web.test_phone_path import NOW, TZ

RULES: Any = {"tz": TZ, "elderly_age": 60}


class Door:
    """An open session with a member's card, and the browser of an organiser who scans."""

    def __init__(self, app: Flask, **session: Any) -> None:
        self.app = app
        self.root = make_org("Q")
        self.branch = make_org("Q1", self.root)
        self.member = make_member("王小明", self.branch)
        self.session = make_session(
            self.branch, state=SessionState.OPEN, starts_at=NOW, minutes=90, **session
        )
        self.staff = make_staff("o", Role.ORGANISER, self.branch)
        self.scope = Scope((self.branch.id,), self.staff.id)
        self.card = issue_card(self.member.id, self.scope, NOW)
        self.url = f"/sessions/{self.session.id}/scan"
        self.browser = sign_in(app.test_client(), self.staff)
        page = self.browser.get(self.url).text
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        self.headers = {"Accept": "application/json", "X-CSRFToken": token}

    def post(self, path: str = "", **values: Any) -> Any:
        return self.browser.post(self.url + path, data=values, headers=self.headers)

    def scan(self, card: str | None = None, **more: Any) -> Any:
        values = {"card": card or self.card, "nonce": uuid.uuid4().hex, **more}
        return self.post(**values).get_json()

    def row(self) -> Attendance | None:
        db.session.rollback()
        return db.session.get(Attendance, (self.session.id, self.member.id))

    def leave(self, reason: ExcuseReason | None = ExcuseReason.SICK) -> None:
        sighting = staff_sighting(
            self.session.id, self.member.id, Status.EXCUSED, reason, self.staff.id, NOW - timedelta(hours=1)
        )
        set_status(sighting, "", self.scope, NOW - timedelta(hours=1), **RULES)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def door(ctx: Flask, clock: Any) -> Door:
    return Door(ctx)


def test_undoing_a_scan_brings_back_the_leave_that_it_replaced(door: Door) -> None:
    door.leave()
    scanned = door.scan()
    row = door.row()
    assert row is not None
    assert (row.status, row.excuse_reason) == (Status.PRESENT, None)
    assert door.post("/undo", undo=scanned["undo"]).get_json()["kind"] == "undone"
    row = door.row()
    assert row is not None
    assert (row.status, row.excuse_reason) == (Status.EXCUSED, ExcuseReason.SICK)
    assert (row.method, row.nonce) == (Method.STAFF_ENTRY, None)
    assert (row.occurred_at, row.received_at) == (NOW - timedelta(hours=1), NOW - timedelta(hours=1))
    history = db.session.query(AttendanceChange).order_by(AttendanceChange.id)
    assert [(each.status_before, each.status_after) for each in history] == [
        (None, Status.EXCUSED),
        (Status.EXCUSED, Status.PRESENT),
        (Status.PRESENT, Status.EXCUSED),
    ]


def test_undoing_a_first_scan_leaves_the_member_not_recorded_and_twice_is_once(door: Door) -> None:
    scanned = door.scan()
    assert [door.post("/undo", undo=scanned["undo"]).status_code for _ in range(2)] == [200, 200]
    assert door.row() is None
    assert count(AttendanceChange) == 1


def test_an_undo_comes_too_late_after_ten_minutes(door: Door, clock: Any) -> None:
    scanned = door.scan()
    clock.shift(timedelta(minutes=10))
    refused = door.post("/undo", undo=scanned["undo"])
    assert (refused.status_code, "十分钟" in refused.get_json()["detail"]) == (409, True)
    assert door.row() is not None


def test_what_somebody_has_corrected_meanwhile_is_not_undone(door: Door) -> None:
    scanned = door.scan()
    sighting = staff_sighting(door.session.id, door.member.id, Status.LEFT_EARLY, None, None, NOW)
    set_status(sighting, "", door.scope, NOW, **RULES)
    refused = door.post("/undo", undo=scanned["undo"])
    assert (refused.status_code, "后来改过" in refused.get_json()["detail"]) == (409, True)
    row = door.row()
    assert row is not None
    assert row.status is Status.LEFT_EARLY


def test_an_undo_of_another_session_or_of_nothing_is_not_found(door: Door) -> None:
    scanned = door.scan()
    other = make_session(door.branch, state=SessionState.OPEN, starts_at=NOW)
    path = f"/sessions/{other.id}/scan/undo"
    assert door.browser.post(path, data={"undo": scanned["undo"]}, headers=door.headers).status_code == 404
    for text in ("", "x", "AAAA", scanned["undo"][:-4] + "AAAA"):
        assert door.post("/undo", undo=text).status_code == 404
    assert door.row() is not None


def test_a_scan_sent_again_after_a_lost_answer_is_the_same_scan(door: Door) -> None:
    nonce = uuid.uuid4().hex
    first, again = (door.scan(nonce=nonce) for _ in range(2))
    assert (first["kind"], again["kind"]) == ("done", "done")
    assert door.scan()["kind"] == "again"
    assert count(Attendance) == 1


def test_a_scan_that_waited_counts_from_when_the_card_was_read(ctx: Flask, clock: Any) -> None:
    door = Door(ctx, late_after_minutes=10)
    clock.shift(timedelta(minutes=30))
    # The page has kept it for 25 minutes: the card was there 5 minutes after the start.
    assert door.scan(age=25 * 60 * 1000)["message"] == "已签到"
    row = door.row()
    assert row is not None
    assert (row.status, row.occurred_at) == (Status.PRESENT, NOW + timedelta(minutes=5))
    assert row.received_at == NOW + timedelta(minutes=30)
    other = make_member("李大华", door.branch)
    assert door.scan(issue_card(other.id, door.scope, NOW))["message"] == "已签到,迟到"


def test_a_scan_that_waited_until_after_closing_goes_to_review(door: Door, clock: Any) -> None:
    nonce = uuid.uuid4().hex
    clock.shift(timedelta(minutes=20))
    take_step(door.session.id, Step.CLOSE, door.scope, NOW + timedelta(minutes=20), tz=TZ)
    clock.shift(timedelta(minutes=5))
    answers = [door.scan(nonce=nonce, age=15 * 60 * 1000) for _ in range(2)]
    assert [answer["kind"] for answer in answers] == ["review", "review"]
    item = db.session.query(ReviewItem).one()
    assert (item.kind, item.member_id) == (ReviewKind.LATE_TICK, door.member.id)
    assert (item.status, item.method) == (Status.PRESENT, Method.STAFF_ENTRY)
    assert item.occurred_at == NOW + timedelta(minutes=10)
    assert item.noted_by_id == door.staff.id
    # Read after the end, it is refused like every other.
    assert door.scan(age=1000)["code"] == "closed"
    assert count(Attendance) == 0


def test_who_was_late_by_the_rule_is_late_when_a_reading_that_waited_is_found_fine(
    ctx: Flask, clock: Any
) -> None:
    door = Door(ctx, late_after_minutes=10)
    take_step(door.session.id, Step.CLOSE, door.scope, NOW + timedelta(minutes=95), tz=TZ)
    clock.shift(timedelta(minutes=100))
    assert door.scan(age=40 * 60 * 1000)["kind"] == "review"
    item = db.session.query(ReviewItem).one()
    decide(item.id, Decision(ReviewState.FINE), door.scope, NOW + timedelta(minutes=101), **RULES)
    row = door.row()
    assert row is not None
    assert (row.status, row.came_at, row.minutes) == (Status.LATE, NOW + timedelta(minutes=60), 30)


def test_a_reading_is_looked_at_though_the_session_closed_while_it_was_under_way(
    door: Door, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = card_scan.require_session

    def closed_meanwhile(*args: Any) -> Any:
        row = look_up(*args)
        take_step(door.session.id, Step.CLOSE, door.scope, NOW + timedelta(seconds=1), tz=TZ)
        return row

    monkeypatch.setattr(card_scan, "require_session", closed_meanwhile)
    assert door.scan()["kind"] == "review"
    assert door.row() is None
    assert count(ReviewItem) == 1


@pytest.mark.parametrize("text", ["{number}", " {number} ", "{full}"])
def test_the_number_printed_on_a_card_does_what_the_card_does(door: Door, text: str) -> None:
    number = f"{db.session.query(MemberCard).one().id:06d}"
    full = number.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    assert door.scan(text.format(number=number, full=full))["name"] == "王小明"


def test_a_card_number_tells_nothing_about_members_of_others(door: Door) -> None:
    neighbour = make_org("Q2", door.root)
    stranger = make_member("赵老伯", neighbour)
    card = issue_card(stranger.id, Scope((door.root.id,), None), NOW)
    number = db.session.query(MemberCard).filter_by(member_id=stranger.id).one().id
    refused = door.scan(f"{number:06d}")
    assert (refused["code"], refused["name"]) == ("unknown_member", "")
    # Whoever holds up the card itself has come.
    assert door.scan(card)["name"] == "赵老伯"


def test_a_hand_scanner_on_a_chinese_keyboard_is_understood(door: Door) -> None:
    typed = door.card.lower().replace(":", "\uff1a")
    assert door.scan(typed)["kind"] == "done"


def test_every_refusal_says_what_happened(door: Door) -> None:
    assert door.scan("BULOU:" + "A" * 32)["message"] == "没有找到这位党员"
    assert door.scan("https://example.org/")["code"] == "unknown_member"
    revoke_card(door.member.id, door.scope, NOW)
    stopped = door.scan()
    assert (stopped["kind"], stopped["name"], stopped["code"]) == ("refused", "王小明", "revoked")
    take_step(door.session.id, Step.CLOSE, door.scope, NOW, tz=TZ)
    fresh = issue_card(door.member.id, door.scope, NOW)
    assert door.scan(fresh)["message"] == "这场签到已经结束"
    neighbour = sign_in(door.app.test_client(), make_staff("n", Role.ORGANISER, make_org("Q2", door.root)))
    token = re.findall(r'name="csrf-token" content="([^"]+)"', neighbour.get("/sessions").text)[0]
    headers = {**door.headers, "X-CSRFToken": token}
    assert neighbour.post(door.url, data={"card": fresh}, headers=headers).status_code == 404


def test_a_card_signs_out_where_the_session_asks_for_it_and_that_is_undone_too(
    ctx: Flask, clock: Any
) -> None:
    door = Door(ctx, asks_sign_out=True)
    assert 'value="leave"' in door.browser.get(door.url).text
    early = door.scan(do="leave")
    assert (early["kind"], early["detail"]) == ("refused", "还没有签到,请先签到。")
    door.scan()
    clock.shift(timedelta(minutes=45))
    left = door.scan(do="leave")
    assert (left["kind"], left["message"]) == ("done", "已签退,早退")
    row = door.row()
    assert row is not None
    assert (row.status, row.minutes) == (Status.LEFT_EARLY, 45)
    door.post("/undo", undo=left["undo"])
    row = door.row()
    assert row is not None
    assert (row.status, row.left_at, row.minutes) == (Status.PRESENT, None, 90)


def test_a_sign_out_sent_again_or_read_before_the_last_one_changes_nothing(ctx: Flask, clock: Any) -> None:
    door = Door(ctx, asks_sign_out=True)
    door.scan()
    clock.shift(timedelta(minutes=45))
    nonce = uuid.uuid4().hex
    first = door.scan(do="leave", nonce=nonce)
    clock.shift(timedelta(seconds=10))
    # The second sending was under way for a second longer than the first.
    again = door.scan(do="leave", nonce=nonce, age=9000)
    older = door.scan(do="leave", age=20 * 60 * 1000)
    for told in (again, older):
        assert (told["kind"], told["message"], told["undo"]) == ("done", "已签退,早退", None)
    row = door.row()
    assert row is not None
    assert row.left_at == NOW + timedelta(minutes=45)
    door.post("/undo", undo=first["undo"])
    row = door.row()
    assert row is not None
    assert (row.status, row.left_at) == (Status.PRESENT, None)


def test_a_sign_out_that_waited_until_after_closing_is_recorded_when_found_fine(
    ctx: Flask, clock: Any
) -> None:
    door = Door(ctx, asks_sign_out=True)
    door.scan()
    take_step(door.session.id, Step.CLOSE, door.scope, NOW + timedelta(minutes=50), tz=TZ)
    clock.shift(timedelta(minutes=55))
    assert door.scan(do="leave", age=10 * 60 * 1000)["kind"] == "review"
    assert door.scan(do="leave", age=1000)["code"] == "closed"
    item = db.session.query(ReviewItem).one()
    assert (item.kind, item.status) == (ReviewKind.LATE_TICK, Status.LEFT_EARLY)
    decide(item.id, Decision(ReviewState.FINE), door.scope, NOW + timedelta(hours=1), **RULES)
    row = door.row()
    assert row is not None
    assert (row.status, row.left_at, row.minutes) == (Status.LEFT_EARLY, NOW + timedelta(minutes=45), 45)
    reopen(item.id, door.scope, NOW + timedelta(hours=2), **RULES)
    row = door.row()
    assert row is not None
    assert (row.status, row.left_at, row.minutes) == (Status.PRESENT, None, 90)


def test_signing_out_is_offered_only_where_it_is_asked_for(door: Door) -> None:
    assert 'value="leave"' not in door.browser.get(door.url).text
    door.scan()
    assert door.scan(do="leave")["detail"] == "这一场不需要签退。"


def test_undo_counts_the_minutes_anew_when_the_session_has_changed(ctx: Flask, clock: Any) -> None:
    door = Door(ctx, asks_sign_out=True)
    door.scan()
    left = door.scan(do="leave")
    with writing() as session:
        session.get_one(TrainingSession, door.session.id).credited_minutes = 60
    door.post("/undo", undo=left["undo"])
    row = door.row()
    assert row is not None
    assert row.minutes == 60


def test_a_scan_asks_the_database_a_fixed_small_number_of_questions(door: Door) -> None:
    with count_queries() as seen:
        door.scan()
    # Who asks, the session, the card, what recording needs (on PostgreSQL a lock), and two counts.
    assert seen.count <= 12, "\n".join(seen.statements)


def test_without_a_script_the_form_records_and_says_so(door: Door) -> None:
    token = door.headers["X-CSRFToken"]
    answer = door.browser.post(door.url, data={"csrf_token": token, "card": door.card})
    assert answer.status_code == 302
    assert "王小明 · 已签到" in door.browser.get(door.url).text
    door.browser.post(door.url, data={"csrf_token": token, "card": "x"})
    assert "没有找到这位党员" in door.browser.get(door.url).text
