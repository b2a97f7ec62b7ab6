"""Changes or takes back what an attendance row says; every change leaves its history."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, AttendanceChange
from app.attendance.queries.recordable import recordable
from app.attendance.rules import RefusalCode, refusal
from app.attendance.services.record import Sighting, record_attendance, say
from app.attendance.services.settle_make_ups import Hand, hold_make_ups, settle_rows
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_tz
from app.core.db import lock_shared_or_alone, writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.vocabulary import ExcuseReason, Method, Status
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session

REASON_LENGTH = 200


def set_status(
    sighting: Sighting, reason: str, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Status:
    """Make the member's row say `sighting.status`, making the row if there is none.

    Saying what the row already says changes nothing. Raises NotFound, InvalidInput, CheckInRefused.
    """
    if len(reason) > REASON_LENGTH:
        raise InvalidInput.field("reason", "too_long", lazy("原因请不要超过 200 个字。"))
    with writing() as session:
        row = _session_and_member(session, sighting.session_id, sighting.member_id, scope, now)
        found = _locked_row(session, sighting.session_id, sighting.member_id)
        if found is None:
            outcome = record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)
            if outcome.created:
                _remember(session, sighting, None, reason, scope, now)
                return outcome.status
            # Somebody else recorded the member in between: this is a correction after all.
            found = session.get_one(Attendance, (sighting.session_id, sighting.member_id))
        _refuse_if_needed(row, sighting.method, sighting.status)
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

    False when there was none. The history keeps what it said.
    """
    with writing() as session:
        row = _session_and_member(session, session_id, member_id, scope, now)
        found = _locked_row(session, session_id, member_id)
        if found is None:
            return False
        _refuse_if_needed(row, Method.STAFF_ENTRY, Status.EXCUSED)
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


def _session_and_member(
    session: Session, session_id: int, member_id: int, scope: Scope, now: datetime
) -> TrainingSession:
    """The session in scope, for a member whom staff may record there; else NotFound."""
    row = scoped_session(session, session_id, scope, now)
    lock_shared_or_alone(session, session_id, alone=False)
    session.refresh(row)
    if not recordable(session, row, [member_id], scope, now):
        raise NotFound()
    return row


def _locked_row(session: Session, session_id: int, member_id: int) -> Attendance | None:
    hold_make_ups(session, session_id, [member_id])
    return session.get(Attendance, (session_id, member_id), with_for_update=True, populate_existing=True)


def _refuse_if_needed(row: TrainingSession, method: Method, status: Status) -> None:
    refused: RefusalCode | None = refusal(row.state, method, status)
    if refused is not None:
        raise CheckInRefused(refused)


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
