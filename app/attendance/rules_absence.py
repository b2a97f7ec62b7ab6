"""Decides what leave and making up come to: who missed a session, and what counts for it; no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.vocabulary import ATTENDED_STATUSES, COUNTED_STATUSES, MakeUpState, SessionState, Status

# A leave may be asked for in these states: beforehand, in the moment, and afterwards.
ASKABLE = (SessionState.PUBLISHED, SessionState.OPEN, SessionState.CLOSED)
# A session in one of these can make up another.
WAYS = (SessionState.PUBLISHED, SessionState.OPEN, SessionState.CLOSED)
MISSED_STATUSES = (Status.ABSENT, Status.EXCUSED)
LONGEST_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Way:
    """How it is to be made up: in another session, whose mode it is then, or by itself in a mode."""

    via_session_id: int | None = None
    mode_key: str = "home_visit"


@dataclass(frozen=True, slots=True)
class Studied:
    """That it was made up by itself; minutes None: as long as the session that was missed."""

    done_on: date
    minutes: int | None = None
    mode_key: str = "home_visit"


def is_missed(state: SessionState, status: Status | None) -> bool:
    """Whether a member whom the session expected can make it up; None: they are not recorded."""
    return state is SessionState.CLOSED and (status is None or status in MISSED_STATUSES)


class Verdict(StrEnum):
    """What a make-up comes to now. OVER: there is nothing left to make up, or no way to do it."""

    PLANNED = "planned"
    DONE = "done"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sessions, and what the member's row there says; None: there is no row."""

    state: SessionState
    status: Status | None


def verdict(known: MakeUpState, original: Side, via: Side | None) -> Verdict:
    """What becomes of a make-up, `known` as it stood, by what both sessions and both rows say now.

    Without `via` it is done when somebody says so. With it, it is done exactly while both sessions are
    closed and the member has come to the second: whatever else is corrected, the facts decide again.
    Whatever staff say about the original once it was made up ends it, and so does having been there.
    """
    if SessionState.CANCELLED in (original.state, via.state if via else None):
        return Verdict.OVER
    if known is MakeUpState.DONE and original.status is not Status.MADE_UP:
        return Verdict.OVER
    if known is MakeUpState.PLANNED and original.status in COUNTED_STATUSES:
        return Verdict.OVER
    if via is None:
        return Verdict(known.value)
    both_closed = original.state is SessionState.CLOSED and via.state is SessionState.CLOSED
    return Verdict.DONE if both_closed and via.status in ATTENDED_STATUSES else Verdict.PLANNED


def made_up_minutes(missed_credit: int, studied: int) -> int:
    """Minutes that count for a session that was made up: what was studied, and no more than was missed."""
    return min(missed_credit, studied)
