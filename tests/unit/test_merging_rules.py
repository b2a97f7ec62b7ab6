"""Two timelines of one person become one: the kept one speaks first, on every single day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.members.rules_merging import Stretch, merged

DAY = date(2019, 1, 1)


def day(number: int) -> date:
    return DAY + timedelta(days=number)


@st.composite
def timelines(draw: st.DrawFn) -> list[Stretch]:
    """Stretches that do not overlap, with gaps here and there."""
    edges = sorted(draw(st.sets(st.integers(0, 40), max_size=8)))
    found = []
    for start, end in pairwise(edges):
        what = draw(st.sampled_from(["甲", "乙", None]))
        if what is not None:
            found.append(Stretch(day(start), day(end), what))
    return found


def on(line: list[Stretch], when: date) -> object:
    holding = [one.what for one in line if one.starts_on <= when < one.ends_on]
    assert len(holding) <= 1
    return holding[0] if holding else None


@given(timelines(), timelines())
def test_every_day_says_what_the_kept_one_says_or_else_the_other(
    kept: list[Stretch], other: list[Stretch]
) -> None:
    both = merged(kept, other)
    for number in range(-1, 42):
        when = day(number)
        assert on(both, when) == (on(kept, when) or on(other, when))


@given(timelines(), timelines())
def test_neighbours_that_say_the_same_are_one(kept: list[Stretch], other: list[Stretch]) -> None:
    both = merged(kept, other)
    assert all(not (a.ends_on == b.starts_on and a.what == b.what) for a, b in pairwise(both))
    assert merged(both, []) == both
