"""Decides whether an attendance may be recorded now; no clock, no database."""

from __future__ import annotations

from enum import StrEnum

from app.core.vocabulary import ATTENDED_STATUSES, Method, SessionState, Status


class RefusalCode(StrEnum):
    """Why a check-in was not taken; the outside contract fixes these words."""

    CODE_EXPIRED = "code_expired"
    CODE_UNKNOWN = "code_unknown"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    UNKNOWN_MEMBER = "unknown_member"
    REVOKED = "revoked"
    OUT_OF_SCOPE = "out_of_scope"
    LOCKED = "locked"


# Live ways of checking in end with the session; what staff enter from what they saw does not.
_AFTERWARDS = frozenset({Method.STAFF_ENTRY, Method.PAPER, Method.IMPORT, Method.API})
# Leave is known before the session begins; nothing else is.
_BEFOREHAND = frozenset({Status.EXCUSED})


def refusal(state: SessionState, method: Method, status: Status) -> RefusalCode | None:
    """Why `method` may not record `status` at a session in `state`, or None when it may."""
    if state is SessionState.CANCELLED:
        return RefusalCode.CANCELLED
    if state is SessionState.CLOSED:
        return None if method in _AFTERWARDS else RefusalCode.CLOSED
    if state is SessionState.PUBLISHED and method in _AFTERWARDS and status in _BEFOREHAND:
        return None
    if state in (SessionState.DRAFT, SessionState.PUBLISHED):
        return RefusalCode.NOT_OPEN
    return None


def supersedes(found: Status, seen: Status) -> bool:
    """Whether somebody seen at the session replaces a leave or an absence noted before."""
    return found in (Status.EXCUSED, Status.ABSENT) and seen in ATTENDED_STATUSES


# Of two rows about one person at one session: the fuller presence, then making up, then leave.
_SAYS_MOST = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.MADE_UP, Status.EXCUSED, Status.ABSENT)


def says_more(one: Status, other: Status) -> bool:
    """Whether `one` is the row to keep when a person was recorded twice at one session."""
    return _SAYS_MOST.index(one) < _SAYS_MOST.index(other)
