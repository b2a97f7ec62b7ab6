"""What staff ask for on the pages of cards, and what their phones send, as typed orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.vocabulary import ExcuseReason, Status


class Printing(StrEnum):
    """Whose cards are printed, and whether those that work go on working."""

    # Members without a card get one; nobody else's is printed.
    NEW = "new"
    # Everybody's: a new one where there is none, else the present one once more.
    ALL = "all"
    # Everybody gets a new one, and the present one stops.
    RENEW = "renew"


@dataclass(frozen=True, slots=True)
class CardOrder:
    """Cards of the members below `org_id` (None: of the whole scope).

    asked_at: stamps the cards that this order issues. An order that is done again after a crash knows
    them by it, and neither issues nor stops a card twice.
    with_codes: each card carries a one-time code that binds a phone.
    """

    printing: Printing
    org_id: int | None
    asked_at: datetime
    with_codes: bool = False


@dataclass(frozen=True, slots=True)
class RoundTick:
    """One tick of a round, under the round's own name for the member; `id` was made on the phone, once."""

    id: str
    ref: str
    status: Status
    excuse_reason: ExcuseReason | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class SentTicks:
    """What a phone sends of its round at one go. sent_at: the phone's clock as it sent it."""

    device: str
    sent_at: datetime
    ticks: tuple[RoundTick, ...]
