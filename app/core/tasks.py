"""Long work that outlives a request: a row says what is to be done and what became of it.

A page puts a task (`start_task`) and shows `task_of` until it has ended. The scheduler's leader starts a
worker process while something waits (`worker_wanted`, `app/scheduler/workers.py`), and the worker calls
`run_waiting`. Features register how a kind of task is done in `RUNNERS`; a runner may be started again
after a crash, so that doing it twice must do no harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from flask_babel import force_locale
from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String, and_, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.clock import utc_now
from app.core.crypto import new_token
from app.core.db import Base, UtcDateTime, db, words, writing
from app.core.errors import AppError, NotFound, WrongState
from app.core.files import instance_folder
from app.core.i18n import LANGUAGES, chosen_language, lazy
from app.core.vocabulary import TaskState

log = structlog.get_logger(__name__)
# A worker that shows no progress for so long is taken to be dead.
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 3
_TOLD_EVERY = timedelta(seconds=0.3)
KEPT_FOR = timedelta(days=1)


class LongTask(Base):
    """One piece of long work. `task_order` and `result` hold ids, days and counts, no personal data."""

    __tablename__ = "long_tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Names it in addresses.
    token: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    state: Mapped[TaskState] = mapped_column(words(TaskState), default=TaskState.WAITING)
    task_order: Mapped[dict[str, Any]] = mapped_column(JSON)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # How often a worker has begun it.
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "state", "lease_until"),)


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as its page shows it. `step` is a word of the feature for what is being done ("reading");
    `words` is why it was refused, in the reader's language."""

    token: str
    kind: str
    state: TaskState
    order: Mapping[str, Any]
    result: Mapping[str, Any]
    step: str
    done: int
    total: int
    words: str
    created_at: datetime

    @property
    def has_ended(self) -> bool:
        return self.state in (TaskState.DONE, TaskState.REFUSED, TaskState.FAILED)


class TaskRun:
    """What a runner is handed: its order, who asked, and where to say how far it is."""

    def __init__(self, row: LongTask) -> None:
        self.id = row.id
        self.token = row.token
        self.order: Mapping[str, Any] = row.task_order
        self.user_id = row.user_id
        # Which try this is: a worker that was taken for dead finds another number in the row.
        self.attempt = row.attempts
        self._told_at = self._lease_at = utc_now() - timedelta(seconds=1)

    def tell(self, step: str, done: int = 0, total: int = 0) -> None:
        """Note the progress; cheap to call for every row, written a few times a second at most.

        In a file, not in the table: a runner that writes holds SQLite's one write lock.
        """
        now = utc_now()
        if 0 < done != total and now - self._told_at < _TOLD_EVERY:
            return
        self._told_at = now
        _progress_path(self.token).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = _progress_path(self.token).with_suffix(".new")
        draft.write_text(json.dumps([step, done, total]))
        draft.replace(_progress_path(self.token))
        if now - self._lease_at > LEASE / 5 and not db.session().info.get("writing"):
            self._lease_at = now
            with writing() as session:
                row = _still_ours(session, self)
                if row is not None:
                    row.lease_until = now + LEASE


Runner = Callable[[TaskRun], Mapping[str, Any]]
# kind → what does it and returns the task's `result`. An AppError it raises refuses the task in its words.
RUNNERS: dict[str, Runner] = {}


def start_task(
    kind: str, order: Mapping[str, Any], user_id: int | None, now: datetime, token: str | None = None
) -> str:
    """Put a task; returns its token. `order` must be plain JSON."""
    token = token or new_token(16)
    with writing() as session:
        session.add(LongTask(token=token, kind=kind, user_id=user_id, task_order=dict(order), created_at=now))
    return token


def task_of(session: Session, token: str, kind: str, user_id: int | None) -> TaskView:
    """The caller's own task; raises NotFound for another's, and after a day."""
    row = session.scalars(
        select(LongTask).where(LongTask.token == token, LongTask.kind == kind, LongTask.user_id == user_id)
    ).one_or_none()
    if row is None:
        raise NotFound()
    return _view(row)


def any_task(session: Session, token: str, kind: str) -> TaskView:
    """A task whoever put it, for features where colleagues share one; the caller says who may see it."""
    return _view(_row_of(session, token, kind))


def task_to_settle(session: Session, token: str, kind: str) -> LongTask:
    """The row of a finished task, held until the transaction ends: to note there what was made of it."""
    row = _row_of(session, token, kind, hold=True)
    if row.state is not TaskState.DONE:
        raise WrongState(lazy("这项工作还没有做完。"))
    return row


