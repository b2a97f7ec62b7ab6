"""Notes that a member leaves, by the button of their phone: one ticket, one time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance
from app.attendance.rules import RefusalCode
from app.attendance.services.sign_out import sign_out
from app.checkin.services.tickets import Purpose, read_ticket, spend
from app.core.db import writing
from app.core.vocabulary import Method


def redeem_leave(
    text: str, browser: str, member_ids: frozenset[int], now: datetime, *, tz: ZoneInfo
) -> tuple[int, int]:
    """Sign out the ticket's member; returns session id and member id, whose row says the rest.

    member_ids: whom this browser stands for; who came by a personal link leaves by it too. The same
    ticket again is a double tap: it answers as the first did, and moves no time. Raises CheckInRefused,
    and WrongState as `sign_out` does.
    """
    ticket = read_ticket(text, browser, now, Purpose.SIGN_OUT)
    if ticket.member_id not in member_ids and ticket.method != Method.PERSONAL_LINK:
        raise CheckInRefused(RefusalCode.REVOKED)
    with writing() as session:
        if spend(session, ticket):
            sign_out(ticket.session_id, ticket.member_id, now, tz=tz)
        else:
            row = session.get(Attendance, (ticket.session_id, ticket.member_id))
            if row is None or row.left_at is None:
                raise CheckInRefused(RefusalCode.CODE_EXPIRED)
    return ticket.session_id, ticket.member_id
