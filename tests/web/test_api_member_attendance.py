"""What was recorded of one member, over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete

from app.attendance.models import Attendance
from app.core.db import writing
from app.core.paging import encode_cursor
from app.core.vocabulary import Status
from tests.api_world import World, refusal, wrong_fields
from tests.factories import attend, make_session

MORNING = datetime(2019, 6, 3, 1, 0, tzinfo=UTC)


@pytest.fixture
def world(ctx: Flask) -> World:
    return World(ctx)


def recorded(world: World, *starts: datetime, status: Status = Status.PRESENT) -> list[int]:
    """Ids of sessions of branch QA that the first member is recorded at."""
    sessions = [make_session(world.a, starts_at=start) for start in starts]
    for each in sessions:
        attend(each, world.people[0], status=status)
    return [each.id for each in sessions]


def test_what_was_recorded_of_a_member_is_listed_latest_first(world: World) -> None:
    early, late = recorded(world, MORNING, MORNING + timedelta(days=300))
    [absent] = recorded(world, MORNING + timedelta(hours=5), status=Status.ABSENT)
    path = f"/members/{world.ids[0]}/attendance"
    found = world.secretary_a.get(path).get_json()
    assert [row["session"] for row in found["items"]] == [late, absent, early]
    assert found["next"] is None
    assert found["items"][2] == {
        "session": early, "date": "2019-06-03", "starts_at": "2019-06-03T09:00:00+08:00", "title": "学习",
        "kind": "theme_day", "host_name": "甲支部", "venue": None, "status": "present",
        "excuse_reason": None, "method": "staff_entry", "minutes": 120, "is_extra": False,
        "is_counted": True,
    }  # fmt: skip
    assert found["items"][1]["is_counted"] is False
    in_year = world.secretary_a.get(path, year=2019).get_json()["items"]
    assert [row["session"] for row in in_year] == [absent, early]
    assert world.secretary_a.get(f"/members/{world.ids[1]}/attendance").get_json()["items"] == []


def test_pages_go_on_after_a_row_although_one_before_it_was_taken_back(world: World) -> None:
    same = [MORNING] * 3
    ids = recorded(world, *same, MORNING - timedelta(hours=1), MORNING - timedelta(days=1))
    path = f"/members/{world.ids[0]}/attendance"
    page = world.admin.get(path, limit=2).get_json()
    seen = [row["session"] for row in page["items"]]
    with writing() as session:
        session.execute(delete(Attendance).where(Attendance.session_id == ids[0]))
    while page["next"]:
        page = world.admin.get(path, limit=2, cursor=page["next"]).get_json()
        seen += [row["session"] for row in page["items"]]
    assert seen == ids


def test_a_member_of_elsewhere_is_not_found_and_a_made_up_cursor_is_refused(world: World) -> None:
    assert refusal(world.secretary_b.get(f"/members/{world.ids[0]}/attendance")) == (404, "not_found")
    for cursor in (
        "x",
        encode_cursor(3),
        encode_cursor("2019-06-03", "2019-06-03T09:00:00", 1),
        encode_cursor("2019-06-03", "no day", 1),
        encode_cursor("0001-01-01", "2019-06-03T09:00:00+08:00", 1),
    ):
        answer = world.admin.get(f"/members/{world.ids[0]}/attendance", cursor=cursor)
        assert wrong_fields(answer) == {"cursor": "invalid"}
