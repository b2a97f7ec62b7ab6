"""When somebody came and left, as staff note it; every change leaves its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.reasons import TIMES
from app.attendance.rules import stay_said
from app.attendance.services.adjust import Wanted, Why, adjust
from app.attendance.services.admission import held_row, held_session, require_stands, stands_still
from app.attendance.services.correct import require_short
from app.attendance.services.settle_make_ups import Hand, settle_rows
from app.attendance.services.sign_out import SignedOut, sign_out
from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, WrongState
from app.core.i18n import Text, lazy
from app.core.vocabulary import ATTENDED_STATUSES, Method, Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Stay
from app.trainings.services.facts import credit_of, timing_of

NOT_COME: Text = lazy("没有登记到场的人不能改时间,请先登记到课、迟到或早退。")


@dataclass(frozen=True, slots=True)
class SaidStay:
    """What the row says now, and how many minutes count."""

    status: Status
    came_at: datetime | None
    left_at: datetime | None
    minutes: int


def set_stay(
    session_id: int,
    member_id: int,
    stay: Stay,
    scope: Scope,
    now: datetime,
    *,
    tz: ZoneInfo,
    reason: str = "",
) -> SaidStay:
    """Set when somebody came and left; None: not known, which counts as from the start or until the end.

    Of a locked session the row stays as it is, and an adjustment with the reason waits instead. Raises
    NotFound, CheckInRefused, WrongState for somebody who is not recorded as having come, and InvalidInput
    for times outside the session.
    """
    require_short(reason)
    with writing() as session:
        row = held_session(session, session_id, scope, now, of=[member_id])
        require_stands(row, Method.STAFF_ENTRY, Status.PRESENT)
        found = held_row(session, session_id, member_id)
        stay = _as_known(stay, found)
        errors = _errors(row, stay, found)
        if errors:
            raise InvalidInput(errors=errors)
        if found is None or found.status not in ATTENDED_STATUSES:
            raise WrongState(NOT_COME)
        if stands_still(session, row):
            return _adjust(session, found, row, stay, Why(reason, scope.user_id, now), tz)
        _change(session, found, row, stay, Why(reason or TIMES, scope.user_id, now), tz)
        settle_rows(session, row.id, [member_id], Hand(scope.user_id, now, tz))
        return SaidStay(found.status, found.came_at, found.left_at, found.minutes)


def sign_out_by_staff(
    session_id: int, member_id: int, scope: Scope, now: datetime, *, tz: ZoneInfo
) -> SignedOut:
    """Staff see somebody leave. Raises what `sign_out` raises, and NotFound outside the scope."""
    with writing() as session:
        held_session(session, session_id, scope, now, of=[member_id])
        return sign_out(session_id, member_id, now, tz=tz, by_id=scope.user_id)


def _as_known(stay: Stay, found: Attendance | None) -> Stay:
    """With the seconds that a form does not show, where a time is what it was to the minute."""

    def known(at: datetime | None, before: datetime | None) -> datetime | None:
        if at is None or before is None:
            return at
        return before if at == before.replace(second=0, microsecond=0) else at

    if found is None:
        return stay
    return Stay(known(stay.came_at, found.came_at), known(stay.left_at, found.left_at))


def _errors(row: TrainingSession, stay: Stay, found: Attendance | None) -> list[FieldError]:
    # Who signs out does so after the end as a rule; what stands there already may stay.
    standing = (found.came_at, found.left_at) if found else ()
    words = lazy("时间应在这一场开始和结束之间。")
    errors = [
        FieldError(field, "out_of_range", words)
        for field, at in (("came_at", stay.came_at), ("left_at", stay.left_at))
        if at is not None and at not in standing and not row.starts_at <= at <= row.ends_at
    ]
    if not errors and stay.came_at and stay.left_at and stay.left_at <= stay.came_at:
        errors.append(FieldError("left_at", "before_came", lazy("走的时间要晚于到的时间。")))
    return errors


def _adjust(
    session: Session, found: Attendance, row: TrainingSession, stay: Stay, why: Why, tz: ZoneInfo
) -> SaidStay:
    """What the row would say, once its period is unlocked."""
    span = (row.starts_at, timing_of(row).over)
    said = stay_said(found.status, stay, span, row.late_after_minutes)
    minutes = credit_of(row, tz, Stay(said.came_at, said.left_at)).total
    wanted = Wanted(said.status, None, said.came_at, said.left_at, minutes)
    adjust(session, row, found.member_id, wanted, why)
    return SaidStay(said.status, said.came_at, said.left_at, minutes)


def _change(
    session: Session,
    found: Attendance,
    row: TrainingSession,
    stay: Stay,
    why: Why,
    tz: ZoneInfo,
) -> None:
    before, span = found.status, (row.starts_at, timing_of(row).over)
    said = stay_said(before, stay, span, row.late_after_minutes)
    if (said.status, said.came_at, said.left_at) == (before, found.came_at, found.left_at):
        return
    credit, minutes_before = credit_of(row, tz, Stay(said.came_at, said.left_at)), found.minutes
    found.status, found.came_at, found.left_at = said.status, said.came_at, said.left_at
    found.minutes, found.morning_minutes = credit.total, credit.morning
    session.add(
        AttendanceChange(
            session_id=row.id,
            member_id=found.member_id,
            status_before=before,
            status_after=said.status,
            reason=why.reason,
            changed_by_id=why.by_id,
            changed_at=why.now,
        )
    )
    record_act(
        session,
        "attendance.times",
        f"session:{row.id}/member:{found.member_id}",
        why.by_id,
        why.now,
        minutes_before=minutes_before,
        minutes_after=credit.total,
    )
