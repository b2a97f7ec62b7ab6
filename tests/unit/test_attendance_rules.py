"""Coming late and leaving early, by the session's rule; and who gives way to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.attendance.rules import Arrival, arrival
from app.core.vocabulary import Method, Status

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
SPAN = (START, START + timedelta(hours=2))


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.mark.parametrize("method", [Method.MEMBER_SCAN, Method.STAFF_SCAN, Method.PERSONAL_LINK])
def test_a_check_in_after_the_grace_is_late_from_that_moment(method: Method) -> None:
    assert arrival(Status.PRESENT, method, after(15), SPAN, 15) == Arrival(Status.PRESENT)
    assert arrival(Status.PRESENT, method, after(15.1), SPAN, 15) == Arrival(Status.LATE, after(15.1))


def test_without_a_rule_nobody_is_late() -> None:
    assert arrival(Status.PRESENT, Method.MEMBER_SCAN, after(110), SPAN, None) == Arrival(Status.PRESENT)


def test_what_staff_enter_afterwards_is_taken_as_they_say_it() -> None:
    assert arrival(Status.PRESENT, Method.PAPER, after(300), SPAN, 15) == Arrival(Status.PRESENT)
    assert arrival(Status.LATE, Method.STAFF_ENTRY, after(300), SPAN, 15) == Arrival(Status.LATE)


def test_a_tick_during_the_session_knows_its_time() -> None:
    assert arrival(Status.LATE, Method.STAFF_ENTRY, after(40), SPAN, None) == Arrival(Status.LATE, after(40))
    left = arrival(Status.LEFT_EARLY, Method.STAFF_ENTRY, after(40), SPAN, None)
    assert left == Arrival(Status.LEFT_EARLY, left_at=after(40))


def test_a_check_in_after_the_end_counts_nothing_before_it() -> None:
    assert arrival(Status.PRESENT, Method.MEMBER_SCAN, after(130), SPAN, 15).came_at == SPAN[1]
