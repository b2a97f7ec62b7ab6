"""Records what staff see: a tick, a visit; one at a time (cards: card_scan.py, batches: batch.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from app.attendance.errors import CheckInRefused
from app.attendance.queries.recordable import recordable
from app.attendance.rules import RefusalCode
from app.attendance.services.record import Outcome, Sighting, record_attendance
from app.core.access import Scope
from app.core.db import db
from app.core.errors import NotFound
from app.core.vocabulary import Method
from app.members.queries.scoped import merged_into
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session

STAFF_METHODS = (Method.STAFF_ENTRY, Method.PAPER, Method.IMPORT, Method.API, Method.STAFF_SCAN)


def record_staff(
    sighting: Sighting, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Outcome:
    """A member named by staff. Raises CheckInRefused (out_of_scope, unknown_member, not_open …)."""
    return record_attendance(resolved(sighting, scope, now), now, tz=tz, elderly_age=elderly_age)


def resolved(sighting: Sighting, scope: Scope, now: datetime) -> Sighting:
    """The sighting, of somebody whom staff of the scope may record at the session.

    Raises CheckInRefused (out_of_scope, unknown_member).
    """
    row = require_session(sighting.session_id, scope, now)
    if not recordable(db.session(), row, [sighting.member_id], scope, now):
        # A round that was taken along before two records became one still names the other.
        kept_id = merged_into(db.session(), sighting.member_id)
        if kept_id is None or not recordable(db.session(), row, [kept_id], scope, now):
            raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
        sighting = replace(sighting, member_id=kept_id)
    return sighting


def require_session(session_id: int, scope: Scope, now: datetime) -> TrainingSession:
    """The session. Raises CheckInRefused(out_of_scope) for one out of reach, there or not."""
    try:
        return scoped_session(db.session(), session_id, scope, now)
    except NotFound as missing:
        raise CheckInRefused(RefusalCode.OUT_OF_SCOPE) from missing
