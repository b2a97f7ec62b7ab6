"""Decides what about a session's check-ins a person should look at; blocks nothing, names nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.core.vocabulary import SELF_METHODS, Method, ReviewKind, ReviewState

# Two is a couple; protocol 1.7 asks for a look from three on.
SHARED_FROM = 3
# A decided item comes up again when this many more members are concerned than were left after it.
GROWN_BY = 2
MINUTE = timedelta(minutes=1)
# People remember late, but one after another: five within one minute is more than a group at the door,
# and in a large hall a twentieth of those who checked in before the end is (see decisions/0025).
BURST_FROM = 5
BURST_SHARE = 20
# The end of one session and the start of the next may touch: people leave early and walk over.
LEAST_OVERLAP = timedelta(minutes=10)
# Everyone is at the session's venue, for as long as it lasts. A home visit takes part of its span.
IN_PERSON_MODES = frozenset({"in_person", "group_reading", "field_teaching", "night_school"})


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """Members who recorded themselves with one phone at one session, and from when to when."""

    device: str
    members: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Signs:
    """What a session's ledger shows. before_end: who had recorded themselves by the session's end;
    after_end: when the others did, in order. in_room: attended, but for those who watched from elsewhere;
    room: the members counted there (None: nobody counted, or people still come)."""

    session_id: int
    devices: Sequence[DeviceUse] = ()
    before_end: int = 0
    after_end: Sequence[datetime] = ()
    in_room: int = 0
    room: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """One member's attendance of one session, from when to when."""

    session_id: int
    venue_id: int | None
    mode_key: str
    method: Method
    since: datetime
    until: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Odd:
    """Something to look at. `count`: how much of it there is, to tell whether it has grown."""

    session_id: int
    kind: ReviewKind
    subject: str
    count: int
    evidence: Mapping[str, Any] = field(default_factory=dict)
    member_id: int | None = None

    @property
    def key(self) -> tuple[int, ReviewKind, str]:
        return self.session_id, self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Known:
    """An item as it stands. settled: what was left of it after it was last decided; None: never was."""

    id: int
    state: ReviewState
    evidence: Mapping[str, Any]

    @property
    def settled(self) -> int | None:
        found = self.evidence.get("settled")
        return found if isinstance(found, int) else None


def odd_at(signs: Signs) -> list[Odd]:
    """What is odd about one session by itself: shared phones, a burst after the end, too many people."""
    found = [_shared(signs.session_id, use) for use in signs.devices if use.members >= SHARED_FROM]
    burst = burst_of(signs.after_end, burst_threshold(signs.before_end))
    if burst:
        times = {"first_at": burst[0].isoformat(), "last_at": burst[-1].isoformat()}
        evidence = {"members": len(burst), "before": signs.before_end, **times}
        found.append(Odd(signs.session_id, ReviewKind.BURST_AFTER_END, "", len(burst), evidence))
    if signs.room is not None and signs.in_room > signs.room:
        evidence = {"attended": signs.in_room, "room": signs.room}
        over = signs.in_room - signs.room
        found.append(Odd(signs.session_id, ReviewKind.OVER_HEAD_COUNT, "", over, evidence))
    return found


def _shared(session_id: int, use: DeviceUse) -> Odd:
    evidence = {
        "members": use.members,
        "first_at": use.first_at.isoformat(),
        "last_at": use.last_at.isoformat(),
    }
    return Odd(session_id, ReviewKind.SHARED_DEVICE, use.device, use.members, evidence)


def burst_threshold(before_end: int) -> int:
    """How many within one minute after the end are many, where `before_end` had come before it."""
    return max(BURST_FROM, -(-before_end // BURST_SHARE))


def burst_of(times: Sequence[datetime], threshold: int) -> list[datetime]:
    """Of ordered times those that lie in some minute with `threshold` of them or more."""
    dense: set[int] = set()
    end = 0
    for start, begins in enumerate(times):
        while end < len(times) and times[end] < begins + MINUTE:
            end += 1
        if end - start >= threshold:
            dense.update(range(start, end))
    return [times[index] for index in sorted(dense)]


def two_places(member_id: int, one: Presence, other: Presence) -> Odd | None:
    """A member in person at two venues at once; None when it can be true.

    One item for the pair: at the session where the member recorded themselves (nobody saw them), else at
    the one that was recorded later. Its subject names the other session and the member.
    """
    overlap = min(one.until, other.until) - max(one.since, other.since)
    venues = {one.venue_id, other.venue_id}
    if None in venues or len(venues) == 1 or overlap <= LEAST_OVERLAP:
        return None
    if not (_in_person(one) and _in_person(other)):
        return None
    where, elsewhere = sorted((one, other), key=_doubt, reverse=True)
    evidence = {
        "minutes": int(overlap.total_seconds()) // 60,
        "first_at": max(one.since, other.since).isoformat(),
        "last_at": min(one.until, other.until).isoformat(),
    }
    subject = f"{elsewhere.session_id}.{member_id}"
    return Odd(where.session_id, ReviewKind.TWO_PLACES, subject, 1, evidence, member_id)


def _in_person(presence: Presence) -> bool:
    return presence.mode_key in IN_PERSON_MODES and presence.method is not Method.PERSONAL_LINK


def _doubt(presence: Presence) -> tuple[bool, datetime, int]:
    return presence.method in SELF_METHODS, presence.received_at, presence.session_id


def has_grown(count: int, settled: int | None) -> bool:
    """Whether something decided should be looked at again."""
    return count >= (settled or 0) + GROWN_BY


@dataclass(frozen=True, slots=True)
class Plan:
    """What looking over a session changes: items to raise, to bring up to date, to open again, to drop."""

    raised: Sequence[Odd]
    updated: Sequence[tuple[Known, Odd]]
    reopened: Sequence[tuple[Known, Odd]]
    dropped: Sequence[Known]

    @property
    def is_empty(self) -> bool:
        return not (self.raised or self.updated or self.reopened or self.dropped)


def plan(found: Collection[Odd], known: Mapping[tuple[int, ReviewKind, str], Known]) -> Plan:
    """Compare what is odd now with the items there are.

    An open item that nobody ever decided and that is odd no more (the head count was put right, a row
    was taken back) is dropped; whatever a person has decided stays, and so does what it said.
    """
    now = {odd.key: odd for odd in found}
    both = [(known[key], odd) for key, odd in now.items() if key in known]
    waiting = [(item, odd) for item, odd in both if item.state is ReviewState.OPEN]
    decided = [(item, odd) for item, odd in both if item.state is not ReviewState.OPEN]
    gone = [item for key, item in known.items() if key not in now]
    return Plan(
        raised=[odd for key, odd in now.items() if key not in known],
        updated=[(item, odd) for item, odd in waiting if facts_of(item.evidence) != odd.evidence],
        # Two places are no more odd later than they were.
        reopened=[
            (item, odd)
            for item, odd in decided
            if odd.kind is not ReviewKind.TWO_PLACES and has_grown(odd.count, item.settled)
        ],
        dropped=[item for item in gone if item.state is ReviewState.OPEN and item.settled is None],
    )


# How many were left when it was decided, and what the rows said until then.
LEFT_BY_DECISIONS = ("settled", "rows_before")


def facts_of(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence without what an earlier decision left."""
    return {name: value for name, value in evidence.items() if name not in LEFT_BY_DECISIONS}
