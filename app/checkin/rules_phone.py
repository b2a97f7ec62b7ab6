"""Decides what a member's phone offers at a session: checking in, signing out, or nothing more to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from app.core.vocabulary import ATTENDED_STATUSES, Status

# From so long before the end signing out is the main thing on the page; before that it is there, but quiet:
# whoever scans a second time at the start must not leave by mistake.
LEAVING_TIME = timedelta(minutes=15)


class Offer(StrEnum):
    """The one button of a member at a session."""

    CHECK_IN = "check_in"
    SIGN_OUT = "sign_out"
    NOTHING = "nothing"


def offer(status: Status | None, *, asks_sign_out: bool) -> Offer:
    """What somebody with this row, or none, may do; a leave or an absence gives way to who comes."""
    if status in (None, Status.EXCUSED, Status.ABSENT):
        return Offer.CHECK_IN
    return Offer.SIGN_OUT if asks_sign_out and status in ATTENDED_STATUSES else Offer.NOTHING


def is_leaving_time(ends_at: datetime, now: datetime) -> bool:
    """Whether most people are about to leave."""
    return now >= ends_at - LEAVING_TIME


def masked_name(name: str) -> str:
    """王*明 for 王小明, 王* for 王明: enough to know one's own, too little to learn somebody else's."""
    if len(name) < 3:
        return name[:1] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]
