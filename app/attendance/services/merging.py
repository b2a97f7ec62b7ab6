"""When two members turn out to be one: their ledgers become one, a session counting once.

Of locked periods too: that two records were one person is no correction of what was attended.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, exists, select, update
from sqlalchemy.orm import Session, aliased

from app.attendance.models import Attendance, AttendanceChange, ReviewItem
from app.attendance.reasons import MERGE
from app.attendance.rules import says_more
from app.attendance.services.adjust_merged import move_adjustments
from app.attendance.services.merging_absences import put_together, take_apart
from app.members.services.merging import MOVERS, Move
from app.trainings.models import ExpectedAttendee


def move_attendance(session: Session, move: Move) -> Mapping[str, int]:
    """Rows keep the branch and groups that they were recorded with. Of two rows of one session the one
    that says the member came stays; the history keeps what the other said."""
    absences = take_apart(session, move)
    doubled = _doubled(session, move)
    for kept, other in doubled:
        gone, stays = (kept, other) if says_more(other.status, kept.status) else (other, kept)
        session.add(
            AttendanceChange(
                session_id=gone.session_id,
                member_id=move.kept_id,
                status_before=gone.status,
                status_after=stays.status,
                reason=MERGE,
                changed_by_id=move.by_id,
                changed_at=move.now,
            )
        )
        session.delete(gone)
    session.flush()
    session.expire_all()
    moved = session.execute(
        update(Attendance)
        .where(Attendance.member_id == move.other_id)
        .values(member_id=move.kept_id)
        .returning(Attendance.session_id),
        execution_options={"synchronize_session": False},
    ).all()
    session.execute(
        update(AttendanceChange)
        .where(AttendanceChange.member_id == move.other_id)
        .values(member_id=move.kept_id),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(ReviewItem).where(ReviewItem.member_id == move.other_id).values(member_id=move.kept_id),
        execution_options={"synchronize_session": False},
    )
    # Whom a session expected under the one id may have been recorded as extra under the other.
    expected = exists().where(
        ExpectedAttendee.session_id == Attendance.session_id, ExpectedAttendee.member_id == move.kept_id
    )
    session.execute(
        update(Attendance)
        .where(Attendance.member_id == move.kept_id, Attendance.is_extra, expected)
        .values(is_extra=False),
        execution_options={"synchronize_session": False},
    )
    put_together(session, move, absences)
    adjusted = move_adjustments(session, move)
    return {"attendance": len(moved), "doubled": len(doubled), "adjustments": adjusted}


def _doubled(session: Session, move: Move) -> list[tuple[Attendance, Attendance]]:
    """(kept's row, other's row) of every session that recorded both."""
    other = aliased(Attendance)
    query = (
        select(Attendance, other)
        .join(other, and_(other.session_id == Attendance.session_id, other.member_id == move.other_id))
        .where(Attendance.member_id == move.kept_id)
    )
    return [(mine, theirs) for mine, theirs in session.execute(query)]


MOVERS.append(move_attendance)