def _row_of(session: Session, token: str, kind: str, *, hold: bool = False) -> LongTask:
    query = select(LongTask).where(LongTask.token == token, LongTask.kind == kind)
    if hold:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound()
    return row


def tasks_of(session: Session, kind: str, user_id: int | None, *, limit: int = 5) -> list[TaskView]:
    """The caller's own tasks of a kind, the newest first; they are kept for a day."""
    query = select(LongTask).where(LongTask.kind == kind, LongTask.user_id == user_id)
    return [_view(row) for row in session.scalars(query.order_by(LongTask.id.desc()).limit(limit))]


def _view(row: LongTask) -> TaskView:
    step, done, total = _progress(row.token)
    result = row.result or {}
    said = result.get("words", {}) if row.state is TaskState.REFUSED else {}
    said_here = said.get(chosen_language(), "")
    return TaskView(
        row.token, row.kind, row.state, row.task_order, result, step, done, total, said_here, row.created_at
    )


def forget_task(token: str, user_id: int | None) -> None:
    """Drop the caller's own task; one that runs goes on to its end, and nobody hears of it."""
    with writing() as session:
        session.execute(delete(LongTask).where(LongTask.token == token, LongTask.user_id == user_id))
    _progress_path(token).unlink(missing_ok=True)


def worker_wanted(session: Session, now: datetime) -> bool:
    """Whether a task waits, or was left by a worker that died."""
    return session.scalar(select(LongTask.id).where(_claimable(now)).limit(1)) is not None


def run_waiting(clock: Callable[[], datetime] = utc_now) -> int:
    """Do what waits, one after the other, until nothing does; returns how many."""
    done = 0
    while (run := _claim(clock())) is not None:
        _do(*run, clock)
        done += 1
    return done


def release_lost(now: datetime) -> int:
    """The worker has died: what it had begun waits again at once."""
    with writing() as session:
        lost = session.scalars(select(LongTask).where(LongTask.state == TaskState.RUNNING)).all()
        for row in lost:
            row.lease_until = now
    return len(lost)


def forget_old_tasks(now: datetime) -> int:
    """Delete tasks that were put more than a day ago; returns how many."""
    with writing() as session:
        gone = session.scalars(
            delete(LongTask).where(LongTask.created_at < now - KEPT_FOR).returning(LongTask.token)
        ).all()
    for token in gone:
        _progress_path(token).unlink(missing_ok=True)
    return len(gone)


def _claimable(now: datetime) -> ColumnElement[bool]:
    left = and_(LongTask.state == TaskState.RUNNING, LongTask.lease_until <= now)
    return or_(LongTask.state == TaskState.WAITING, left)


def _claim(now: datetime) -> tuple[TaskRun, str] | None:
    with writing() as session:
        query = select(LongTask).where(_claimable(now)).order_by(LongTask.id).limit(1)
        row = session.scalars(query.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        row.attempts += 1
        row.state, row.lease_until = TaskState.RUNNING, now + LEASE
        if row.attempts > MOST_ATTEMPTS:
            # Whatever kills its worker each time would keep everyone else's work waiting.
            row.state, row.finished_at, row.lease_until = TaskState.FAILED, now, None
        return TaskRun(row), row.kind


def _do(run: TaskRun, kind: str, clock: Callable[[], datetime]) -> None:
    row = db.session().get(LongTask, run.id)
    if row is None or row.state is not TaskState.RUNNING:
        return
    try:
        result, state = dict(RUNNERS[kind](run)), TaskState.DONE
    except AppError as refused:
        result, state = {"code": refused.code, "words": _in_all_languages(refused)}, TaskState.REFUSED
    except Exception:
        db.session.rollback()
        log.exception("task_failed", kind=kind)
        result, state = {}, TaskState.FAILED
    with writing() as session:
        row = _still_ours(session, run)
        if row is not None:
            row.state, row.result, row.finished_at, row.lease_until = state, result, clock(), None


def _still_ours(session: Session, run: TaskRun) -> LongTask | None:
    """The row, unless it was dropped or another worker has taken it over."""
    row = session.get(LongTask, run.id, populate_existing=True, with_for_update=True)
    return row if row is not None and row.attempts == run.attempt else None


def _in_all_languages(refused: AppError) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with force_locale(language):
            said[language] = " ".join(str(e.detail) for e in refused.errors) or str(refused.detail)
    return said


def _progress_path(token: str) -> Path:
    return instance_folder("tasks") / f"{token}.json"


def _progress(token: str) -> tuple[str, int, int]:
    try:
        step, done, total = json.loads(_progress_path(token).read_text())
    except (OSError, ValueError):
        return "", 0, 0
    return str(step), int(done), int(total)
