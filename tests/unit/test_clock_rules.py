"""What the clock of a phone that was offline is believed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.checkin.rules_clock import Heard, is_implausible, moment_for_rules

STARTS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NOW = STARTS + timedelta(hours=6)
DAY = date(2026, 3, 2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(("off", "wrong"), [(0, False), (5, False), (-5, False), (6, True), (-6, True)])
def test_a_clock_is_wrong_beyond_five_minutes_either_way(off: int, wrong: bool) -> None:
    assert Heard(NOW, NOW + off * MINUTE).clock_is_wrong is wrong


def test_a_clock_that_was_not_told_is_not_called_wrong() -> None:
    assert Heard(NOW).offset is None
    assert not Heard(NOW).clock_is_wrong


@pytest.mark.parametrize(
    ("occurred_at", "seen_on", "implausible"),
    [
        (NOW + 5 * MINUTE, DAY, False),
        (NOW + 6 * MINUTE, DAY, True),
        (STARTS - 24 * HOUR, DAY - timedelta(days=1), False),
        (STARTS - 48 * HOUR, DAY - timedelta(days=2), True),
    ],
)
def test_a_time_ahead_of_its_arrival_or_days_before_the_session_is_implausible(
    occurred_at: datetime, seen_on: date, implausible: bool
) -> None:
    assert is_implausible(occurred_at, Heard(NOW), seen_on, DAY) is implausible


def test_a_known_offset_puts_the_time_right() -> None:
    heard = Heard(NOW, NOW + 3 * HOUR)
    assert moment_for_rules(STARTS + 3 * HOUR, heard, False, STARTS) == STARTS
    assert moment_for_rules(NOW + 4 * HOUR, heard, True, STARTS) == NOW, "never later than it came in"


def test_an_unknown_wrong_clock_makes_nobody_late() -> None:
    assert moment_for_rules(NOW + HOUR, Heard(NOW), True, STARTS) == STARTS
    assert moment_for_rules(STARTS + HOUR, Heard(NOW), False, STARTS) == STARTS + HOUR
