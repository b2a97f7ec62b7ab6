"""Whole numbers of addresses and forms: ten plain digits at most, and nothing that only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checkin.rules import long_code, parse_long_code
from app.core.numbers import LARGEST, whole


@pytest.mark.parametrize(
    "text", [None, "", "²", "١", "-1", "+1", " 1", "1.0", "2147483648", "9" * 25, "9" * 5000]
)
def test_what_no_column_holds_is_no_number(text: str | None) -> None:
    assert whole(text) is None


@given(st.integers(0, LARGEST))
def test_every_id_is_read_back(number: int) -> None:
    assert whole(str(number)) == number
    assert whole(str(number), number - 1) is None


def test_a_code_that_names_an_impossible_session_is_none_of_ours() -> None:
    assert parse_long_code(long_code(b"s" * 32, LARGEST, 5)) is not None
    assert parse_long_code(long_code(b"s" * 32, LARGEST + 1, 5)) is None
