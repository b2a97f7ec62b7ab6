"""Decides whether an attendance may be recorded now and what it says; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.vocabulary import ATTENDED_STATUSES, SELF_METHODS, Method, SessionState, Status
from app.trainings.rules import Stay, Timing, left_early

# Of a correction, an adjustment, an unlocking: enough to say why.
REASON_LENGTH = 200


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


def refusal(
    state: SessionState, method: Method, status: Status, *, is_locked: bool = False
) -> RefusalCode | None:
    """Why `method` may not record `status` at a session in `state`, or None when it may.

    is_locked: its day belongs to a month or year whose figures stand still.
    """
    if state is SessionState.CANCELLED:
        return RefusalCode.CANCELLED
    if is_locked:
        return RefusalCode.LOCKED
    if state is SessionState.CLOSED:
        return None if method in _AFTERWARDS else RefusalCode.CLOSED
    if state is SessionState.PUBLISHED and method in _AFTERWARDS and status in _BEFOREHAND:
        return None
    if state in (SessionState.DRAFT, SessionState.PUBLISHED):
        return RefusalCode.NOT_OPEN
    return None


def supersedes(found: Status, seen: Status) -> bool:
    """Whether somebody seen at the session replaces a leave or an absence noted before, made up or not."""
    return found not in ATTENDED_STATUSES and seen in ATTENDED_STATUSES


# Of two rows about one person at one session: the fuller presence, then making up, then leave.
_SAYS_MOST = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.MADE_UP, Status.EXCUSED, Status.ABSENT)


def says_more(one: Status, other: Status) -> bool:
    """Whether `one` is the row to keep when a person was recorded twice at one session."""
    return _SAYS_MOST.index(one) < _SAYS_MOST.index(other)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a row says of somebody's coming and going; times only where they are known."""

    status: Status
    came_at: datetime | None = None
    left_at: datetime | None = None


# Noticed in the moment in which it happens; anything else is entered when somebody gets round to it.
_AT_THE_DOOR = frozenset({*SELF_METHODS, Method.STAFF_SCAN})


def arrival(
    status: Status,
    method: Method,
    occurred_at: datetime,
    span: tuple[datetime, datetime],
    late_after_minutes: int | None,
) -> Arrival:
    """The status by the session's rule, and the time that goes with it.

    span: start and end of the session. At the door, "present" becomes "late" more than
    `late_after_minutes` after the start. Late or leaving early noted during the session is taken to
    happen as it is noted; noted before or afterwards, the time is not known and the whole counts.
    """
    starts_at, ends_at = span
    if status is Status.PRESENT and method in _AT_THE_DOOR and late_after_minutes is not None:
        if occurred_at > starts_at + timedelta(minutes=late_after_minutes):
            return Arrival(Status.LATE, came_at=min(occurred_at, ends_at))
        return Arrival(status)
    if starts_at < occurred_at < ends_at:
        if status is Status.LATE:
            return Arrival(status, came_at=occurred_at)
        if status is Status.LEFT_EARLY:
            return Arrival(status, left_at=occurred_at)
    return Arrival(status)


def status_on_leaving(status: Status, *, came_late: bool, early: bool) -> Status:
    """What a row says after a sign-out. Of late and leaving early the first is said; minutes say both."""
    if status is Status.LATE or came_late:
        return Status.LATE
    return Status.LEFT_EARLY if early else Status.PRESENT


def judged_again(
    said: Arrival, method: Method | None, occurred_at: datetime, before: Timing, after: Timing
) -> Arrival:
    """What a row of somebody who came says once its session's timing is `after` and no more `before`.

    Who was judged by the rule at the door is judged by it again. What staff have said since (method: None),
    or a better clock than `occurred_at`, stays; leaving is measured by the new end all the same.
    """
    if said == _at_the_door(said, method, occurred_at, before):
        return _at_the_door(said, method, occurred_at, after) or said
    return _on_leaving(said, said.left_at, after)


def _at_the_door(said: Arrival, method: Method | None, occurred_at: datetime, by: Timing) -> Arrival | None:
    if method not in _AT_THE_DOOR:
        return None
    span = (by.starts_at, by.ends_at)
    return _on_leaving(
        arrival(Status.PRESENT, method, occurred_at, span, by.late_after_minutes), said.left_at, by
    )


def _on_leaving(came: Arrival, left_at: datetime | None, by: Timing) -> Arrival:
    if left_at is None:
        return came
    late, early = came.came_at is not None, left_early(left_at, by.over)
    return Arrival(status_on_leaving(came.status, came_late=late, early=early), came.came_at, left_at)


def stay_said(before: Status, stay: Stay, span: tuple[datetime, datetime], late_after: int | None) -> Arrival:
    """What a row says once staff have set when somebody came and left; None: that time is not known.

    span: start of the session, and when it was over. Coming within `late_after` minutes of the start (at
    the start, without that rule) is being in time, and leaving within LEAVING_GRACE of the end is staying.
    Without a time, late stays late and leaving early stays that, and the whole counts.
    """
    starts_at, over = span
    if stay.came_at is None:
        late = before is Status.LATE
    else:
        late = stay.came_at > starts_at + timedelta(minutes=late_after or 0)
    early = before is Status.LEFT_EARLY if stay.left_at is None else left_early(stay.left_at, over)
    status = Status.LATE if late else Status.LEFT_EARLY if early else Status.PRESENT
    return Arrival(status, stay.came_at if late else None, stay.left_at)


@dataclass(frozen=True, slots=True)
class HourRule:
    """How minutes become study hours from a year on, until a later rule, and how many a member owes."""

    from_year: int
    minutes_per_hour: int
    half_day_cap_minutes: int
    day_cap_minutes: int
    member_hours: int
    post_hours: int
    post_central_classes: int
