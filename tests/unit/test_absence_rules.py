"""What leave and making up come to, without a database."""

from __future__ import annotations

from itertools import product

import pytest

from app.attendance.rules import supersedes
from app.attendance.rules_absence import Side, Verdict, is_missed, made_up_minutes, verdict
from app.core.vocabulary import ATTENDED_STATUSES, MakeUpState, SessionState, Status

CLOSED, OPEN, CANCELLED = SessionState.CLOSED, SessionState.OPEN, SessionState.CANCELLED
PLANNED, DONE = MakeUpState.PLANNED, MakeUpState.DONE


def test_only_a_session_that_is_over_can_be_missed_and_whoever_came_missed_nothing() -> None:
    states, statuses = list(SessionState), [None, *Status]
    missed = {(state, status) for state, status in product(states, statuses) if is_missed(state, status)}
    assert missed == {(CLOSED, None), (CLOSED, Status.ABSENT), (CLOSED, Status.EXCUSED)}


@pytest.mark.parametrize(
    ("known", "original", "via", "expected"),
    [
        # Planned in a session: done once both are over and the member came.
        (PLANNED, Side(CLOSED, Status.ABSENT), Side(OPEN, Status.PRESENT), Verdict.PLANNED),
        (PLANNED, Side(CLOSED, None), Side(CLOSED, Status.LATE), Verdict.DONE),
        (PLANNED, Side(OPEN, Status.EXCUSED), Side(CLOSED, Status.PRESENT), Verdict.PLANNED),
        (PLANNED, Side(CLOSED, Status.ABSENT), Side(CLOSED, Status.ABSENT), Verdict.PLANNED),
        (PLANNED, Side(CLOSED, Status.ABSENT), Side(CLOSED, None), Verdict.PLANNED),
        # Done: undone when the coming falls away or a session begins again.
        (DONE, Side(CLOSED, Status.MADE_UP), Side(CLOSED, Status.PRESENT), Verdict.DONE),
        (DONE, Side(CLOSED, Status.MADE_UP), Side(CLOSED, Status.EXCUSED), Verdict.PLANNED),
        (DONE, Side(CLOSED, Status.MADE_UP), Side(OPEN, Status.PRESENT), Verdict.PLANNED),
        (DONE, Side(OPEN, Status.MADE_UP), Side(CLOSED, Status.PRESENT), Verdict.PLANNED),
        # Over: they were there after all, staff said otherwise, or one of the two did not take place.
        (PLANNED, Side(OPEN, Status.PRESENT), Side(OPEN, None), Verdict.OVER),
        (DONE, Side(CLOSED, Status.PRESENT), Side(CLOSED, Status.PRESENT), Verdict.OVER),
        (DONE, Side(CLOSED, Status.ABSENT), Side(CLOSED, Status.PRESENT), Verdict.OVER),
        (DONE, Side(CLOSED, None), None, Verdict.OVER),
        (PLANNED, Side(CLOSED, Status.ABSENT), Side(CANCELLED, None), Verdict.OVER),
        (PLANNED, Side(CANCELLED, Status.ABSENT), None, Verdict.OVER),
        # By itself: as somebody has said.
        (PLANNED, Side(CLOSED, Status.ABSENT), None, Verdict.PLANNED),
        (DONE, Side(CLOSED, Status.MADE_UP), None, Verdict.DONE),
        (DONE, Side(OPEN, Status.MADE_UP), None, Verdict.DONE),
    ],
)
def test_the_facts_decide_what_becomes_of_a_make_up(
    known: MakeUpState, original: Side, via: Side | None, expected: Verdict
) -> None:
    assert verdict(known, original, via) is expected


def test_no_more_is_credited_than_was_missed_nor_than_was_studied() -> None:
    assert [made_up_minutes(120, 60), made_up_minutes(60, 120)] == [60, 60]


def test_whoever_is_seen_at_the_session_needs_no_make_up_for_it() -> None:
    assert {status for status in Status if supersedes(status, Status.PRESENT)} == (
        set(Status) - set(ATTENDED_STATUSES)
    )
