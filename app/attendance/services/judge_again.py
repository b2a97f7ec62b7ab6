"""Says anew who was late and who left early when a session's times or its rule change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.reasons import SIGN_OUT, TIMING
from app.attendance.rules import Arrival, judged_again
from app.core.vocabulary import Status
from app.trainings.models import TrainingSession
from app.trainings.rules import Timing
from app.trainings.services.facts import WHEN_TIMED_ANEW, timing_of

# Of making up, leave and absence no time decides.
_BY_TIME = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY)


def judge_again(
    session: Session, row: TrainingSession, before: Timing, user_id: int | None, now: datetime
) -> None:
    """Within the caller's transaction, which holds the session alone and writes the minutes afterwards."""
    session.flush()
    corrected = exists().where(
        AttendanceChange.session_id == Attendance.session_id,
        AttendanceChange.member_id == Attendance.member_id,
        AttendanceChange.changed_at > Attendance.received_at,
        AttendanceChange.reason.not_in((TIMING, SIGN_OUT)),
    )
    names = ("member_id", "status", "came_at", "left_at", "method", "occurred_at")
    columns = [getattr(Attendance, name) for name in names]
    mine = (Attendance.session_id == row.id, Attendance.status.in_(_BY_TIME))
    after, rows, history = timing_of(row), [], []
    for member_id, *told, method, seen_at, by_staff in session.execute(
        select(*columns, corrected).where(*mine)
    ):
        said = Arrival(*told)
        says = judged_again(said, None if by_staff else method, seen_at, before, after)
        key = {"session_id": row.id, "member_id": member_id}
        if says != said:
            rows.append({**key, "status": says.status, "came_at": says.came_at, "left_at": says.left_at})
        if says.status is not said.status:
            statuses = {"status_before": said.status, "status_after": says.status}
            history.append(key | statuses | {"reason": TIMING, "changed_by_id": user_id, "changed_at": now})
    if rows:
        session.execute(update(Attendance), rows)
    if history:
        session.execute(insert(AttendanceChange), history)


WHEN_TIMED_ANEW.append(judge_again)
