"""What a page at a glance shows, and which months lack a duty."""

from datetime import date

import pytest

from app.reports.rules import Period
from app.reports.rules_glance import duty_span, glance_period, lacks_duty, months_begun, running_total

TODAY = date(2026, 11, 27)
HELD_IN_MARCH = (0, 0, 2, *[0] * 9)


def test_the_glance_is_of_this_month_unless_this_year_has_nothing_yet() -> None:
    assert glance_period(Period.of_year(2026), TODAY) == Period.of_month(2026, 11)
    assert glance_period(Period.of_year(2019), TODAY) == Period.of_year(2019)


def test_a_year_shows_the_months_that_have_begun() -> None:
    assert list(months_begun(2019, TODAY)) == list(range(1, 13))
    assert list(months_begun(2026, TODAY)) == list(range(1, 12))
    assert list(months_begun(2027, TODAY)) == [1]


def test_members_are_counted_from_the_month_that_first_reached_them() -> None:
    assert running_total({0: 5, 1: 2, 3: 1, 12: 4}) == [2, 2, *[3] * 9, 7]


@pytest.mark.parametrize(
    ("frequency", "month", "first", "last"),
    [("monthly", 5, 5, 5), ("quarterly", 5, 4, 6), ("quarterly", 12, 10, 12), ("yearly", 5, 1, 12)],
)
def test_a_duty_is_due_once_in_its_month_quarter_or_year(
    frequency: str, month: int, first: int, last: int
) -> None:
    assert list(duty_span(frequency, month)) == list(range(first, last + 1))


def test_the_quarter_of_a_day_has_three_whole_months() -> None:
    assert Period.of_quarter(date(2026, 11, 27)) == Period(date(2026, 10, 1), date(2026, 12, 31))
    assert Period.of_quarter(date(2024, 2, 29)) == Period(date(2024, 1, 1), date(2024, 3, 31))


@pytest.mark.parametrize(
    ("span", "opened_on", "lacks"),
    [
        (range(3, 4), None, False),
        (range(2, 3), None, True),
        (range(1, 4), None, False),
        (range(4, 7), None, True),
        (range(2, 3), date(2019, 2, 1), True),
        (range(2, 3), date(2019, 2, 2), False),
        (range(2, 3), date(2020, 1, 1), False),
    ],
)
def test_a_branch_lacks_a_duty_it_could_have_held_and_did_not(
    span: range, opened_on: date | None, lacks: bool
) -> None:
    assert lacks_duty(HELD_IN_MARCH, span, 2019, opened_on) is lacks
