"""Steps of a session and the split of its minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.vocabulary import SessionState
from app.trainings.rules import (
    Stay,
    Step,
    is_due_to_close,
    is_due_to_open,
    next_state,
    possible_steps,
    split_credit,
)

TZ = ZoneInfo("Asia/Shanghai")


def local(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=TZ)


def test_a_session_goes_its_way_and_no_other() -> None:
    way = [Step.PUBLISH, Step.OPEN, Step.CLOSE]
    state: SessionState | None = SessionState.DRAFT
    for step in way:
        assert state is not None
        state = next_state(state, step)
    assert state is SessionState.CLOSED
    assert possible_steps(SessionState.CANCELLED) == frozenset()
    assert next_state(SessionState.CLOSED, Step.CANCEL) is None
    assert next_state(SessionState.DRAFT, Step.OPEN) is None


@pytest.mark.parametrize(
    ("start", "end", "credited", "morning"),
    [
        (local(9), local(11), 120, 120),
        (local(14), local(16), 120, 0),
        (local(9, 30), local(15, 30), 360, 180),
        (local(19), local(21), 90, 0),
        (local(12), local(13), 60, 30),
    ],
)
def test_minutes_are_shared_between_the_halves_of_the_day(
    start: datetime, end: datetime, credited: int, morning: int
) -> None:
    credit = split_credit(start, end, credited, TZ)
    assert (credit.total, credit.morning) == (credited, morning)


@given(st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 1440))
def test_the_morning_is_never_more_than_the_whole(begin: int, length: int, credited: int) -> None:
    start = local(0) + timedelta(minutes=begin)
    credit = split_credit(start.astimezone(UTC), start + timedelta(minutes=length), credited, TZ)
    assert 0 <= credit.morning <= credit.total == credited


def test_an_empty_span_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after"):
        split_credit(local(9), local(9), 60, TZ)


def test_the_scheduler_keeps_to_the_window() -> None:
    opens, closes = local(8, 30), local(11, 30)
    assert not is_due_to_open(SessionState.PUBLISHED, opens, closes, local(8, 29))
    assert is_due_to_open(SessionState.PUBLISHED, opens, closes, local(8, 30))
    assert not is_due_to_open(SessionState.PUBLISHED, opens, closes, local(11, 30))
    assert not is_due_to_open(SessionState.DRAFT, opens, closes, local(9))
    assert is_due_to_close(SessionState.OPEN, opens, closes, closes)
    assert not is_due_to_close(SessionState.OPEN, closes, closes, local(23))


def test_minutes_count_from_coming_until_leaving() -> None:
    start, end = local(9), local(11)
    came_late = Stay(came_at=local(9) + timedelta(minutes=30))
    assert split_credit(start, end, 120, TZ, stay=came_late).total == 90
    left = Stay(came_at=came_late.came_at, left_at=local(10) + timedelta(minutes=30))
    assert split_credit(start, end, 120, TZ, stay=left).total == 60
    assert split_credit(start, end, 60, TZ, stay=left).total == 30, "half of what the whole is credited"


def test_leaving_just_before_the_end_is_staying_until_the_end() -> None:
    stay = Stay(left_at=local(11) - timedelta(minutes=5))
    assert split_credit(local(9), local(11), 120, TZ, stay=stay).total == 120


def test_a_stay_outside_the_session_is_credited_nothing() -> None:
    assert split_credit(local(9), local(11), 120, TZ, stay=Stay(left_at=local(8))).total == 0
    assert split_credit(local(9), local(11), 120, TZ, stay=Stay(came_at=local(11))).total == 0


def test_a_session_delivered_in_part_is_credited_in_part() -> None:
    assert split_credit(local(9), local(11), 120, TZ, effective=60).total == 60
    assert split_credit(local(9), local(11), 90, TZ, effective=60).total == 45
    assert split_credit(local(9), local(11), 120, TZ, effective=500).total == 120


def test_of_a_session_that_broke_off_no_minute_is_taken_twice() -> None:
    def credit(credited: int = 120, **stay: int) -> int:
        times = Stay(**{name: local(9) + timedelta(minutes=minutes) for name, minutes in stay.items()})
        return split_credit(local(9), local(11), credited, TZ, effective=60, stay=times).total

    assert credit(left_at=60) == credit(left_at=56) == credit() == 60, "everybody leaves when it breaks off"
    assert credit(left_at=30) == credit(came_at=30) == 30
    assert credit(90, came_at=30) == 22, "a quarter of what the whole is credited"
    assert credit(came_at=70) == 0


def test_a_morning_that_was_missed_is_not_credited_to_the_morning() -> None:
    stay = Stay(came_at=local(12) + timedelta(minutes=30))
    credit = split_credit(local(11), local(14), 180, TZ, stay=stay)
    assert (credit.total, credit.morning) == (90, 0)
