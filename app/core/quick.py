"""Short transactions by the driver itself, for the one thing that a whole hall does in the same minute.

A unit of work of the ORM costs a check-in ten times what its statements cost. Here a `Prepared` statement is
built from the same Core constructs as everywhere else, once, and a `Lane` runs it: on SQLite several
transactions that wait together share one commit, on PostgreSQL each has a connection of its own. Either way
`run` returns only after the commit is durable.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from app.core.db import SESSION_LOCKS, SHARED_LOCK, db
from app.core.errors import AppError
from app.core.turns import turn_of

T = TypeVar("T")
Row = tuple[Any, ...]
Coder = Callable[[Any], Any]


class Prepared:
    """A Core statement as the driver takes it, with the types of what goes in and comes out."""

    def __init__(self, statement: ClauseElement, columns: Sequence[Any], dialect: Dialect) -> None:
        compiled = cast(SQLCompiler, statement.compile(dialect=dialect))
        left_open = {name for bind, name in compiled.bind_names.items() if bind.required}
        # With the lists of IN written out.
        state = compiled.construct_expanded_state(dict.fromkeys(left_open))
        coders = cast(Mapping[str, Coder], state.processors)
        self.text = state.statement
        self._order = state.positiontup
        self._encode = {name: coders[name] for name in left_open if name in coders}
        self._fixed = {
            name: coders[name](value) if name in coders else value
            for name, value in state.parameters.items()
            if name not in left_open
        }
        self._decode = [
            (at, coder)
            for at, column in enumerate(columns)
            if (coder := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def parameters(self, given: dict[str, Any]) -> Any:
        """The driver's parameters; `given` names every one that the statement left open."""
        values = {**self._fixed, **given}
        for name, coder in self._encode.items():
            values[name] = coder(values[name])
        return values if self._order is None else [values[name] for name in self._order]

    def row(self, found: Row) -> Row:
        """What the driver gave, as the columns' types mean it."""
        row = list(found)
        for at, coder in self._decode:
            row[at] = coder(row[at])
        return tuple(row)


class Hand:
    """What work of a lane may do inside its transaction."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def one(self, statement: Prepared, **given: Any) -> Row | None:
        """Execute it and give its first row, if it has one."""
        self._cursor.execute(statement.text, statement.parameters(given))
        found = self._cursor.fetchone()
        return None if found is None else statement.row(found)

    def all(self, statement: Prepared, **given: Any) -> list[Row]:
        """Execute it and give its rows."""
        self._cursor.execute(statement.text, statement.parameters(given))
        return [statement.row(row) for row in self._cursor.fetchall()]


Work = Callable[[Hand], T]


class Lane(Protocol):
    """Runs work in a transaction of its own and returns what it returned, after the commit is durable.

    Work may be run again from its start and must have no effect but its statements. An AppError that it
    raises is raised here: it must not have written anything by then. Errors of the driver come through as
    they are; nothing is stored then.
    """

    def run(self, work: Work[T], shared_session: int) -> T:
        """shared_session: the training session whose state must not change meanwhile."""

    def read(self, statement: Prepared, **given: Any) -> list[Row]:
        """The rows of one statement, outside any transaction of a lane."""


class _Job(Generic[T]):
    """Work that waits for its turn, and later what came of it."""

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.is_done = False
        self.result: T | None = None
        self.error: BaseException | None = None

    def try_on(self, hand: Hand) -> None:
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
    """One writer: whoever gets the turn takes along all that wait, and commits them together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = turn_of(str(engine.url.database))
        self._leading = threading.Lock()
        self._waiting: deque[_Job[Any]] = deque()
        self._connection: Any = None
        self._readers: deque[Any] = deque()

    def read(self, statement: Prepared, **given: Any) -> list[Row]:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = _driver_connection(self._engine)
        try:
            found = connection.execute(statement.text, statement.parameters(given)).fetchall()
        except BaseException:
            connection.close()
            raise
        self._readers.append(connection)
        return [statement.row(row) for row in found]

    def run(self, work: Work[T], shared_session: int) -> T:
        job = _Job(work)
        self._waiting.append(job)
        with self._leading:
            # Whoever led before may have taken this one along.
            if not job.is_done:
                self._lead()
        return job.answer()

    def _lead(self) -> None:
        with self._turn.taken():
            jobs = []
            while self._waiting:
                jobs.append(self._waiting.popleft())
            try:
                self._commit(jobs)
            except Exception as error:
                self._one_by_one(jobs, error)
            for job in jobs:
                job.is_done = True

    def _one_by_one(self, jobs: list[_Job[Any]], error: Exception) -> None:
        """What one of them ran into must not befall the others."""
        if len(jobs) == 1:
            jobs[0].error = error
            return
        for job in jobs:
            try:
                self._commit([job])
            except Exception as own:
                job.error = own

    def _commit(self, jobs: list[_Job[Any]]) -> None:
        cursor = self._cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            hand = Hand(cursor)
            for job in jobs:
                job.try_on(hand)
            cursor.execute("COMMIT")
            cursor.close()
        except BaseException:
            self._let_go()
            raise

    def _cursor(self) -> Any:
        if self._connection is None:
            self._connection = _driver_connection(self._engine)
        return self._connection.cursor()

    def _let_go(self) -> None:
        """Closing rolls back, whatever state an error left the connection in."""
        connection, self._connection = self._connection, None
        with contextlib.suppress(Exception):
            connection.close()


