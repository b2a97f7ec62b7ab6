"""Notes what a tick tells that came after its session was locked: once a person finds it fine, it waits."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.queries.adjustments import waiting_adjustment
from app.attendance.rules import status_on_leaving, supersedes
from app.attendance.services.adjust import Wanted, Why, adjust
from app.attendance.services.admission import held_row, require_stands
from app.attendance.services.record import Sighting
from app.core.errors import WrongState
from app.core.i18n import lazy
from app.core.vocabulary import ATTENDED_STATUSES, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Stay, left_early
from app.trainings.services.facts import credit_of, timing_of


def adjust_tick(
    session: Session,
    row: TrainingSession,
    sighting: Sighting,
    why: Why,
    *,
    leaves: bool,
    tz: ZoneInfo,
    elderly_age: int,
) -> bool:
    """Whether anything has to wait; as in the ledger, only a leave or an absence gives way to who came.

    leaves: the tick tells of leaving. Raises CheckInRefused, and WrongState for leaving without coming.
    """
    require_stands(row, sighting.method, sighting.status)
    member_id = sighting.member_id
    waiting, found = waiting_adjustment(session, row.id, member_id), held_row(session, row.id, member_id)
    known = waiting or found
    status = waiting.status_after if waiting else found.status if found else None
    if leaves:
        if known is None or status not in ATTENDED_STATUSES or status is None:
            raise WrongState(lazy("还没有签到,请先签到。"))
        stay = Stay(known.came_at, sighting.occurred_at)
        if known.left_at is not None and known.left_at >= sighting.occurred_at:
            return False
        wanted = _leaving(row, status, stay, tz)
    else:
        if status is not None and not supersedes(status, sighting.status):
            return False
        wanted = Wanted.of(sighting, row, tz)
    return adjust(session, row, member_id, wanted, why, elderly_age=elderly_age) is not None


def _leaving(row: TrainingSession, before: Status, stay: Stay, tz: ZoneInfo) -> Wanted:
    early = stay.left_at is not None and left_early(stay.left_at, timing_of(row).over)
    status = status_on_leaving(before, came_late=stay.came_at is not None, early=early)
    return Wanted(status, None, stay.came_at, stay.left_at, credit_of(row, tz, stay).total)
