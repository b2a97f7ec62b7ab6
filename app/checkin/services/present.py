"""Records a member who presents a code: by app in one call, by page through a ticket."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance
from app.attendance.queries.session import recorded_under
from app.attendance.rules import RefusalCode
from app.attendance.services.record import Outcome, Sighting, record_attendance
from app.checkin.services.bindings import holder
from app.checkin.services.codes import read_code
from app.checkin.services.tickets import read_ticket, spend
from app.core.crypto import token_hash
from app.core.db import db, writing
from app.core.vocabulary import Method


def present_code(
    code: str,
    member_token: str,
    nonce: str | None,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
    step_seconds: int,
) -> Outcome:
    """One call of a bound app: code in any form, and the member's token.

    Raises CheckInRefused (code_expired, code_unknown, not_open, closed, cancelled, unknown_member,
    revoked) and TooManyTries.
    """
    member = holder(member_token)
    # A repeat is known by its nonce, however old its code has become meanwhile.
    known = recorded_under(db.session(), member.member_id, nonce) if nonce else None
    if known is not None:
        return _as_it_is(known)
    read = read_code(code, member.member_id, now, step_seconds=step_seconds)
    sighting = Sighting(
        read.session_id,
        member.member_id,
        read.method,
        now,
        device=device_of(member_token),
        nonce=nonce,
    )
    return record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)


def redeem_ticket(
    text: str, browser: str, member_ids: frozenset[int], now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> tuple[int, int, Outcome]:
    """The button of the page: one ticket, one row. Returns session id, member id and the outcome.

    member_ids: whom this browser stands for. The same ticket again, for a row that is still there,
    is a double tap and answers as the first did; for a row that staff took back it is refused.
    Raises CheckInRefused.
    """
    ticket = read_ticket(text, browser, now)
    if ticket.member_id not in member_ids:
        raise CheckInRefused(RefusalCode.REVOKED)
    with writing() as session:
        # Spending comes first: a second tap waits here until the first is stored, and then sees its row.
        if not spend(session, ticket):
            row = session.get(Attendance, (ticket.session_id, ticket.member_id))
            if row is None:
                raise CheckInRefused(RefusalCode.CODE_EXPIRED)
            return ticket.session_id, ticket.member_id, _as_it_is(row)
        sighting = Sighting(
            ticket.session_id,
            ticket.member_id,
            Method(ticket.method),
            now,
            device=device_of(browser),
            nonce=ticket.id,
        )
        outcome = record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)
        return ticket.session_id, ticket.member_id, outcome


def device_of(secret: str) -> str:
    """An opaque id of a browser or app: tells two apart, and tells nothing else."""
    return token_hash(f"device:{secret}").hex()[:16]


def _as_it_is(row: Attendance) -> Outcome:
    return Outcome(False, row.status, row.received_at, row.minutes, row.is_extra)
