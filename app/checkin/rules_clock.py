"""Decides what the clock of a phone that was offline can be trusted with; reads no clock itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

# What a phone may be off, and what a slow line may add, before a person is told.
TOLERANCE = timedelta(minutes=5)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """When a batch came in by our clock, and what the phone's clock said as it sent it (None: not told)."""

    received_at: datetime
    sent_at: datetime | None = None

    @property
    def offset(self) -> timedelta | None:
        """How far the phone's clock is ahead of ours; below zero: behind."""
        return None if self.sent_at is None else self.sent_at - self.received_at

    @property
    def clock_is_wrong(self) -> bool:
        return self.offset is not None and abs(self.offset) > TOLERANCE


def is_implausible(occurred_at: datetime, heard: Heard, seen_on: date, held_on: date) -> bool:
    """Whether a tick's own time shows a wrong clock: it lies ahead of its arrival, or more than a day
    before the session's day. seen_on: the office's day of `occurred_at`; held_on: the session's."""
    return occurred_at - heard.received_at > TOLERANCE or held_on - seen_on > _A_DAY


def moment_for_rules(occurred_at: datetime, heard: Heard, implausible: bool, starts_at: datetime) -> datetime:
    """The time by which "late" is decided. A wrong clock is put right where we know how far it is off;
    where we do not, the session's start is taken, so that it never makes anybody late."""
    if heard.clock_is_wrong and heard.offset is not None:
        return min(occurred_at - heard.offset, heard.received_at)
    return starts_at if implausible else occurred_at
