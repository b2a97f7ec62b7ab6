"""What the scheduler asks of this feature."""

from __future__ import annotations

from datetime import datetime

import structlog

from app.attendance.services.look_over import look_over, session_ids_to_look_over
from app.attendance.services.rollups import adopt_leftovers
from app.core.db import db

log = structlog.get_logger(__name__)


def look_over_sessions(now: datetime) -> int:
    """Look over sessions that are open or were lately; returns how many things came before a person.

    A session that cannot be looked over is logged and looked at again; it does not hold up the others.
    """
    found = 0
    for session_id in session_ids_to_look_over(now):
        try:
            found += look_over(session_id, now)
        except Exception:
            db.session.rollback()
            log.exception("look_over_failed", session=session_id)
    return found


def count_stale_days(now: datetime) -> int:
    """Add up what a bulk load or a hand in the database has changed; reports count its rows meanwhile."""
    return adopt_leftovers()
