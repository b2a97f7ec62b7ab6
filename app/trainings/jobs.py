"""What the scheduler asks of this feature."""

from __future__ import annotations

from datetime import datetime

from app.core.clock import office_tz
from app.trainings.services.lifecycle import open_and_close_due


def open_and_close_sessions(now: datetime) -> int:
    """Open and close check-in where the time has come."""
    return open_and_close_due(now, office_tz())
