"""Plans how a missed session is made up, says that it was, and takes that back."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance, MakeUp
from app.attendance.queries.absences import expected_at
from app.attendance.queries.ways import is_way
from app.attendance.rules import RefusalCode
from app.attendance.rules_absence import LONGEST_MINUTES, WAYS, Studied, Way, is_missed
from app.attendance.services.admission import stands_still
from app.attendance.services.settle_make_ups import Hand, count_done, settle_make_up, undo_make_up
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import lock_shared_or_alone, writing
from app.core.errors import InvalidInput, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import MakeUpState, Status
from app.members.models import Member
from app.trainings.models import DeliveryMode, ExpectedAttendee, TrainingSession


def plan_make_up(
    session_id: int, member_id: int, way: Way, scope: Scope, now: datetime, *, tz: ZoneInfo
) -> MakeUpState:
    """Plan it; the same again changes nothing, and another way replaces the first while it is planned.

    Done at once where the member has come to a session that is over already. Raises NotFound, WrongState
    where nothing was missed or it is made up already, and InvalidInput.
    """
    with writing() as session:
        row = _held(session, session_id, member_id, way.via_session_id, scope, now)
        found = session.get(MakeUp, (session_id, member_id), with_for_update=True, populate_existing=True)
        if found is not None and _is_so(found, way):
            return found.state
        if found is not None and found.state is MakeUpState.DONE:
            # It waits to be undone: until then the other session's row counts for this one.
            _refuse_locked(session, found.via_session_id)
        _refuse_unless_missed(session, row, member_id)
        mode_key = _checked_way(session, row, member_id, way, scope, office_date(now))
        if found is None:
            found = MakeUp(session_id=session_id, member_id=member_id, state=MakeUpState.PLANNED)
            session.add(found)
        found.via_session_id, found.mode_key = way.via_session_id, mode_key
        found.planned_at, found.planned_by_id = now, scope.user_id
        _note(session, "make_up.plan", found, scope, now)
        settled = settle_make_up(session, session_id, member_id, Hand(scope.user_id, now, tz))
        return settled.state if settled else MakeUpState.PLANNED


def finish_make_up(
    session_id: int, member_id: int, studied: Studied, scope: Scope, now: datetime, *, tz: ZoneInfo
) -> MakeUpState:
    """Say that it was made up by itself: at a visit, in a group that read together. Planned or not before.

    The same again changes nothing; another day or length corrects it. Raises NotFound, WrongState, and
    InvalidInput for a day before the session or to come.
    """
    with writing() as session:
        row = _held(session, session_id, member_id, None, scope, now)
        found = session.get(MakeUp, (session_id, member_id), with_for_update=True, populate_existing=True)
        if found is None or found.state is MakeUpState.PLANNED:
            _refuse_unless_missed(session, row, member_id)
        elif found.via_session_id is not None:
            raise WrongState(lazy("已经在另一场补过了。需要改时,请先撤销。"))
        _refuse_studied(session, row, studied, office_date(now))
        if found is None:
            found = MakeUp(session_id=session_id, member_id=member_id, state=MakeUpState.PLANNED)
            found.planned_at, found.planned_by_id = now, scope.user_id
            found.mode_key = studied.mode_key
            session.add(found)
        found.via_session_id, found.mode_key = None, studied.mode_key
        session.flush()
        minutes = row.credited_minutes if studied.minutes is None else studied.minutes
        count_done(session, found, studied.done_on, minutes, Hand(scope.user_id, now, tz))
        _note(session, "make_up.done", found, scope, now, minutes=minutes)
        return found.state


def drop_make_up(session_id: int, member_id: int, scope: Scope, now: datetime, *, tz: ZoneInfo) -> bool:
    """Take a plan or what was done back: the session is missed as before. False when there was nothing."""
    with writing() as session:
        _held(session, session_id, member_id, None, scope, now)
        found = session.get(MakeUp, (session_id, member_id), with_for_update=True, populate_existing=True)
        if found is None:
            return False
        _refuse_locked(session, session_id, found.via_session_id)
        undo_make_up(session, found, Hand(scope.user_id, now, tz))
        _note(session, "make_up.drop", found, scope, now)
        session.delete(found)
        return True


def _held(
    session: Session, session_id: int, member_id: int, via_id: int | None, scope: Scope, now: datetime
) -> TrainingSession:
    """The missed session in scope; neither session changes its state until the transaction ends."""
    row = expected_at(session, session_id, member_id, scope, now)
    for one in sorted({session_id, via_id or session_id}):
        lock_shared_or_alone(session, one, alone=False)
    session.refresh(row)
    _refuse_locked(session, row.id, via_id)
    # Two plans of one member at once might choose the same session.
    session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
    return row


def _refuse_locked(session: Session, *session_ids: int | None) -> None:
    """Both sessions' figures would move. Raises CheckInRefused (locked)."""
    query = select(TrainingSession).where(TrainingSession.id.in_([one for one in session_ids if one]))
    if any(stands_still(session, row) for row in session.scalars(query)):
        raise CheckInRefused(RefusalCode.LOCKED)


