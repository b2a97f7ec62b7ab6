"""What the scheduler asks of this feature."""

from __future__ import annotations

from datetime import datetime

from app.checkin.services.tickets import forget_expired


def forget_spent_tickets(now: datetime) -> int:
    """Drop spent tickets that would have expired anyway."""
    return forget_expired(now)
