"""Reads what people type to bind a phone, and tells a card's code from one that was read out."""

from __future__ import annotations

from datetime import datetime, timedelta

# Read out, or on a slip: used on the same day or not at all.
BIND_CODE_LIFE = timedelta(days=7)
# On a card: cards are printed weeks before the first session that needs them.
CARD_CODE_LIFE = timedelta(days=90)
CARD_CODE_DIGITS = 12


def digits_of(text: str) -> str:
    """The digits in what was typed, however they are grouped; full-width ones become plain ones."""
    return "".join(str(int(char)) for char in text if char.isdecimal())


def in_fours(digits: str) -> str:
    """As digits are printed and read out: 1234 5678 9012."""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def is_card_code(created_at: datetime, expires_at: datetime) -> bool:
    """Whether a code that still works was printed on a card: no other lives so long."""
    return expires_at - created_at > BIND_CODE_LIFE
