"""Notes that a member left a session, as told after it was closed and found fine by a person."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.rules import status_on_leaving
from app.attendance.services.admission import held_row, require_takes
from app.attendance.services.record import Said, Sighting, say
from app.core.errors import WrongState
from app.core.i18n import lazy
from app.core.vocabulary import ATTENDED_STATUSES, Method, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Stay, left_early
from app.trainings.services.facts import timing_of


def leave_late(session: Session, sighting: Sighting, tz: ZoneInfo) -> tuple[Said, Status]:
    """The row says when the member left; (what it said before, status now). The caller holds the session.

    Raises CheckInRefused (cancelled, locked), and WrongState for somebody who is not recorded as having
    come: their coming may wait for a person too.
    """
    row = session.get_one(TrainingSession, sighting.session_id, populate_existing=True)
    require_takes(session, row, Method.STAFF_ENTRY, Status.PRESENT)
    found = held_row(session, sighting.session_id, sighting.member_id)
    if found is None or found.status not in ATTENDED_STATUSES:
        raise WrongState(lazy("还没有签到,请先签到。"))
    before, at = Said.by(found), sighting.occurred_at
    if found.left_at is None or found.left_at < at:
        # By what the row says now: when they came may have been decided after this was kept.
        early = left_early(at, timing_of(row).over)
        status = status_on_leaving(before.status, came_late=found.came_at is not None, early=early)
        say(found, replace(sighting, status=status, stay=Stay(found.came_at, at)), row, tz)
    return before, found.status
