"""Makes and redeems tickets: five minutes to press the button after a code was scanned in time."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import bindparam, delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import Dialect

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode
from app.checkin.models import SpentTicket
from app.core.crypto import purpose_key
from app.core.db import writing
from app.core.quick import Hand, Prepared
from app.core.vocabulary import Method

TICKET_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave for one browser to record at one session until `expires` (Unix seconds).

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
    return Ticket(secrets.token_hex(12), session_id, browser, 0, method.value, expires)


def for_member(ticket: Ticket, member_id: int) -> Ticket:
    """The same leave for one member; its id is its own, its end is not moved."""
    return Ticket(
        secrets.token_hex(12), ticket.session_id, ticket.browser, member_id, ticket.method, ticket.expires
    )


def sign(ticket: Ticket) -> str:
    """The ticket as text that cannot be altered."""
    return str(_serializer().dumps(list(asdict(ticket).values())))


def read_ticket(text: str, browser: str, now: datetime) -> Ticket:
    """The ticket if it is ours, of this browser, and not over. Raises CheckInRefused(code_expired)."""
    try:
        ticket = Ticket(*_serializer().loads(text))
    except (BadSignature, TypeError) as exc:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED) from exc
    if not browser or ticket.browser != browser or now.timestamp() >= ticket.expires:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED)
    return ticket


def spend(hand: Hand, dialect: Dialect, ticket: Ticket) -> bool:
    """Use the ticket up inside the transaction of a lane; False when it was used before."""
    expires_at = datetime.fromtimestamp(ticket.expires, UTC)
    return hand.one(_spending(dialect), new_id=ticket.id, new_end=expires_at) is not None


@lru_cache(maxsize=4)
def _spending(dialect: Dialect) -> Prepared:
    insert = postgresql_insert if dialect.name == "postgresql" else sqlite_insert
    statement = insert(SpentTicket).values(
        ticket_id=bindparam("new_id", type_=SpentTicket.ticket_id.type),
        expires_at=bindparam("new_end", type_=SpentTicket.expires_at.type),
    )
    spent = statement.on_conflict_do_nothing().returning(SpentTicket.ticket_id)
    return Prepared(spent, [SpentTicket.ticket_id], dialect)


def forget_expired(now: datetime) -> int:
    """Drop spent tickets whose time is over; returns how many."""
    with writing() as session:
        gone = delete(SpentTicket).where(SpentTicket.expires_at < now).returning(SpentTicket.ticket_id)
        return len(session.execute(gone).all())


def _serializer() -> URLSafeSerializer:
    return _serializer_of(purpose_key("ticket"))


@lru_cache(maxsize=4)
def _serializer_of(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt="ticket")
