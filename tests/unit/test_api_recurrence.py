"""Which days a recurrence falls on, and which rules are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trainings.rules_recurrence import MOST_OCCURRENCES, RecurrenceRefused, occurrences

TZ = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 9 o'clock in the office
END = START + timedelta(hours=2)


def days(rule: str, tz: ZoneInfo = TZ) -> list[str]:
    return [starts.astimezone(tz).date().isoformat() for starts, _ends in occurrences(rule, START, END, tz)]


def test_days_of_common_rules() -> None:
    assert days("FREQ=WEEKLY;COUNT=3") == ["2026-03-02", "2026-03-09", "2026-03-16"]
    assert days("RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3;") == ["2026-03-02", "2026-03-04", "2026-03-06"]
    assert days("freq=monthly;byday=1mo;count=2") == ["2026-03-02", "2026-04-06"]
    assert days("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2") == ["2026-03-31", "2026-04-30"]
    assert days("FREQ=WEEKLY;BYDAY=TU,FR;COUNT=3") == ["2026-03-03", "2026-03-06", "2026-03-10"]


def test_until_includes_its_day_and_reads_instants_in_the_offices_zone() -> None:
    assert days("FREQ=WEEKLY;UNTIL=20260316") == ["2026-03-02", "2026-03-09", "2026-03-16"]
    assert days("FREQ=WEEKLY;UNTIL=20260316T010000Z")[-1] == "2026-03-16"
    assert days("FREQ=WEEKLY;UNTIL=20260316T005959Z")[-1] == "2026-03-09"
    assert days("FREQ=WEEKLY;UNTIL=20260316T085959")[-1] == "2026-03-09"


def test_the_clock_shows_the_same_on_each_day_also_across_a_change_of_the_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 23, 8, 0, tzinfo=berlin)
    found = occurrences("FREQ=WEEKLY;COUNT=2", start, start + timedelta(hours=1), berlin)
    assert [(each.hour, ends.hour) for each, ends in found] == [(8, 9), (8, 9)]
    assert found[1][0].astimezone(UTC) - found[0][0].astimezone(UTC) == timedelta(days=7, hours=-1)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("", "invalid"),
        ("COUNT=3", "invalid"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20270101", "invalid"),
        ("FREQ=WEEKLY;COUNT=2;COUNT=3", "invalid"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=2", "invalid"),
        ("FREQ=WEEKLY;COUNT=0", "invalid"),
        ("FREQ=WEEKLY;BYHOUR=3;COUNT=2", "invalid"),
        ("FREQ=WEEKLY;BYMONTH=13;COUNT=2", "invalid"),
        ("FREQ=SECONDLY;COUNT=2", "invalid"),
        ("FREQ=WEEKLY;UNTIL=20261350", "invalid"),
        ("FREQ=WEEKLY;UNTIL=99990101T000000Z", "invalid"),
        ("FREQ=WEEKLY\nRDATE:20260101T000000", "invalid"),
        ("FREQ=DAILY", "endless"),
        ("FREQ=DAILY;COUNT=201", "too_many"),
        ("FREQ=DAILY;UNTIL=20280101", "too_many"),
        ("FREQ=WEEKLY;UNTIL=20400101", "too_far"),
        ("FREQ=MONTHLY;COUNT=100", "too_far"),
        ("FREQ=WEEKLY;UNTIL=20260101", "no_day"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", "no_day"),
    ],
)
def test_rules_that_cannot_be_are_refused(rule: str, code: str) -> None:
    with pytest.raises(RecurrenceRefused) as refused:
        occurrences(rule, START, END, TZ)
    assert refused.value.code == code


PARTS = st.sampled_from(
    [
        "FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY", "COUNT=5", "COUNT=200", "UNTIL=20270630",
        "INTERVAL=3", "INTERVAL=999", "BYDAY=MO", "BYDAY=-1FR,2TU", "BYMONTHDAY=31", "BYMONTHDAY=-31",
        "BYMONTH=2,12", "BYYEARDAY=366", "BYWEEKNO=53", "BYSETPOS=-1", "BYSETPOS=1", "WKST=SU", "X=1",
    ]
)  # fmt: skip


@given(st.lists(PARTS, max_size=6))
def test_any_rule_is_either_refused_or_gives_a_bounded_rising_series(parts: list[str]) -> None:
    try:
        found = occurrences(";".join(parts), START, END, TZ)
    except RecurrenceRefused:
        return
    starts = [each for each, _ends in found]
    assert 0 < len(starts) <= MOST_OCCURRENCES
    assert starts == sorted(set(starts))
    assert starts[0] >= START
    assert all(ends - each == timedelta(hours=2) for each, ends in found)
