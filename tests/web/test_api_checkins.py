"""Check-ins over the API: by a bound phone, by card, by staff, and in batches."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.attendance.models import Attendance, ReviewItem
from app.checkin.rules import long_code, short_code, step_of
from app.checkin.services.cards import issue_card, revoke_card
from app.core.access import Scope
from app.core.db import db
from app.core.vocabulary import SessionState
from app.trainings.models import TrainingSession
from tests.api_world import SESSION, World, refusal, wrong_fields
from tests.factories import count

STEP_SECONDS = 15


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def scan(world: World, code: str, token: str, **more: Any) -> TestResponse:
    return world.nobody.post("/checkins", {"code": code, "member_token": token, **more})


def test_a_bound_phone_checks_in_by_address_last_part_or_digits_without_a_bearer_token(world: World) -> None:
    session_id = world.open_session()
    for index, member_id in enumerate(world.ids):
        code = world.admin.get(f"/sessions/{session_id}/code").get_json()
        forms = (code["url"], code["url"].rsplit("/", 1)[1], code["short_code"])
        answer = scan(world, forms[index], world.bind(member_id), nonce=str(uuid.uuid4()))
        assert (answer.status_code, answer.get_json()) == (201, {"result": "recorded", "status": "present"})
    assert world.admin.get(f"/sessions/{session_id}").get_json()["attended"] == 3


def test_a_second_scan_adds_no_second_attendance(world: World) -> None:
    session_id = world.open_session()
    code = world.admin.get(f"/sessions/{session_id}/code").get_json()["url"]
    token = world.bind(world.ids[0])
    assert scan(world, code, token).status_code == 201
    again = scan(world, code, token)
    assert again.status_code == 200
    assert set(again.get_json()) == {"result", "status", "recorded_at"}
    assert (again.get_json()["result"], again.get_json()["status"]) == ("already_recorded", "present")
    assert again.get_json()["recorded_at"].endswith("+08:00")
    with world.app.app_context():
        assert count(Attendance) == 1


def test_codes_that_do_not_pass_say_why(world: World) -> None:
    token = world.bind(world.ids[0])

    def code_of(session_id: int, steps_ago: int = 0) -> str:
        step = step_of(datetime.now(UTC), STEP_SECONDS) - steps_ago
        return long_code(b"s" * 32, session_id, step)

    opened = world.session_in(SessionState.OPEN)
    assert refusal(scan(world, code_of(opened, 3), token)) == (410, "code_expired")
    assert refusal(scan(world, code_of(opened)[:-4] + "AAAA", token)) == (404, "code_unknown")
    assert refusal(scan(world, "nonsense", token)) == (404, "code_unknown")
    assert refusal(scan(world, code_of(opened), "made-up")) == (404, "unknown_member")
    for state, code in (
        (SessionState.DRAFT, "not_open"),
        (SessionState.PUBLISHED, "not_open"),
        (SessionState.CLOSED, "closed"),
        (SessionState.CANCELLED, "cancelled"),
    ):
        assert refusal(scan(world, code_of(world.session_in(state)), token)) == (409, code)
    world.admin.delete(f"/members/{world.ids[0]}/bindings")
    assert refusal(scan(world, code_of(opened), token)) == (403, "revoked")


def test_guessing_digits_ends_in_429(world: World) -> None:
    world.open_session()
    token = world.bind(world.ids[0])
    answers = [refusal(scan(world, f"{n:06d}", token)) for n in range(12)]
    assert answers[0] == (404, "code_unknown")
    assert answers[-1] == (429, "too_many_tries")


def test_staff_check_in_by_card(world: World) -> None:
    session_id = world.open_session()
    with world.app.app_context():
        everything = Scope((world.root.id,), None)
        card = issue_card(world.ids[0], everything, datetime.now(UTC))
    body = {"session": session_id, "card": card}
    assert refusal(world.nobody.post("/checkins", body)) == (401, "not_signed_in")
    assert refusal(world.supervisor.post("/checkins", body)) == (403, "forbidden")
    assert refusal(world.secretary_b.post("/checkins", body)) == (403, "out_of_scope")
    answers = [world.secretary_a.post("/checkins", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].get_json() == {"result": "recorded", "status": "present"}
    assert refusal(world.admin.post("/checkins", {**body, "card": "BULOU:X"})) == (404, "unknown_member")
    with world.app.app_context():
        revoke_card(world.ids[0], everything, datetime.now(UTC))
    assert refusal(world.admin.post("/checkins", body)) == (403, "revoked")


def test_staff_record_what_they_see(world: World) -> None:
    session_id = world.open_session()
    body = {
        "session": session_id,
        "member": world.ids[0],
        "method": "paper",
        "status": "late",
        "occurred_at": "2026-03-02T09:20:00+08:00",
    }
    assert refusal(world.nobody.post("/checkins", body)) == (401, "not_signed_in")
    answers = [world.secretary_a.post("/checkins", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].get_json() == {"result": "recorded", "status": "late"}
    with world.app.app_context():
        row = db.session.get_one(Attendance, (session_id, world.ids[0]))
        assert (row.method, row.occurred_at) == ("paper", datetime(2026, 3, 2, 1, 20, tzinfo=UTC))
        assert row.recorded_by_id is not None
    plain = {"session": session_id, "member": world.ids[1], "method": "staff_entry"}
    assert world.admin.post("/checkins", plain).get_json() == {"result": "recorded", "status": "present"}
    stranger = {"session": session_id, "member": 999_999, "method": "staff_entry"}
    assert refusal(world.admin.post("/checkins", stranger)) == (404, "unknown_member")
    assert wrong_fields(world.admin.post("/checkins", {**plain, "method": "member_scan"})) == {
        "method": "unknown"
    }


def test_a_body_of_no_form_or_of_two_is_refused(world: World) -> None:
    assert wrong_fields(world.admin.post("/checkins", {})) == {"body": "unknown_form"}
    two = {"code": "1", "member_token": "x", "session": 1}
    assert wrong_fields(world.admin.post("/checkins", two)) == {"session": "unknown_field"}


def item(session_id: int, member_id: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "session": session_id,
        "member": member_id,
        "status": "present",
        "method": "staff_entry",
        "occurred_at": "2026-03-02T09:05:00+08:00",
        **changes,
    }


def test_a_batch_answers_each_item_and_the_same_when_it_is_sent_again(world: World) -> None:
    session_id = world.open_session()
    cancelled = world.session_in(SessionState.CANCELLED)
    recorded = {"session": session_id, "member": world.ids[1], "method": "paper"}
    assert world.admin.post("/checkins", recorded).status_code == 201
    items = [
        item(session_id, world.ids[0]),
        item(session_id, world.ids[1]),
        item(session_id, 999_999),
        item(cancelled, world.ids[0]),
    ]
    body = {"device": "tablet-1", "items": items}
    answers = [world.secretary_a.post("/checkins/batch", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    first, second = (answer.get_json()["items"] for answer in answers)
    assert [line["id"] for line in first] == [each["id"] for each in items]
    assert [line["result"] for line in first] == [
        "recorded",
        "already_recorded",
        "unknown_member",
        "cancelled",
    ]
    assert second == first
    with world.app.app_context():
        assert count(Attendance) == 2


def test_a_batch_with_a_wrong_item_names_it(world: World) -> None:
    body = {"device": "tablet-1", "items": [item(1, 1), item(1, 1, id="no-uuid", status="asleep")]}
    assert wrong_fields(world.admin.post("/checkins/batch", body)) == {
        "items.1.id": "invalid",
        "items.1.status": "unknown",
    }


def test_no_device_of_a_batch_passes_itself_off_as_a_phone_of_a_round(world: World) -> None:
    body = {"device": "round-north", "items": [item(1, 1)]}
    assert wrong_fields(world.admin.post("/checkins/batch", body)) == {"device": "invalid"}


def test_the_code_of_another_branch_does_not_leave_its_scope(world: World) -> None:
    session_id = world.open_session()
    made = world.secretary_b.post("/sessions", {**SESSION, "host_org": "QB", "audience": {}})
    assert made.status_code == 201
    body = {"session": session_id, "member": world.neighbour_id, "method": "staff_entry"}
    assert refusal(world.secretary_b.post("/checkins", body)) == (403, "out_of_scope")


def test_a_resent_batch_does_not_undo_a_correction(world: World) -> None:
    session_id = world.open_session()
    body = {"device": "tablet-1", "items": [item(session_id, world.ids[0])]}
    first = world.secretary_a.post("/checkins/batch", body).get_json()
    path = f"/sessions/{session_id}/attendance/{world.ids[0]}"
    for correction in ("absent", None):
        world.admin.patch(path, {"status": correction, "reason": "登记错人"})
        assert world.secretary_a.post("/checkins/batch", body).get_json() == first
        counts = world.admin.get(f"/sessions/{session_id}").get_json()
        assert (counts["attended"], counts["absent"]) == (0, 1 if correction else 0)


def test_a_repeat_under_the_same_nonce_is_known_after_its_code_has_expired(world: World) -> None:
    opened = world.session_in(SessionState.OPEN)
    token, nonce = world.bind(world.ids[0]), str(uuid.uuid4())
    step = step_of(datetime.now(UTC), STEP_SECONDS)
    assert scan(world, long_code(b"s" * 32, opened, step), token, nonce=nonce).status_code == 201
    old = long_code(b"s" * 32, opened, step - 9)
    assert scan(world, old, token, nonce=nonce).status_code == 200
    assert refusal(scan(world, old, token, nonce=str(uuid.uuid4()))) == (410, "code_expired")


def test_digits_that_were_good_a_minute_ago_have_expired(world: World) -> None:
    opened = world.open_session()
    with world.app.app_context():
        secret = db.session.get_one(TrainingSession, opened).code_secret
    old = short_code(secret, opened, step_of(datetime.now(UTC), STEP_SECONDS) - 5)
    assert refusal(scan(world, old, world.bind(world.ids[0]))) == (410, "code_expired")


def test_a_batch_of_a_closed_session_waits_for_a_person_and_says_so_again(world: World) -> None:
    session_id = world.open_session()
    body = {"device": "tablet-1", "items": [item(session_id, world.ids[0])]}
    assert world.admin.post(f"/sessions/{session_id}/close").status_code == 200
    answers = [world.secretary_a.post("/checkins/batch", body).get_json() for _ in range(2)]
    assert answers[0]["items"][0]["result"] == "needs_review"
    assert answers[1] == answers[0]
    stranger = {"device": "tablet-1", "items": [item(session_id, world.neighbour_id)]}
    lines = world.secretary_b.post("/checkins/batch", stranger).get_json()["items"]
    assert [line["result"] for line in lines] == ["out_of_scope"], "nothing is kept for a stranger's session"
    with world.app.app_context():
        assert (count(Attendance), count(ReviewItem)) == (0, 1)


def test_a_batch_sent_by_a_wrong_clock_is_recorded_and_shown(world: World) -> None:
    session_id = world.open_session()
    body = {
        "device": "tablet-1",
        "sent_at": "2026-03-02T09:06:00+08:00",
        "items": [item(session_id, member_id) for member_id in world.ids],
    }
    lines = world.secretary_a.post("/checkins/batch", body).get_json()["items"]
    assert [line["result"] for line in lines] == ["recorded"] * 3
    with world.app.app_context():
        found = db.session.query(ReviewItem).one()
        assert (found.kind, found.subject, found.evidence["count"]) == ("wrong_clock", "tablet-1", 3)


def test_a_round_is_taken_listed_and_stopped(world: World) -> None:
    session_id = world.open_session()
    path = f"/sessions/{session_id}/rounds"
    taken = world.secretary_a.post(path, {"members": world.ids})
    assert taken.status_code == 201
    round_id = taken.get_json()["id"]
    assert [one["name"] for one in taken.get_json()["people"]] == ["李四", "王五", "张三"]
    [listed] = world.admin.get(path).get_json()["items"]
    assert (listed["id"], listed["people"], listed["revoked_at"]) == (round_id, 3, None)
    assert refusal(world.secretary_b.delete(f"{path}/{round_id}")) == (404, "not_found")
    assert world.admin.delete(f"{path}/{round_id}").status_code == 204
    assert world.admin.get(path).get_json()["items"][0]["revoked_at"]
