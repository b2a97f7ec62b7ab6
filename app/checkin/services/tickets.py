"""Makes and redeems tickets: five minutes to press the button after a code was scanned in time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import bindparam, delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode
from app.checkin.models import SpentTicket
from app.core.crypto import purpose_key, token_hash
from app.core.db import writing
from app.core.quick import Hand, Prepared
from app.core.vocabulary import Method

TICKET_LIFE = timedelta(minutes=5)


class Purpose(StrEnum):
    """What a ticket gives leave to do; one for one purpose is no ticket for another."""

    CHECK_IN = "ticket"
    SIGN_OUT = "sign_out"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave for one browser to record at one session until `expires` (Unix seconds).

    browser: a mark of it, never its secret: a ticket stands in addresses.
    member_id 0: nobody chosen yet; such a ticket records nothing, it only leads to those that do.
    """

    id: str
    session_id: int
    browser: str
    member_id: int
    method: str
    expires: int


def issue_ticket(session_id: int, browser: str, method: Method, now: datetime) -> Ticket:
    """A ticket for a browser that has just shown a good code."""
    expires = int((now + TICKET_LIFE).timestamp())
    return Ticket(secrets.token_hex(12), session_id, _mark(browser), 0, method.value, expires)


def for_member(ticket: Ticket, member_id: int) -> Ticket:
    """The same leave for one member; its id is its own, its end is not moved."""
    return Ticket(
        secrets.token_hex(12), ticket.session_id, ticket.browser, member_id, ticket.method, ticket.expires
    )


def sign(ticket: Ticket, purpose: Purpose = Purpose.CHECK_IN) -> str:
    """The ticket as text that cannot be altered."""
    return str(_serializer(purpose).dumps([getattr(ticket, name) for name in ticket.__slots__]))


def read_ticket(text: str, browser: str, now: datetime, purpose: Purpose = Purpose.CHECK_IN) -> Ticket:
    """The ticket if it is ours, for this, of this browser, not over. Raises CheckInRefused(code_expired)."""
    try:
        ticket = Ticket(*_serializer(purpose).loads(text))
    except (BadSignature, TypeError) as exc:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED) from exc
    is_its_own = bool(browser) and compare_digest(ticket.browser, _mark(browser))
    if not is_its_own or now.timestamp() >= ticket.expires:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED)
    return ticket


def spend(session: Session, ticket: Ticket) -> bool:
    """Use the ticket up inside the caller's transaction; False when it was used before."""
    return session.execute(_spending(session.get_bind().dialect.name), _row(ticket)).first() is not None


def spend_quickly(hand: Hand, dialect: Dialect, ticket: Ticket) -> bool:
    """The same inside the transaction of a lane."""
    return hand.one(_prepared_spending(dialect), **_row(ticket)) is not None


def _row(ticket: Ticket) -> dict[str, Any]:
    return {"new_id": ticket.id, "new_end": datetime.fromtimestamp(ticket.expires, UTC)}


def _spending(dialect_name: str) -> ReturningInsert[str]:
    insert = postgresql_insert if dialect_name == "postgresql" else sqlite_insert
    statement = insert(SpentTicket).values(
        ticket_id=bindparam("new_id", type_=SpentTicket.ticket_id.type),
        expires_at=bindparam("new_end", type_=SpentTicket.expires_at.type),
    )
    return statement.on_conflict_do_nothing().returning(SpentTicket.ticket_id)


@lru_cache(maxsize=4)
def _prepared_spending(dialect: Dialect) -> Prepared:
    return Prepared(_spending(dialect.name), [SpentTicket.ticket_id], dialect)


def forget_expired(now: datetime) -> int:
    """Drop spent tickets whose time is over; returns how many."""
    with writing() as session:
        gone = delete(SpentTicket).where(SpentTicket.expires_at < now).returning(SpentTicket.ticket_id)
        return len(session.execute(gone).all())


def _mark(browser: str) -> str:
    return token_hash(f"ticket:{browser}").hex()[:24]


def _serializer(purpose: Purpose) -> URLSafeSerializer:
    return _serializer_of(purpose_key("ticket"), purpose)


@lru_cache(maxsize=8)
def _serializer_of(key: bytes, purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=purpose.value)
