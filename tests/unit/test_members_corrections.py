"""Corrections of dated branch rows, by example, on numbered days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.core.vocabulary import FOREVER
from app.members.rules import BranchSpan, SpanRefused, holds_private_number
from app.members.rules_corrections import with_branch, with_start, without_leaving, without_transfer

TODAY = date(2019, 12, 31)


def on(day: int) -> date:
    return FOREVER if day < 0 else date(2019, 1, 1) + timedelta(days=day)


def spans(*rows: tuple[int, int, int]) -> tuple[BranchSpan, ...]:
    """(first day, end, branch) each; -1 for an open end."""
    return tuple(BranchSpan(on(first), on(end), org_id) for first, end, org_id in rows)


TRANSFERRED = spans((0, 50, 1), (50, -1, 2))
RETURNED = spans((0, 50, 1), (80, 100, 2), (100, -1, 1))


def test_the_branch_before_a_transfer_ends_on_the_right_day() -> None:
    assert with_start(TRANSFERRED, on(50), on(60), TODAY) == spans((0, 60, 1), (60, -1, 2))
    assert with_start(TRANSFERRED, on(50), on(40), TODAY) == spans((0, 40, 1), (40, -1, 2))


def test_a_joining_and_a_return_move_alone() -> None:
    assert with_start(TRANSFERRED, on(0), on(9), TODAY) == spans((9, 50, 1), (50, -1, 2))
    assert with_start(RETURNED, on(80), on(70), TODAY)[:2] == spans((0, 50, 1), (70, 100, 2))
    # Back on the day of leaving was a transfer.
    assert with_start(RETURNED, on(80), on(50), TODAY)[:2] == spans((0, 50, 1), (50, 100, 2))


def test_a_return_to_the_same_branch_on_the_day_of_leaving_was_no_absence() -> None:
    away = spans((0, 50, 1), (80, -1, 1))
    assert with_start(away, on(80), on(50), TODAY) == spans((0, -1, 1))


@pytest.mark.parametrize(
    ("known", "row", "right", "code", "met"),
    [
        (TRANSFERRED, 50, 0, "too_early", 0),
        (RETURNED, 80, 49, "too_early", 50),
        (RETURNED, 80, 100, "too_late", 100),
        (TRANSFERRED, 50, 500, "too_far", 456),
        (TRANSFERRED, 51, 52, "no_such_row", None),
    ],
)
def test_a_day_that_does_not_fit_is_refused_with_what_it_met(
    known: tuple[BranchSpan, ...], row: int, right: int, code: str, met: int | None
) -> None:
    with pytest.raises(SpanRefused) as refused:
        with_start(known, on(row), on(right), TODAY)
    assert (refused.value.code, refused.value.known) == (code, None if met is None else on(met))


def test_nobody_joins_in_the_future() -> None:
    with pytest.raises(SpanRefused) as refused:
        with_start(spans((0, -1, 1)), on(0), TODAY + timedelta(days=1), TODAY)
    assert refused.value.code == "too_far"


def test_a_wrong_branch_is_replaced_and_joins_what_it_equals() -> None:
    assert with_branch(TRANSFERRED, on(50), 3) == spans((0, 50, 1), (50, -1, 3))
    assert with_branch(TRANSFERRED, on(50), 1) == spans((0, -1, 1))
    assert with_branch(RETURNED, on(100), 2) == spans((0, 50, 1), (80, -1, 2))


def test_without_a_transfer_the_branch_before_holds_on() -> None:
    assert without_transfer(TRANSFERRED, on(50)) == spans((0, -1, 1))
    assert without_transfer(RETURNED, on(100)) == spans((0, 50, 1), (80, -1, 2))
    # Without the return the member stayed away until the next one.
    assert without_transfer(RETURNED, on(80)) == spans((0, 50, 1), (100, -1, 1))
    with pytest.raises(SpanRefused):
        without_transfer(TRANSFERRED, on(0))


def test_without_a_departure_the_branch_holds_on_until_the_return() -> None:
    assert without_leaving(spans((0, 50, 1)), on(50)) == spans((0, -1, 1))
    assert without_leaving(RETURNED, on(50)) == spans((0, 80, 1), (80, 100, 2), (100, -1, 1))
    for known, day in ((TRANSFERRED, 50), (TRANSFERRED, 51), (spans((0, -1, 1)), -1)):
        with pytest.raises(SpanRefused):
            without_leaving(known, on(day))


@pytest.mark.parametrize(
    "text",
    ["420103195603120011", "42010319560312001X", "证件420103560312001", "138 0000 0001", "＋86-13800000001",
     "13８00000001号", "(027)82300001", "027-8230-0001"],
)  # fmt: skip
def test_numbers_of_people_are_noticed_however_they_are_written(text: str) -> None:
    assert holds_private_number(text)


@pytest.mark.parametrize(
    "text", ["外出务工", "2019-01-01至2019-03-01", "第3支部 2019年12月", "门牌 1380", "编号20190001", ""]
)
def test_dates_and_short_numbers_are_no_numbers_of_people(text: str) -> None:
    assert not holds_private_number(text)
