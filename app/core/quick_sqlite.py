"""The quick lane of SQLite: one writer, that takes along all who wait and commits them together."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import Any, Generic

from sqlalchemy import Engine

from app.core.errors import AppError
from app.core.quick import Prepared, Row, T, Work, driver_connection
from app.core.storage import storage_trouble
from app.core.turns import turn_of


class SqliteHand:
    """Executes statements on one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def all(self, statement: Prepared, **given: Any) -> list[Row]:
        found = self._connection.execute(statement.text, statement.parameters(given)).fetchall()
        return [statement.row(row) for row in found]

    def one(self, statement: Prepared, **given: Any) -> Row | None:
        rows = self.all(statement, **given)
        return rows[0] if rows else None


class _Job(Generic[T]):
    """Work that waits for its turn, and later what came of it."""

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.is_done = False
        self.result: T | None = None
        self.error: BaseException | None = None

    def try_on(self, hand: SqliteHand) -> None:
        """A refusal is a result; anything else concerns the transaction."""
        self.result = self.error = None
        try:
            self.result = self.work(hand)
        except AppError as refused:
            self.error = refused

    def answer(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


class SqliteLane:
    """Whoever gets the turn leads: one commit, and one wait for the disk, for all who wait meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = turn_of(str(engine.url.database))
        self._leading = threading.Lock()
        self._waiting: deque[_Job[Any]] = deque()
        self._connection: Any = None
        self._readers: deque[Any] = deque()

    def run(self, work: Work[T], shared_session: int) -> T:
        # Nobody changes any session's state during the turn.
        job = _Job(work)
        self._waiting.append(job)
        with self._leading:
            # Whoever led before may have taken this one along.
            if not job.is_done:
                self._lead()
        return job.answer()

    def once(self, statement: Prepared, shared_session: int, **given: Any) -> Row | None:
        return self.run(lambda hand: hand.one(statement, **given), shared_session)

    def read(self, statement: Prepared, **given: Any) -> list[Row]:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = driver_connection(self._engine)
        try:
            rows = SqliteHand(connection).all(statement, **given)
        except BaseException:
            connection.close()
            raise
        self._readers.append(connection)
        return rows

    def _lead(self) -> None:
        with self._turn.taken():
            jobs = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                self._commit(jobs)
            except Exception as error:
                self._one_by_one(jobs, error)
            for job in jobs:
                job.is_done = True

    def _one_by_one(self, jobs: list[_Job[Any]], error: Exception) -> None:
        """What one of them ran into must not befall the others; a database in trouble befalls all."""
        if len(jobs) == 1 or storage_trouble(error) is not None:
            for job in jobs:
                job.error = error
            return
        for job in jobs:
            try:
                self._commit([job])
            except Exception as own:
                job.error = own

    def _commit(self, jobs: list[_Job[Any]]) -> None:
        if self._connection is None:
            self._connection = driver_connection(self._engine)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            hand = SqliteHand(self._connection)
            for job in jobs:
                job.try_on(hand)
            self._connection.execute("COMMIT")
        except BaseException:
            # Closing rolls back, whatever state the error left the connection in.
            connection, self._connection = self._connection, None
            with contextlib.suppress(Exception):
                connection.close()
            raise
