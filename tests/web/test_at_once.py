"""A check-in in one statement, and that nothing is taken from memory which the database says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.attendance.models import Attendance
from app.checkin.models import MemberBinding
from app.checkin.services import present
from app.core.db import db
from app.core.vocabulary import SessionState, Status
from app.trainings.models import TrainingSession
from tests.factories import count, make_org
from tests.load import Attendant, Hall, make_crowd, open_hall


class Hallway:
    """An open session that one member has checked in to, so that it is known; and how often that served."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.at_once = app, 0
        make_org("A")
        self.crowd = make_crowd(app, 4)
        self.hall = open_hall(app, expecting=self.crowd[:2])
        real = present.record_at_once

        def counting(*args: Any, **more: Any) -> Any:
            done = real(*args, **more)
            self.at_once += done is not None
            return done

        monkeypatch.setattr(present, "record_at_once", counting)
        assert self.post(self.crowd[0]).status_code == 201
        assert self.at_once == 0, "nobody knew the session yet"

    def post(self, one: Attendant) -> Any:
        body = {"code": self.hall.code(), "member_token": one.token, "nonce": one.nonce}
        return self.app.test_client().post("/api/v1/checkins", json=body)

    def row(self, one: Attendant) -> Attendance | None:
        db.session.rollback()
        found = Attendance.session_id == self.hall.session_id, Attendance.member_id == one.member_id
        return db.session.scalar(select(Attendance).where(*found))

    def change(self, **columns: Any) -> None:
        db.session.execute(update(TrainingSession).values(**columns))
        db.session.commit()


@pytest.fixture
def hallway(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> Hallway:
    return Hallway(ctx, monkeypatch)


def test_the_next_is_recorded_at_once_with_the_same_row(hallway: Hallway) -> None:
    assert [hallway.post(one).status_code for one in hallway.crowd[1:]] == [201] * 3
    assert hallway.at_once == 3
    first, *others = (hallway.row(one) for one in hallway.crowd)
    own = {"member_id", "nonce", "device", "occurred_at", "received_at", "is_extra"}
    for row in others:
        for column in Attendance.__table__.columns:
            if column.key not in own:
                assert getattr(row, column.key) == getattr(first, column.key), column.key
    assert [row is not None and row.is_extra for row in others] == [False, True, True]
    assert [row and row.nonce for row in others] == [one.nonce for one in hallway.crowd[1:]]


def test_a_repeat_is_told_so(hallway: Hallway) -> None:
    assert hallway.post(hallway.crowd[1]).status_code == 201
    again = hallway.post(hallway.crowd[1])
    assert (again.status_code, again.json["result"]) == (200, "already_recorded")
    assert count(Attendance) == 2


def test_a_session_that_has_closed_takes_nobody(hallway: Hallway) -> None:
    hallway.change(state=SessionState.CLOSED)
    answer = hallway.post(hallway.crowd[1])
    assert (answer.status_code, answer.json["code"]) == (409, "closed")
    assert hallway.row(hallway.crowd[1]) is None


def test_a_changed_rule_holds_from_the_next_on(hallway: Hallway) -> None:
    begin = datetime.now(UTC) - timedelta(minutes=30)
    hallway.change(starts_at=begin, late_after_minutes=10)
    assert hallway.post(hallway.crowd[1]).json == {"result": "recorded", "status": "late"}
    assert hallway.at_once == 0
    assert hallway.post(hallway.crowd[2]).json == {"result": "recorded", "status": "late"}
    assert hallway.at_once == 1, "and is known from then on"


def test_a_renewed_secret_makes_old_codes_worthless(hallway: Hallway) -> None:
    hallway.change(code_secret=b"n" * 32)
    answer = hallway.post(hallway.crowd[1])
    assert (answer.status_code, answer.json["code"]) == (404, "code_unknown")
    hallway.hall = Hall(hallway.hall.session_id, b"n" * 32)
    assert hallway.post(hallway.crowd[1]).status_code == 201


def test_a_revoked_phone_and_a_stranger_are_refused(hallway: Hallway) -> None:
    gone, stranger = hallway.crowd[1], Attendant(0, "nobody", "n")
    revoked = update(MemberBinding).where(MemberBinding.member_id == gone.member_id)
    db.session.execute(revoked.values(revoked_at=datetime.now(UTC)))
    db.session.commit()
    assert hallway.post(gone).json["code"] == "revoked"
    assert hallway.post(stranger).json["code"] == "unknown_member"
    assert count(Attendance) == 1


def test_somebody_on_leave_who_came_after_all_is_present(hallway: Hallway) -> None:
    one = hallway.crowd[1]
    assert hallway.post(one).status_code == 201
    excused = update(Attendance).where(Attendance.member_id == one.member_id)
    db.session.execute(excused.values(status=Status.EXCUSED, nonce=None))
    db.session.commit()
    assert hallway.post(one).json == {"result": "recorded", "status": "present"}
    row = hallway.row(one)
    assert row is not None
    assert row.status is Status.PRESENT