class PostgresLane:
    """A connection for each that runs at the same time; the server groups commits by itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Any] = deque()

    def read(self, statement: Prepared, **given: Any) -> list[Row]:
        connection, cursor = self._first(statement.text, statement.parameters(given))
        found = cursor.fetchall()
        self._idle.append(connection)
        return [statement.row(row) for row in found]

    def run(self, work: Work[T], shared_session: int) -> T:
        # In one message. The lock comes before whatever reads the session's state.
        begin = f"BEGIN; SELECT {SHARED_LOCK}({SESSION_LOCKS}, {int(shared_session)})"
        connection, begun = self._first(begin)
        try:
            try:
                result = work(Hand(begun))
            except AppError:
                begun.execute("ROLLBACK")
                self._idle.append(connection)
                raise
            begun.execute("COMMIT")
        except AppError:
            raise
        except BaseException:
            with contextlib.suppress(Exception):
                connection.close()
            raise
        self._idle.append(connection)
        return result

    def _first(self, statement: str, parameters: Any = None) -> tuple[Any, Any]:
        """Execute something on an idle connection, or a new one: an idle one may have died meanwhile."""
        while True:
            try:
                connection = self._idle.pop()
                is_new = False
            except IndexError:
                connection, is_new = self._connect(), True
            try:
                cursor = connection.cursor()
                cursor.execute(statement, parameters)
            except BaseException as error:
                died = bool(connection.closed or connection.broken)
                with contextlib.suppress(Exception):
                    connection.close()
                if is_new or not died or not isinstance(error, Exception):
                    raise
            else:
                return connection, cursor

    def _connect(self) -> Any:
        connection = _driver_connection(self._engine)
        connection.autocommit = True  # BEGIN and COMMIT are ours
        return connection


_lanes: WeakKeyDictionary[Engine, Lane] = WeakKeyDictionary()
_making = threading.Lock()


def lane() -> Lane:
    """The lane of the running app's database."""
    engine = db.engine
    found = _lanes.get(engine)
    if found is None:
        with _making:
            found = _lanes.get(engine) or _lanes.setdefault(engine, _new_lane(engine))
    return found


def _new_lane(engine: Engine) -> Lane:
    return SqliteLane(engine) if engine.dialect.name == "sqlite" else PostgresLane(engine)


def _driver_connection(engine: Engine) -> Any:
    """A connection set up as every other of the engine, but outside its pool."""
    fairy = engine.raw_connection()
    fairy.detach()
    return fairy.dbapi_connection
