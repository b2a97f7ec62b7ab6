"""Changes or takes back what an attendance row says; every change leaves its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.queries.adjustments import waiting_adjustment
from app.attendance.rules import REASON_LENGTH
from app.attendance.services.adjust import Wanted, Why, adjust
from app.attendance.services.admission import (
    held_row,
    held_session,
    require_stands,
    require_takes,
    stands_still,
)
from app.attendance.services.record import Sighting, record_attendance, say
from app.attendance.services.settle_make_ups import Hand, settle_rows
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_tz
from app.core.db import writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import ExcuseReason, Method, Status


def set_status(
    sighting: Sighting, reason: str, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Status:
    """Make the member's row say `sighting.status`, making the row if there is none; what it says then.

    Saying what the row already says changes nothing. Of a locked session the row stays as it is, and an
    adjustment waits instead. Raises NotFound, InvalidInput, CheckInRefused.
    """
    require_short(reason)
    with writing() as session:
        row = held_session(session, sighting.session_id, scope, now, of=[sighting.member_id])
        if stands_still(session, row):
            require_stands(row, sighting.method, sighting.status)
            to_say = _said_the_same(session, sighting, Wanted.of(sighting, row, tz))
            why = Why(reason, scope.user_id, now)
            adjust(session, row, sighting.member_id, to_say, why, elderly_age=elderly_age)
            return sighting.status
        found = held_row(session, sighting.session_id, sighting.member_id)
        if found is None:
            outcome = record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)
            if outcome.created:
                _remember(session, sighting, None, reason, scope, now)
                return outcome.status
            # Somebody else recorded the member in between: this is a correction after all.
            found = session.get_one(Attendance, (sighting.session_id, sighting.member_id))
        require_takes(session, row, sighting.method, sighting.status)
        wanted = (sighting.status, sighting.excuse_reason if sighting.status is Status.EXCUSED else None)
        if (found.status, found.excuse_reason) != wanted:
            before = found.status
            say(found, sighting, row, tz)
            _remember(session, sighting, before, reason, scope, now)
            record_act(
                session,
                "attendance.correct",
                f"session:{row.id}/member:{found.member_id}",
                scope.user_id,
                now,
                before=before.value,
                after=found.status.value,
            )
            settle_rows(session, row.id, [found.member_id], Hand(scope.user_id, now, tz))
        return found.status


def take_back(session_id: int, member_id: int, reason: str, scope: Scope, now: datetime) -> bool:
    """Remove a row that was made by mistake, so that the member is "not recorded" again.

    False when there was none. The history keeps what it said. Of a locked session the row stays, and an
    adjustment waits instead.
    """
    with writing() as session:
        row = held_session(session, session_id, scope, now, of=[member_id])
        if stands_still(session, row):
            why = Why(reason[:REASON_LENGTH], scope.user_id, now)
            return adjust(session, row, member_id, None, why) is not None
        found = held_row(session, session_id, member_id)
        if found is None:
            return False
        require_takes(session, row, Method.STAFF_ENTRY, Status.EXCUSED)
        session.add(
            AttendanceChange(
                session_id=session_id,
                member_id=member_id,
                status_before=found.status,
                status_after=None,
                reason=reason[:REASON_LENGTH],
                changed_by_id=scope.user_id,
                changed_at=now,
            )
        )
        session.delete(found)
        record_act(
            session,
            "attendance.take_back",
            f"session:{session_id}/member:{member_id}",
            scope.user_id,
            now,
            before=found.status.value,
        )
        settle_rows(session, session_id, [member_id], Hand(scope.user_id, now, office_tz()))
        return True


def require_short(reason: str) -> None:
    """Raises InvalidInput for more than a reason needs."""
    if len(reason) > REASON_LENGTH:
        raise InvalidInput.field("reason", "too_long", lazy("原因请不要超过 200 个字。"))


def staff_sighting(
    session_id: int,
    member_id: int,
    status: Status,
    excuse: ExcuseReason | None,
    user_id: int | None,
    now: datetime,
) -> Sighting:
    """What a staff user saw and ticks on the roster."""
    return Sighting(session_id, member_id, Method.STAFF_ENTRY, now, status, excuse, user_id)


def _said_the_same(session: Session, sighting: Sighting, wanted: Wanted) -> Wanted:
    """With the times that are known, where nothing but them is new: a status alone says nothing of times."""
    key, status = (sighting.session_id, sighting.member_id), (wanted.status, wanted.excuse_reason)
    waiting, found = waiting_adjustment(session, *key), held_row(session, *key)
    if waiting is not None and (waiting.status_after, waiting.excuse_reason) == status:
        return replace(wanted, came_at=waiting.came_at, left_at=waiting.left_at)
    if found is not None and (found.status, found.excuse_reason) == status:
        return replace(wanted, came_at=found.came_at, left_at=found.left_at)
    return wanted


def _remember(
    session: Session, sighting: Sighting, before: Status | None, reason: str, scope: Scope, now: datetime
) -> None:
    session.add(
        AttendanceChange(
            session_id=sighting.session_id,
            member_id=sighting.member_id,
            status_before=before,
            status_after=sighting.status,
            reason=reason,
            changed_by_id=scope.user_id,
            changed_at=now,
        )
    )
