"""Undoes one noticing of a member: the row says again what it said before, or is gone again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.reasons import UNDO
from app.attendance.services.admission import held_row, held_session, require_takes
from app.attendance.services.record import Said
from app.attendance.services.settle_make_ups import Hand, settle_rows
from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import WrongState
from app.core.i18n import lazy
from app.core.vocabulary import Method, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Stay
from app.trainings.services.facts import credit_of


def put_back(
    key: tuple[int, int], made: Said, before: Said | None, scope: Scope, now: datetime, *, tz: ZoneInfo
) -> bool:
    """Make the row of `key` (session, member) say `before` again; None: there was no row.

    False when it does so already. Raises NotFound, CheckInRefused (cancelled, locked), and WrongState where
    the row no longer says what was `made`: somebody has changed it since, and knows better.
    """
    with writing() as session:
        row = held_session(session, key[0], scope, now)
        found = held_row(session, *key)
        says = Said.by(found) if found is not None else None
        if says == before:
            return False
        if found is None or says != made:
            raise WrongState(lazy("这条登记后来改过,没有撤销。请到名单上核对。"))
        require_takes(session, row, Method.STAFF_ENTRY, Status.EXCUSED)
        if before is None:
            session.delete(found)
        else:
            say_again(found, before, row, tz)
        _remember(session, key, (made, before), scope, now)
        settle_rows(session, row.id, [key[1]], Hand(scope.user_id, now, tz))
        return True


def say_again(found: Attendance, before: Said, row: TrainingSession, tz: ZoneInfo) -> None:
    """Make a row say what it said before, with the minutes of the session as it is now."""
    for name in Said.__slots__:
        setattr(found, name, getattr(before, name))
    credit = credit_of(row, tz, Stay(before.came_at, before.left_at))
    found.minutes, found.morning_minutes = credit.total, credit.morning


def _remember(
    session: Session, key: tuple[int, int], step: tuple[Said, Said | None], scope: Scope, now: datetime
) -> None:
    made, before = step
    session.add(
        AttendanceChange(
            session_id=key[0],
            member_id=key[1],
            status_before=made.status,
            status_after=before.status if before else None,
            reason=UNDO,
            changed_by_id=scope.user_id,
            changed_at=now,
        )
    )
    record_act(
        session,
        "attendance.undo",
        f"session:{key[0]}/member:{key[1]}",
        scope.user_id,
        now,
        before=made.status.value,
        after=before.status.value if before else None,
    )
