"""What a transfer or a departure leaves behind, as pure arithmetic on spans."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.vocabulary import FOREVER
from app.members.rules import (
    AHEAD,
    BranchSpan,
    SpanRefused,
    after_leaving,
    after_transfer,
    first_overlap,
    keeps_approval,
)

START = date(2018, 1, 1)
TODAY = date(2019, 6, 3)
LATER = date(2019, 3, 1)
HOME = (BranchSpan(START, FOREVER, 1),)


def test_a_transfer_holds_from_the_day_of_acceptance() -> None:
    after = after_transfer(HOME, 2, LATER, TODAY)
    assert after == (BranchSpan(START, LATER, 1), BranchSpan(LATER, FOREVER, 2))


def test_the_same_transfer_again_changes_nothing() -> None:
    once = after_transfer(HOME, 2, LATER, TODAY)
    assert after_transfer(once, 2, LATER, TODAY) == once


def test_a_transfer_accepted_on_the_same_day_replaces_the_one_before() -> None:
    once = after_transfer(HOME, 2, LATER, TODAY)
    assert after_transfer(once, 3, LATER, TODAY) == (
        BranchSpan(START, LATER, 1),
        BranchSpan(LATER, FOREVER, 3),
    )


def test_going_back_on_the_same_day_undoes_the_transfer() -> None:
    once = after_transfer(HOME, 2, LATER, TODAY)
    assert after_transfer(once, 1, LATER, TODAY) == HOME


@pytest.mark.parametrize(
    ("day", "org_id", "code"),
    [
        (START - timedelta(days=1), 2, "too_early"),
        (TODAY + AHEAD + timedelta(days=1), 2, "too_far"),
        (LATER, 1, "same_branch"),
    ],
)
def test_a_transfer_that_does_not_fit_is_refused(day: date, org_id: int, code: str) -> None:
    with pytest.raises(SpanRefused) as refused:
        after_transfer(HOME, org_id, day, TODAY)
    assert refused.value.code == code


def test_someone_who_left_can_come_back_and_the_gap_stays() -> None:
    left = after_leaving(HOME, LATER, TODAY)
    back = after_transfer(left, 1, TODAY, TODAY)
    assert back == (BranchSpan(START, LATER, 1), BranchSpan(TODAY, FOREVER, 1))


def test_taken_back_on_the_day_of_leaving_is_never_left() -> None:
    left = after_leaving(HOME, LATER, TODAY)
    assert after_transfer(left, 1, LATER, TODAY) == HOME


def test_a_transfer_before_a_recorded_departure_keeps_the_departure() -> None:
    left = after_leaving(HOME, LATER, TODAY)
    earlier = LATER - timedelta(days=10)
    assert after_transfer(left, 2, earlier, TODAY) == (
        BranchSpan(START, earlier, 1),
        BranchSpan(earlier, LATER, 2),
    )


@pytest.mark.parametrize(
    ("day", "code"), [(START, "too_early"), (TODAY + AHEAD + timedelta(days=1), "too_far")]
)
def test_a_departure_that_does_not_fit_is_refused(day: date, code: str) -> None:
    with pytest.raises(SpanRefused) as refused:
        after_leaving(HOME, day, TODAY)
    assert refused.value.code == code


def test_leaving_twice_is_refused_but_the_same_departure_again_is_harmless() -> None:
    left = after_leaving(HOME, LATER, TODAY)
    assert after_leaving(left, LATER, TODAY) == left
    with pytest.raises(SpanRefused) as refused:
        after_leaving(left, LATER + timedelta(days=1), TODAY)
    assert refused.value.code == "already_left"


def test_touching_rows_do_not_overlap_and_the_same_start_is_the_row_replaced() -> None:
    rows = [(date(2019, 1, 1), date(2019, 2, 1)), (date(2019, 3, 1), FOREVER)]
    assert first_overlap(rows, date(2019, 2, 1), date(2019, 3, 1)) is None
    assert first_overlap(rows, date(2019, 2, 1), date(2019, 3, 2)) == rows[1]
    assert first_overlap(rows, date(2019, 1, 1), date(2019, 3, 1)) is None
    assert first_overlap(rows, date(2019, 1, 31), date(2019, 2, 15)) == rows[0]


def test_a_shortened_exemption_stays_approved_and_a_longer_one_does_not() -> None:
    assert keeps_approval(START, LATER, START, LATER - timedelta(days=1))
    assert not keeps_approval(START, LATER, START, LATER + timedelta(days=1))


moves = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "leave"]),
        st.integers(1, 3),
        st.integers(-5, 40).map(lambda n: START + timedelta(n)),
    ),
    max_size=12,
)


@given(moves)
def test_spans_stay_in_order_and_apart_whatever_is_entered(changes: list[tuple[str, int, date]]) -> None:
    spans = HOME
    for act, org_id, day in changes:
        try:
            spans = (
                after_leaving(spans, day, TODAY)
                if act == "leave"
                else after_transfer(spans, org_id, day, TODAY)
            )
        except SpanRefused:
            continue
        assert all(span.starts_on < span.ends_on for span in spans)
        for one, following in pairwise(spans):
            assert one.ends_on <= following.starts_on
            assert one.org_id != following.org_id or one.ends_on < following.starts_on