def _is_so(found: MakeUp, way: Way) -> bool:
    if way.via_session_id is not None:
        return found.via_session_id == way.via_session_id
    is_planned = found.state is MakeUpState.PLANNED
    return is_planned and found.via_session_id is None and found.mode_key == way.mode_key


def _refuse_unless_missed(session: Session, row: TrainingSession, member_id: int) -> None:
    found = session.get(Attendance, (row.id, member_id), with_for_update=True, populate_existing=True)
    status = found.status if found else None
    if status is Status.MADE_UP:
        raise WrongState(lazy("已经补过了。需要改时,请先撤销。"))
    if not is_missed(row.state, status):
        raise WrongState(lazy("这一场还没有结束,或本人已经到场,不用补学。"))


def _refuse_studied(session: Session, row: TrainingSession, studied: Studied, today: date) -> None:
    if not row.office_date <= studied.done_on <= today:
        words = lazy("补学的日期应在原场次当天到今天之间。")
        raise InvalidInput.field("done_on", "out_of_range", words)
    if studied.minutes is not None and not 0 < studied.minutes <= LONGEST_MINUTES:
        raise InvalidInput.field("minutes", "out_of_range", lazy("分钟数请填 1 到 1440 之间的整数。"))
    _known_mode(session, studied.mode_key)


def _known_mode(session: Session, mode_key: str) -> None:
    if session.get(DeliveryMode, mode_key) is None:
        raise InvalidInput.field("mode", "unknown", lazy("没有这种学习形式,请重新选择。"))


def _checked_way(
    session: Session, row: TrainingSession, member_id: int, way: Way, scope: Scope, today: date
) -> str:
    """The mode of the way. Raises InvalidInput for a session that cannot make up for this one."""
    if way.via_session_id is None:
        _known_mode(session, way.mode_key)
        return way.mode_key
    via = session.get(TrainingSession, way.via_session_id, populate_existing=True)
    fits = via is not None and via.state in WAYS and via.id != row.id
    if via is None or not fits or not is_way(session, row, via, member_id, scope, today):
        raise InvalidInput.field("via", "unsuitable", lazy("这一场不能用来补学,请另选一场。"))
    if session.get(ExpectedAttendee, (via.id, member_id)) is not None:
        words = lazy("那一场本来就通知了本人参加,不能同时算补学,请另选一场。")
        raise InvalidInput.field("via", "expected", words)
    taken = select(MakeUp.session_id).where(
        MakeUp.via_session_id == via.id, MakeUp.member_id == member_id, MakeUp.session_id != row.id
    )
    if session.scalar(taken) is not None:
        raise InvalidInput.field("via", "taken", lazy("那一场已经用来补另一场了,请另选一场。"))
    return via.mode_key


def _note(session: Session, act: str, found: MakeUp, scope: Scope, now: datetime, **more: int) -> None:
    subject = f"session:{found.session_id}/member:{found.member_id}"
    record_act(session, act, subject, scope.user_id, now, via=found.via_session_id, **more)
