"""Whatever is created, moved, merged, closed and taken back: the tree agrees with a naive replay."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.access import Scope
from app.core.db import db
from app.core.errors import AppError
from app.core.vocabulary import OrgKind
from app.members.commands import OrgDraft
from app.members.services.closing import close_org, merge_orgs, reopen_org
from app.members.services.orgs import create_org, move_org
from tests import databases
from tests.factories import make_member, make_org
from tests.tree_checker import parents_on, tree_faults

FIRST = date(2019, 1, 1)
DAYS = 40
TODAY = FIRST + timedelta(days=25)
NOW = datetime(2019, 1, 26, 1, 0, tzinfo=UTC)
PARENTS = {"A": "Q", "B": "Q", "C": "Q", "D": "A", "E": "D", "F": "B"}
CODES = ["Q", *PARENTS, "G", "H"]
CODE = st.sampled_from(CODES[1:])
OTHER = st.sampled_from(CODES)
# Days mostly go forward, as in an office; a step back now and then.
LATER = st.sampled_from([0, 1, 1, 2, 3, 4, -1, -6])
STEP = st.one_of(
    st.tuples(st.just("create"), st.sampled_from(["G", "H"]), OTHER, LATER),
    st.tuples(st.just("move"), CODE, OTHER, LATER),
    st.tuples(st.just("move"), CODE, OTHER, LATER),
    st.tuples(st.just("merge"), CODE, CODE, LATER),
    st.tuples(st.just("close"), CODE, st.none(), LATER),
    st.tuples(st.just("reopen"), CODE, st.none(), LATER),
)
Days = list[dict[str, str | None]]


class Replay:
    """A parent for every unit and day, changed one day at a time."""

    def __init__(self, days: Days) -> None:
        self.days = days

    def apply(self, what: str, code: str, other: str | None, day: date) -> None:
        n = (day - FIRST).days
        if what == "create":
            for at in self.days[n:]:
                if other in at:
                    at[code] = other
        if what == "move":
            for at in self.days[n:]:
                if code in at:
                    at[code] = other
        if what in ("close", "merge"):
            for at in self.days[n:]:
                at.pop(code, None)
                for child, parent in at.items():
                    if parent == code:
                        at[child] = other
        if what == "reopen":
            there = [code in at for at in self.days]
            last = len(there) - there[::-1].index(True) - 1
            for at in self.days[last + 1 :]:
                at[code] = self.days[last][code]


def do(what: str, code: str, other: str | None, day: date, scope: Scope) -> None:
    if what == "create":
        create_org(OrgDraft(code, f"组织{code}", OrgKind.COMMITTEE, other, opened_on=day), scope, NOW)
    elif what == "move":
        move_org(code, str(other), day, scope, NOW)
    elif what == "merge":
        merge_orgs(code, str(other), day, scope, NOW)
    elif what == "close":
        close_org(code, day, scope, NOW)
    else:
        reopen_org(code, scope, NOW)


def make_tree() -> Scope:
    root = make_org("Q", kind=OrgKind.COMMITTEE, starts_on=FIRST)
    units = {"Q": root}
    for code, parent in PARENTS.items():
        units[code] = make_org(code, units[parent], kind=OrgKind.COMMITTEE, starts_on=FIRST)
        if code in "AD":
            make_member(f"人{code}", units[code], starts_on=FIRST)
    return Scope((root.id,), None)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=6, max_size=16))
def test_the_tree_agrees_with_a_naive_replay(
    ctx: Flask, steps: list[tuple[str, str, str | None, int]]
) -> None:
    db.session.rollback()
    databases.empty(ctx)
    scope = make_tree()
    replay = Replay(parents_on(db.session(), FIRST, DAYS))
    day = FIRST + timedelta(days=1)
    for what, code, other, later in steps:
        day = min(max(day + timedelta(days=later), FIRST), FIRST + timedelta(days=DAYS - 1))
        step = (what, code, other, day)
        try:
            do(*step, scope)
        except AppError:
            assert tree_faults(db.session()) == [], step
            continue
        replay.apply(*step)
        assert parents_on(db.session(), FIRST, DAYS) == replay.days, step
        assert tree_faults(db.session()) == [], step
