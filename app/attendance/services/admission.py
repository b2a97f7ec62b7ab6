"""The one gate of the ledger: holds a session, and says whether anything about it may be recorded now.

The door's own statements (`record_scan`, `at_once`) do without: they take only an open session, and no day
with an open one can be locked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance
from app.attendance.queries.recordable import recordable
from app.attendance.rules import RefusalCode, refusal
from app.attendance.services.settle_make_ups import hold_make_ups
from app.core.access import Scope
from app.core.db import lock_shared_or_alone
from app.core.errors import NotFound
from app.core.vocabulary import Method, SessionState, Status
from app.trainings.models import TrainingSession
from app.trainings.queries.locks import locked_on
from app.trainings.queries.sessions import scoped_session


def held_session(
    session: Session, session_id: int, scope: Scope, now: datetime, *, of: Iterable[int] = ()
) -> TrainingSession:
    """The session in scope, as it stands until the transaction ends. Raises NotFound for it, and for any of
    the members `of` whom staff may not record there."""
    row = scoped_session(session, session_id, scope, now)
    lock_shared_or_alone(session, session_id, alone=False)
    session.refresh(row)
    wanted = set(of)
    if wanted and wanted - recordable(session, row, wanted, scope, now):
        raise NotFound()
    return row


def held_row(session: Session, session_id: int, member_id: int) -> Attendance | None:
    """What the ledger says of the member there; nobody else changes it until the transaction ends.

    Make-ups that the row is part of are held first: whoever settles them takes rows in that order.
    """
    hold_make_ups(session, session_id, [member_id])
    return session.get(Attendance, (session_id, member_id), with_for_update=True, populate_existing=True)


def stands_still(session: Session, row: TrainingSession) -> bool:
    """Whether the session belongs to a locked period: what is said of it now becomes an adjustment."""
    # Nothing published or open is ever locked: who checks in need not ask.
    return row.state is SessionState.CLOSED and locked_on(session, row.office_date)


def require_takes(session: Session, row: TrainingSession, method: Method, status: Status) -> None:
    """Raises CheckInRefused unless `method` may record `status` now. The caller holds the session."""
    refused = refusal(row.state, method, status, is_locked=stands_still(session, row))
    if refused is not None:
        raise CheckInRefused(refused)


def require_stands(row: TrainingSession, method: Method, status: Status) -> None:
    """The same but for locks: a correction of a locked session is not refused, it becomes an adjustment."""
    refused: RefusalCode | None = refusal(row.state, method, status)
    if refused is not None:
        raise CheckInRefused(refused)


def as_locked(session: Session, refused: CheckInRefused, session_id: int) -> CheckInRefused:
    """The refusal, as `locked` where the session that is over belongs to a locked period."""
    row = session.get(TrainingSession, session_id) if refused.refusal is RefusalCode.CLOSED else None
    return CheckInRefused(RefusalCode.LOCKED) if row is not None and stands_still(session, row) else refused
