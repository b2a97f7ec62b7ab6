"""Leave: asked for by the member or entered by staff, and what becomes of it; a category, never a text."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, AttendanceChange, LeaveRequest
from app.attendance.queries.absences import expected_at
from app.attendance.reasons import LEAVE
from app.attendance.rules import RefusalCode
from app.attendance.rules_absence import ASKABLE
from app.attendance.services.admission import stands_still
from app.attendance.services.correct import staff_sighting
from app.attendance.services.record import record_attendance, say
from app.attendance.services.settle_make_ups import Hand, hold_make_ups, settle_rows
from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import lock_shared_or_alone, writing
from app.core.errors import NotFound, WrongState
from app.core.i18n import Text, lazy
from app.core.vocabulary import COUNTED_STATUSES, ExcuseReason, LeaveState, Status
from app.members.models import Member
from app.trainings.models import TrainingSession

_CAME: Text = lazy("这一场已经登记到场或补学,不用请假。")
_NOT_NOW: Text = lazy("这一场现在不能请假:还没有发布,或已经取消。")


def ask_leave(
    session_id: int, member_id: int, reason: ExcuseReason, scope: Scope | None, now: datetime
) -> LeaveState:
    """Ask to be excused; scope None: the member asks, who has proven who they are.

    Asking twice is one request: while it is open another reason replaces the first, and what was approved
    stays so. After it was declined or withdrawn, asking opens it again. Raises NotFound for somebody whom
    the session does not expect, and WrongState for one who has come.
    """
    with writing() as session:
        row = _held(session, session_id, member_id, scope, now)
        found = _request(session, session_id, member_id)
        if found is not None and found.state is LeaveState.APPROVED:
            return found.state
        _refuse_if_come(session, row, member_id)
        if found is None:
            found = LeaveRequest(session_id=session_id, member_id=member_id)
            session.add(found)
        elif found.state is LeaveState.OPEN and found.reason is reason:
            return found.state
        found.reason, found.state = reason, LeaveState.OPEN
        found.asked_at, found.asked_by_id = now, scope.user_id if scope else None
        found.decided_at = found.decided_by_id = None
        _note(session, "leave.ask", found, scope, now)
        return found.state


def decide_leave(
    session_id: int,
    member_id: int,
    approve: bool,
    scope: Scope,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
) -> LeaveState:
    """Approve, and the ledger says "excused"; or decline, and it stays as it is.

    The same word again changes nothing. Raises NotFound, and WrongState where somebody else has decided
    otherwise, the member has withdrawn it, or has come after all.
    """
    wanted = LeaveState.APPROVED if approve else LeaveState.DECLINED
    with writing() as session:
        row = _held(session, session_id, member_id, scope, now)
        found = _request(session, session_id, member_id)
        if found is None:
            raise NotFound()
        if found.state is wanted:
            return wanted
        if found.state is LeaveState.WITHDRAWN:
            raise WrongState(lazy("本人已经撤回了这条请假。"))
        if found.state is not LeaveState.OPEN:
            raise WrongState(lazy("这条请假已经有人处理过。要改时,请在名单上更正登记。"))
        if approve:
            _excuse(session, row, found, scope, now, tz, elderly_age)
        found.state, found.decided_at, found.decided_by_id = wanted, now, scope.user_id
        _note(session, "leave.decide", found, scope, now)
        return wanted


def enter_leave(
    session_id: int,
    member_id: int,
    reason: ExcuseReason,
    scope: Scope,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
) -> LeaveState:
    """Staff enter a leave that they approve themselves, in one step. Raises NotFound, WrongState."""
    with writing():
        ask_leave(session_id, member_id, reason, scope, now)
        return decide_leave(session_id, member_id, True, scope, now, tz=tz, elderly_age=elderly_age)


def withdraw_leave(session_id: int, member_id: int, scope: Scope | None, now: datetime) -> LeaveState:
    """Take a request back while it waits; the ledger has nothing of it. Again it changes nothing.

    scope None: the member, who has proven who they are. Raises NotFound, WrongState once it is decided.
    """
    with writing() as session:
        expected_at(session, session_id, member_id, scope, now)
        found = _request(session, session_id, member_id)
        if found is None:
            raise NotFound()
        if found.state is LeaveState.WITHDRAWN:
            return found.state
        if found.state is not LeaveState.OPEN:
            raise WrongState(lazy("这条请假已经答复。情况有变化时,请联系党支部。"))
        found.state = LeaveState.WITHDRAWN
        _note(session, "leave.withdraw", found, scope, now)
        return found.state


def _held(
    session: Session, session_id: int, member_id: int, scope: Scope | None, now: datetime
) -> TrainingSession:
    """The session as it stays until the transaction ends, and the member's requests one after the other."""
    row = expected_at(session, session_id, member_id, scope, now)
    lock_shared_or_alone(session, session_id, alone=False)
    session.refresh(row)
    # A form posted twice at once: the second finds what the first has made.
    session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
    if row.state not in ASKABLE:
        raise WrongState(_NOT_NOW)
    if stands_still(session, row):
        raise CheckInRefused(RefusalCode.LOCKED)
    return row


def _request(session: Session, session_id: int, member_id: int) -> LeaveRequest | None:
    query = select(LeaveRequest).where(
        LeaveRequest.session_id == session_id, LeaveRequest.member_id == member_id
    )
    options = {"populate_existing": True}
    return session.scalars(query.with_for_update(), execution_options=options).first()


def _refuse_if_come(session: Session, row: TrainingSession, member_id: int) -> Attendance | None:
    hold_make_ups(session, row.id, [member_id])
    key = (row.id, member_id)
    found = session.get(Attendance, key, with_for_update=True, populate_existing=True)
    if found is not None and found.status in COUNTED_STATUSES:
        raise WrongState(_CAME)
    return found


def _excuse(
    session: Session,
    row: TrainingSession,
    request: LeaveRequest,
    scope: Scope,
    now: datetime,
    tz: ZoneInfo,
    elderly_age: int,
) -> None:
    found = _refuse_if_come(session, row, request.member_id)
    before = found.status if found else None
    sighting = staff_sighting(row.id, request.member_id, Status.EXCUSED, request.reason, scope.user_id, now)
    if found is None:
        outcome = record_attendance(sighting, now, tz=tz, elderly_age=elderly_age)
        if outcome.status is not Status.EXCUSED:
            # They came in this very moment.
            raise WrongState(_CAME)
    elif (found.status, found.excuse_reason) != (Status.EXCUSED, request.reason):
        say(found, sighting, row, tz)
        settle_rows(session, row.id, [found.member_id], Hand(scope.user_id, now, tz))
    if before is not Status.EXCUSED:
        session.add(
            AttendanceChange(
                session_id=row.id,
                member_id=request.member_id,
                status_before=before,
                status_after=Status.EXCUSED,
                reason=LEAVE,
                changed_by_id=scope.user_id,
                changed_at=now,
            )
        )


def _note(session: Session, act: str, found: LeaveRequest, scope: Scope | None, now: datetime) -> None:
    """Without the reason: why somebody is away is nobody's to read in the log."""
    subject = f"session:{found.session_id}/member:{found.member_id}"
    record_act(session, act, subject, scope.user_id if scope else None, now, state=found.state.value)
