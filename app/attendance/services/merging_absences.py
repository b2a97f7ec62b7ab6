"""When two members turn out to be one: requests for leave and make-ups follow, each session having one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, LeaveRequest, MakeUp
from app.attendance.rules_absence import is_missed
from app.attendance.services.settle_make_ups import (
    Hand,
    count_again,
    count_done,
    settle_make_up,
    undo_make_up,
)
from app.core.clock import office_tz
from app.core.vocabulary import LeaveState, MakeUpState
from app.members.services.merging import Move
from app.trainings.models import TrainingSession
from app.trainings.queries.locks import locked_on

# Of two requests for one session: what the office has said, then what waits for its word.
_SAYS_MOST = (LeaveState.APPROVED, LeaveState.OPEN, LeaveState.DECLINED, LeaveState.WITHDRAWN)
# Of a row: how it came to be, with the branch and groups of that day; and what it counts.
_RECORDED = ("method", "recorded_by_id", "occurred_at", "received_at", "org_id", "groups")
_COUNTED = ("minutes", "morning_minutes")


@dataclass(frozen=True, slots=True)
class Planned:
    """A make-up without its member; done_on: it was made up, by itself where `via_session_id` is None.

    row: what the missed session's row then said.
    """

    session_id: int
    via_session_id: int | None
    mode_key: str
    planned_at: datetime
    planned_by_id: int | None
    done_on: date | None
    minutes: int | None
    row: Mapping[str, Any] | None


def take_apart(session: Session, move: Move) -> list[Planned]:
    """Undo the make-ups at sessions that know both, so that their rows say what was seen; what they were,
    done ones first. All others just follow: of locked days too nothing of theirs changes."""
    both = (move.kept_id, move.other_id)
    query = select(MakeUp).where(MakeUp.member_id.in_(both)).order_by(MakeUp.member_id, MakeUp.session_id)
    found = session.scalars(query.with_for_update(), execution_options={"populate_existing": True}).all()
    doubled = _sessions_of_both(session, move, found)
    apart = [one for one in found if doubled & {one.session_id, one.via_session_id}]
    known = [_as_planned(session, one) for one in apart]
    for one in apart:
        undo_make_up(session, one, _hand(move))
        session.delete(one)
    session.flush()
    follow = update(MakeUp).where(MakeUp.member_id == move.other_id).values(member_id=move.kept_id)
    session.execute(follow, execution_options={"synchronize_session": False})
    return sorted(known, key=lambda one: (one.session_id, one.done_on is None, one.planned_at))


def _as_planned(session: Session, one: MakeUp) -> Planned:
    done = one.state is MakeUpState.DONE
    row = session.get_one(Attendance, (one.session_id, one.member_id)) if done else None
    return Planned(
        one.session_id,
        one.via_session_id,
        one.mode_key,
        one.planned_at,
        one.planned_by_id,
        one.done_on,
        one.minutes,
        {name: getattr(row, name) for name in (*_RECORDED, *_COUNTED)} if row else None,
    )


def _sessions_of_both(session: Session, move: Move, make_ups: Sequence[MakeUp]) -> set[int | None]:
    """Sessions that recorded both, or of which both have something to make up or to come to."""
    known: dict[int, set[int | None]] = {move.kept_id: set(), move.other_id: set()}
    rows = select(Attendance.member_id, Attendance.session_id).where(Attendance.member_id.in_(known))
    for member_id, session_id in session.execute(rows):
        known[member_id].add(session_id)
    for one in make_ups:
        known[one.member_id] |= {one.session_id, one.via_session_id}
    return (known[move.kept_id] & known[move.other_id]) - {None}


def put_together(session: Session, move: Move, known: list[Planned]) -> None:
    """Plan again for the kept member what is still missed, and count what was done."""
    _move_leave(session, move)
    sessions: set[int] = set()
    ways: set[int] = set()
    for was in known:
        one = was
        if one.session_id in sessions or not _still_missed(session, one.session_id, move.kept_id):
            continue
        if one.via_session_id in ways:
            if one.done_on is not None:
                # The one coming makes up one session: the first.
                continue
            one = replace(was, via_session_id=None)
        sessions.add(one.session_id)
        ways |= {one.via_session_id} if one.via_session_id else set()
        _plan_again(session, one, move)


def _plan_again(session: Session, one: Planned, move: Move) -> None:
    again = MakeUp(
        session_id=one.session_id,
        member_id=move.kept_id,
        via_session_id=one.via_session_id,
        mode_key=one.mode_key,
        state=MakeUpState.PLANNED,
        planned_at=one.planned_at,
        planned_by_id=one.planned_by_id,
    )
    session.add(again)
    session.flush()
    if one.done_on is not None and one.via_session_id is None:
        count_done(session, again, one.done_on, one.minutes or 0, _hand(move))
    elif one.done_on is not None:
        count_again(session, again, _hand(move))
    else:
        settle_make_up(session, one.session_id, move.kept_id, _hand(move))
    session.flush()
    if one.row is not None and again.state is MakeUpState.DONE:
        _say_again(session, again, one, one.row)
        session.flush()


def _say_again(session: Session, again: MakeUp, was: Planned, said: Mapping[str, Any]) -> None:
    """A row that was undone and made anew is the one that there was; of a locked day it counts what it
    counted, whatever the coming has become since."""
    row = session.get_one(Attendance, (again.session_id, again.member_id))
    names = _RECORDED if again.status_before is None else ()
    if locked_on(session, row.office_date):
        names = (*names, *_COUNTED)
        again.done_on, again.minutes = was.done_on, was.minutes
    for name in names:
        setattr(row, name, said[name])


def _still_missed(session: Session, session_id: int, member_id: int) -> bool:
    row = session.get_one(TrainingSession, session_id)
    found = session.get(Attendance, (session_id, member_id), populate_existing=True)
    return is_missed(row.state, found.status if found else None)


def _move_leave(session: Session, move: Move) -> None:
    both = (move.kept_id, move.other_id)
    query = select(LeaveRequest).where(LeaveRequest.member_id.in_(both)).order_by(LeaveRequest.id)
    by_session: dict[int, list[LeaveRequest]] = {}
    for one in session.scalars(query, execution_options={"populate_existing": True}):
        by_session.setdefault(one.session_id, []).append(one)
    gone = []
    for requests in by_session.values():
        requests.sort(key=lambda one: _SAYS_MOST.index(one.state))
        gone += [one.id for one in requests[1:]]
    quietly = {"synchronize_session": False}
    session.execute(delete(LeaveRequest).where(LeaveRequest.id.in_(gone)), execution_options=quietly)
    moved = update(LeaveRequest).where(LeaveRequest.member_id == move.other_id)
    session.execute(moved.values(member_id=move.kept_id), execution_options=quietly)
    session.expire_all()


def _hand(move: Move) -> Hand:
    return Hand(move.by_id, move.now, office_tz())
