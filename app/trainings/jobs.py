"""What the scheduler asks of this feature."""

from __future__ import annotations

from datetime import datetime

import structlog

from app.core.clock import office_tz
from app.trainings.services.lifecycle import due_ids, open_or_close

log = structlog.get_logger(__name__)


def open_and_close_sessions(now: datetime) -> int:
    """Open and close check-in where the time has come; returns how many steps were taken.

    A session that fails is logged and tried again at the next tick; it does not hold up the others.
    """
    done, tz = 0, office_tz()
    for session_id in due_ids(now):
        try:
            done += open_or_close(session_id, now, tz)
        except Exception:
            log.exception("session_step_failed", session=session_id)
    return done
