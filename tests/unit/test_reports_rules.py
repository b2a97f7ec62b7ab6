"""The arithmetic of figures: rates, hours, duties, periods, the suggested way, and cells of files."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.vocabulary import Group
from app.reports.exports import csv_bytes, text_table
from app.reports.rules import (
    Period,
    duty_score,
    hours_of,
    preset_periods,
    share,
    snapshot_day,
    suggested_mode,
    year_to_show,
)
from app.reports.tables import Cell, Column, Look, Table, TableRow

NEVER_OPENED = None


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_rate_is_one_only_when_nobody_is_missing(part: int, whole: int) -> None:
    part = min(part, whole)
    rate = share(part, whole)
    if whole == 0:
        assert rate is None
        return
    assert rate is not None
    assert 0 <= rate <= 1
    assert (rate == 1) == (part == whole)
    assert abs(rate - part / whole) <= 0.0001


@given(st.integers(0, 10**6), st.sampled_from([40, 45, 60]))
def test_hours_are_told_to_the_hundredth(minutes: int, per_hour: int) -> None:
    assert abs(hours_of(minutes, per_hour) - minutes / per_hour) <= 0.005 + 1e-9
    assert hours_of(45, 60) == 0.75


@pytest.mark.parametrize(
    ("groups", "way"),
    [
        ((), "in_person"),
        ((Group.ELDERLY, Group.MOBILE, Group.RURAL), "online"),
        ((Group.ELDERLY, Group.NEW_ORG), "home_visit"),
        ((Group.EXEMPT,), "home_visit"),
        ((Group.NEW_ORG, Group.RURAL), "night_school"),
        ((Group.RURAL,), "group_reading"),
        ((Group.RETIRED, Group.LOST_CONTACT), "in_person"),
    ],
)
def test_who_is_away_is_reached_online_before_anything_else(groups: tuple[Group, ...], way: str) -> None:
    assert suggested_mode(groups) == way


def test_a_monthly_duty_is_not_owed_before_its_month_has_ended() -> None:
    held = (1, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    running = duty_score("monthly", held, 2019, NEVER_OPENED, date(2019, 5, 20))
    # January to April have ended; May runs, but is met already.
    assert (running.met, running.due) == (3, 5)
    ended = duty_score("monthly", held, 2019, NEVER_OPENED, date(2019, 12, 31))
    assert (ended.met, ended.due, ended.rate) == (3, 12, 0.25)


def test_a_quarterly_duty_is_met_once_a_quarter_however_often_it_is_held() -> None:
    held = (3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    assert duty_score("quarterly", held, 2019, NEVER_OPENED, date(2019, 12, 31)).rate == 0.5
    assert duty_score("yearly", held, 2019, NEVER_OPENED, date(2019, 12, 31)).rate == 1


def test_a_branch_owes_nothing_for_the_time_before_it_opened() -> None:
    held = (0,) * 12
    score = duty_score("monthly", held, 2019, date(2019, 10, 15), date(2019, 12, 31))
    assert (score.met, score.due) == (0, 2)
    assert duty_score("yearly", held, 2019, date(2019, 10, 15), date(2019, 12, 31)).rate is None


@given(
    st.sampled_from(["monthly", "quarterly", "yearly"]),
    st.lists(st.integers(0, 3), min_size=12, max_size=12),
    st.one_of(st.none(), st.dates(date(2018, 1, 1), date(2019, 12, 31))),
    st.dates(date(2019, 1, 1), date(2020, 1, 31)),
)
def test_a_duty_is_never_met_more_often_than_due(
    frequency: str, held: list[int], opened_on: date | None, on: date
) -> None:
    score = duty_score(frequency, held, 2019, opened_on, on)
    assert 0 <= score.met <= score.due


def test_a_period_knows_its_months_and_whether_it_is_a_whole_one() -> None:
    assert Period.of_year(2019).whole_year == 2019
    assert Period.of_month(2020, 2).last == date(2020, 2, 29)
    assert Period(date(2019, 11, 30), date(2020, 1, 1)).months() == ["2019-11", "2019-12", "2020-01"]
    with pytest.raises(ValueError, match="ends before"):
        Period(date(2019, 2, 1), date(2019, 1, 31))


def test_a_running_period_is_as_of_today_and_a_past_one_as_of_its_last_day() -> None:
    assert snapshot_day(Period.of_year(2019), date(2026, 3, 4)) == date(2019, 12, 31)
    assert snapshot_day(Period.of_year(2026), date(2026, 3, 4)) == date(2026, 3, 4)
    assert snapshot_day(Period.of_year(2027), date(2026, 3, 4)) == date(2027, 1, 1)


def test_last_month_of_january_lies_in_the_year_before() -> None:
    assert preset_periods(date(2020, 1, 31))["last_month"] == Period.of_month(2019, 12)


def test_reports_open_on_the_latest_year_that_says_something() -> None:
    assert year_to_show({2018: 40, 2019: 6300, 2026: 12}, 2026) == 2019
    assert year_to_show({2025: 5000, 2026: 500}, 2026) == 2026
    assert year_to_show({2026: 1}, 2026) == 2026
    assert year_to_show({}, 2026) == 2026


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_csv_cell_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    table = Table(
        "x",
        "题",
        (Column("name", "姓名"), Column("n", "人次", Look.COUNT)),
        (TableRow("1", (Cell(f"{start}1+1"), Cell(-3))),),
        (),
    )
    content = csv_bytes(table)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[:2] == [["姓名", "人次"], [f"'{start}1+1", "-3"]]


def test_columns_in_the_terminal_line_up_under_chinese_heads() -> None:
    columns = (Column("name", "姓名"), Column("n", "人次", Look.COUNT))
    table = Table("x", "题", columns, (TableRow("1", (Cell("欧阳小明"), Cell(12))),), ("注",))
    assert text_table(table).split("\n") == ["题", "", "姓名      人次", "欧阳小明    12", "", "注"]
