"""The steps of a session's life, by hand and by the scheduler: publish, open, close, cancel, reopen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import db, lock_shared_or_alone, writing
from app.core.errors import WrongState
from app.core.i18n import Text, lazy
from app.core.vocabulary import SessionState
from app.members.services.placing import hold_tree
from app.trainings.commands import SavedSession
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import due_sessions, scoped_session
from app.trainings.rules import Step, is_due_to_close, is_due_to_open, next_state
from app.trainings.services.drafts import find_clashes
from app.trainings.services.expected import fix_expected
from app.trainings.services.facts import rewrite_facts
from app.trainings.services.locked import require_unlocked

# What features above this one do when a session is closed, in the same transaction; they add to it when
# they are imported (`app.features.AT_CLOSING`).
WHEN_CLOSED: list[Callable[[Session, TrainingSession, datetime], None]] = []

_REFUSED: dict[SessionState, Text] = {
    SessionState.DRAFT: lazy("这场还是草稿,请先发布。"),
    SessionState.PUBLISHED: lazy("这场已发布,还没有开始签到。"),
    SessionState.OPEN: lazy("这场正在签到。"),
    SessionState.CLOSED: lazy("这场已经结束。"),
    SessionState.CANCELLED: lazy("这场已经取消。"),
}


def publish_session(
    session_id: int, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> SavedSession:
    """Make a draft known and fix its expected list. Raises NotFound, WrongState, PeriodLocked."""
    with writing() as session:
        hold_tree(session)
        row = scoped_session(session, session_id, scope, now, lock=True)
        _take(session, row, Step.PUBLISH, now, tz, scope.user_id)
        expected = fix_expected(session, row, elderly_age)
        record_act(session, "session.publish", f"session:{row.id}", scope.user_id, now, expected=expected)
        return SavedSession(row.id, row.state.value, find_clashes(session, row, scope, now, elderly_age))


def take_step(session_id: int, step: Step, scope: Scope, now: datetime, *, tz: ZoneInfo) -> SessionState:
    """Open, close, cancel or reopen by hand. Raises NotFound, WrongState, PeriodLocked."""
    with writing() as session:
        hold_tree(session)
        row = scoped_session(session, session_id, scope, now, lock=True)
        _take(session, row, step, now, tz, scope.user_id)
        record_act(session, f"session.{step.value}", f"session:{row.id}", scope.user_id, now)
        return row.state


def due_ids(now: datetime) -> list[int]:
    """Sessions that `open_or_close` should look at now."""
    return due_sessions(db.session(), now)


def open_or_close(session_id: int, now: datetime, tz: ZoneInfo) -> bool:
    """Open or close one session if its time has come; tells whether a step was taken.

    One transaction that looks again under the lock: a second scheduler, or an organiser who was
    quicker, makes this do nothing.
    """
    with writing() as session:
        # A merge hands over what is only planned: nothing is opened behind its back.
        hold_tree(session)
        lock_shared_or_alone(session, session_id, alone=True)
        row = session.get_one(TrainingSession, session_id, with_for_update=True, populate_existing=True)
        if is_due_to_open(row.state, row.opens_at, row.closes_at, now):
            step = Step.OPEN
        elif is_due_to_close(row.state, row.opened_at, row.closes_at, now):
            step = Step.CLOSE
        else:
            return False
        _take(session, row, step, now, tz, None)
        record_act(session, f"session.{step.value}", f"session:{row.id}", None, now, by="scheduler")
        return True


def _take(
    session: Session, row: TrainingSession, step: Step, now: datetime, tz: ZoneInfo, user_id: int | None
) -> None:
    after = next_state(row.state, step)
    if after is None:
        raise WrongState(_REFUSED[row.state])
    if row.state is not SessionState.DRAFT or step is Step.PUBLISH:
        # Every step of a session that counts, or will. Giving a draft up moves nothing.
        require_unlocked(session, row.office_date)
    row.state, row.updated_at = after, now
    match step:
        case Step.PUBLISH:
            row.published_at = now
        case Step.OPEN | Step.REOPEN:
            row.opened_at, row.closed_at = now, None
        case Step.CLOSE:
            row.closed_at = now
        case Step.CANCEL:
            row.cancelled_at = now
    if step in (Step.CLOSE, Step.REOPEN, Step.CANCEL):
        rewrite_facts(session, row, tz)
    if step is Step.CLOSE:
        for follow in WHEN_CLOSED:
            follow(session, row, now)
