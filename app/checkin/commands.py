"""What staff ask for on the pages of cards, as typed orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
