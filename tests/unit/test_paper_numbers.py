"""Running numbers as people type them off a sheet."""

from __future__ import annotations

import pytest

from app.attendance.rules_paper import list_mark, read_numbers

LIST = range(1, 121)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ()),
        ("  \n", ()),
        ("3 8-12 20", (3, 8, 9, 10, 11, 12, 20)),
        ("3,8—12、20。", (3, 8, 9, 10, 11, 12, 20)),
        ("3;8至10;12", (3, 8, 9, 10, 12)),
        ("8 - 10", (8, 9, 10)),
        ("1～3", (1, 2, 3)),
        ("3 5", (3, 5)),
        ("5 5 4-6", (5, 4, 6)),
        ("120", (120,)),
    ],
)
def test_numbers_and_spans_are_read_in_every_spelling(text: str, numbers: tuple[int, ...]) -> None:
    found = read_numbers(text, LIST)
    assert (found.found, found.wrong) == (numbers, ())


@pytest.mark.parametrize("text", ["0", "121", "x", "12-8", "1-121", "1-2-3", "3a", "9" * 7])
def test_what_is_no_number_of_the_list_is_named_as_typed(text: str) -> None:
    found = read_numbers(f"4 {text} 5", LIST)
    assert (found.found, len(found.wrong)) == ((4, 5), 1)


def test_the_second_part_of_a_long_list_goes_on_with_its_numbers() -> None:
    assert read_numbers("2001 2000", range(2001, 2101)).wrong == ("2000",)


def test_the_mark_tells_one_list_or_order_from_another() -> None:
    assert list_mark([1, 2, 3]) == list_mark((1, 2, 3))
    assert len({list_mark(ids) for ids in ([1, 2, 3], [1, 3, 2], [1, 2], [12, 3], [])}) == 5
