"""Why a row was changed, where the change was one tap: told afterwards, once, by whoever changed it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.attendance.models import AttendanceChange
from app.attendance.services.admission import held_session
from app.attendance.services.correct import require_short
from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy


def tell_reason(session_id: int, member_id: int, reason: str, scope: Scope, now: datetime) -> bool:
    """Write the reason of the latest correction of a row, if it is the user's own and has none yet.

    False, and nothing is changed, where it is not (a repeat, a colleague's, or corrected again meanwhile).
    Raises NotFound, InvalidInput.
    """
    reason = reason.strip()
    with writing() as session:
        held_session(session, session_id, scope, now, of=[member_id])
        if not reason:
            raise InvalidInput.field("reason", "required", lazy("请写为什么改。"))
        require_short(reason)
        latest = session.scalar(
            select(AttendanceChange)
            .where(AttendanceChange.session_id == session_id, AttendanceChange.member_id == member_id)
            .order_by(AttendanceChange.id.desc())
            .limit(1)
            .with_for_update()
        )
        is_open = latest is not None and latest.status_before is not None and not latest.reason
        if latest is None or not is_open or latest.changed_by_id != scope.user_id:
            return False
        latest.reason = reason
        record_act(
            session, "attendance.reason", f"session:{session_id}/member:{member_id}", scope.user_id, now
        )
        return True
