"""How units hang below one another over time: the rules agree with a replay of single days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.core.vocabulary import FOREVER, OrgKind
from app.members.rules import BranchSpan, after_merge, after_transfer
from app.members.rules_tree import (
    Hang,
    Place,
    TreeRefused,
    closed,
    hangs_of,
    may_hang,
    moved,
    placed_anew,
    taken_over,
)

FIRST = date(2019, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(12)]
# 1 is the root; 2, 3 and 4 hang below it, 5 below 2, 6 below 5, 7 below 3.
START = {1: None, 2: 1, 3: 1, 4: 1, 5: 2, 6: 5, 7: 3}
UNITS = st.sampled_from([2, 3, 4, 5, 6, 7])
STEPS = st.tuples(
    st.sampled_from(["move", "move", "move", "merge", "close"]), UNITS, UNITS, st.sampled_from(DAYS[1:])
)
Parents = dict[int, int | None]
Tree = dict[int, list[Place]]


def start() -> Tree:
    return {unit: [Place(FIRST, FOREVER, above, path_of(unit, START))] for unit, above in START.items()}


def path_of(unit: int, parents: Parents) -> str:
    """Raises LookupError for a loop, and where something on the way is not there."""
    trail: list[int] = []
    at: int | None = unit
    while at is not None:
        if at in trail:
            raise LookupError("loop")
        trail.append(at)
        at = parents[at]
    return "/" + "".join(f"{one}/" for one in reversed(trail))


def replay(days: list[Parents], what: str, unit: int, other: int, day: date) -> list[Parents]:
    """The same change, one day after the other; raises LookupError where it cannot be."""
    changed = [dict(parents) for parents in days]
    for parents in changed[(day - FIRST).days :]:
        if what == "move" and unit in parents:
            parents[unit] = other
        if what in ("merge", "close"):
            parents.pop(unit, None)
        if what == "merge":
            parents.update({child: other for child, above in parents.items() if above == unit})
    for parents in changed:
        for one in parents:
            path_of(one, parents)
    return changed


def change(places: Tree, what: str, unit: int, other: int, day: date) -> Tree:
    own = hangs_of(places[unit])
    if what == "move":
        return placed_anew(places, {unit: moved(own, other, day)}, day)
    hangs: dict[int, list[Hang]] = {unit: closed(own, day)}
    if what == "merge":
        for child, rows in places.items():
            if child != unit and any(row.parent_id == unit and row.ends_on > day for row in rows):
                hangs[child] = taken_over(hangs_of(rows), unit, other, day)
    return placed_anew(places, hangs, day)


def said(places: Tree) -> list[dict[int, tuple[int | None, str]]]:
    return [
        {
            unit: (row.parent_id, row.path)
            for unit, rows in places.items()
            for row in rows
            if row.starts_on <= day < row.ends_on
        }
        for day in DAYS
    ]


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(STEPS, min_size=2, max_size=12))
def test_every_change_agrees_with_a_replay_of_single_days(steps: list[tuple[str, int, int, date]]) -> None:
    places, days = start(), [dict(START) for _ in DAYS]
    for step in steps:
        what, unit, _other, day = step
        history = hangs_of(places[unit])
        if not history or (what != "move" and day <= history[0].starts_on) or history[-1].ends_on < FOREVER:
            continue
        try:
            after = {**places, **change(places, *step)}
        except TreeRefused as refused:
            event(f"refused: {refused.code}")
            if refused.code in ("loop", "no_parent"):
                with pytest.raises(LookupError):
                    replay(days, *step)
            continue
        event(f"done: {what}")
        places, days = after, replay(days, *step)
        assert said(places) == [{u: (p, path_of(u, on)) for u, p in on.items()} for on in days]


def test_a_move_back_on_its_own_day_leaves_one_row() -> None:
    places = start()
    there = {**places, **change(places, "move", 5, 3, DAYS[4])}
    back = {**there, **change(there, "move", 5, 2, DAYS[4])}
    assert back == places


@pytest.mark.parametrize(
    ("kind", "parent", "fits"),
    [
        (OrgKind.BRANCH, OrgKind.COMMITTEE, True),
        (OrgKind.COMMITTEE, OrgKind.COMMITTEE, True),
        (OrgKind.COMMITTEE, OrgKind.BRANCH, False),
        (OrgKind.BRANCH, OrgKind.BRANCH, False),
        (OrgKind.GROUP, OrgKind.BRANCH, True),
        (OrgKind.GROUP, OrgKind.GROUP, False),
    ],
)
def test_units_stand_below_their_rank(kind: OrgKind, parent: OrgKind, fits: bool) -> None:
    assert may_hang(kind, parent) is fits


@given(began=st.sampled_from(DAYS[:5]), day=st.sampled_from(DAYS))
def test_a_merge_does_to_a_member_without_plans_what_a_transfer_does(began: date, day: date) -> None:
    spans = [BranchSpan(date(2000, 1, 1), began, 3), BranchSpan(began, FOREVER, 1)]
    if day > began:
        assert after_merge(spans, 1, 2, day) == after_transfer(spans, 2, day, DAYS[-1])
    else:
        assert after_merge(spans, 1, 2, day) == (spans[0], BranchSpan(began, FOREVER, 2))
