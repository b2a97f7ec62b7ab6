"""The day on which a repeated session is proposed."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.trainings.rules import next_same_weekday

DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@given(DAYS, DAYS)
def test_the_proposed_day_is_the_first_same_weekday_after_today_and_after_the_last_one(
    last: date, today: date
) -> None:
    proposed = next_same_weekday(last, today)
    assert proposed.weekday() == last.weekday()
    assert proposed > max(last, today)
    assert proposed - timedelta(days=7) <= max(last, today)


def test_a_friday_of_last_month_becomes_the_coming_friday() -> None:
    assert next_same_weekday(date(2026, 2, 6), date(2026, 3, 2)) == date(2026, 3, 6)
    assert next_same_weekday(date(2026, 2, 6), date(2026, 3, 6)) == date(2026, 3, 13)
