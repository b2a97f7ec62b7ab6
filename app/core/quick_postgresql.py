"""The quick lane of PostgreSQL: libpq through psycopg, a connection for each that runs at the same time.

Measured: a prepared statement costs this process 5 µs by libpq and ten times that by a cursor, which parses,
adapts and waits in Python. What that saves is spent on the rules.
"""

from __future__ import annotations

import contextlib
import select
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

import psycopg
from psycopg import errors
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Engine
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.core.db import SESSION_LOCKS, SHARED_LOCK
from app.core.errors import AppError
from app.core.quick import Coder, Prepared, Row, T, Work, driver_connection

_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


def to_text(value: Any) -> bytes | None:
    """A parameter as PostgreSQL reads it."""
    if value is None or isinstance(value, bytes):
        return value if value is None else b"\\x" + value.hex().encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, datetime | date):
        return value.isoformat().encode()
    return str(value).encode()


def _boolean(text: bytes) -> bool:
    return text == b"t"


def _moment(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode())


def _day(text: bytes) -> date:
    return date.fromisoformat(text.decode())


def _bytes(text: bytes) -> bytes:
    return bytes.fromhex(text[2:].decode())


_READERS: dict[type, Callable[[bytes], Any]] = {
    int: int,
    bool: _boolean,
    str: bytes.decode,
    datetime: _moment,
    date: _day,
    bytes: _bytes,
}


# Of a statement on one connection: its name there, and how its columns are read.
_Known = tuple[bytes, list[tuple[int, Any]]]

_LOCK = b"quick_lock"
_LOCK_TEXT = f"SELECT {SHARED_LOCK}({SESSION_LOCKS}, $1::integer)".encode()


class PostgresHand:
    """Executes statements on one connection, each prepared there once."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._pg: PGconn = connection.pgconn
        self._went_silent = False
        self._names: dict[Prepared, _Known] = {}
        self._checked(self._pg.prepare(_LOCK, _LOCK_TEXT))
        self._poll = select.poll()
        self._poll.register(self._pg.socket, select.POLLIN)

    @property
    def is_lost(self) -> bool:
        return self._went_silent or self._pg.status != ConnStatus.OK

    def execute(self, text: str) -> None:
        """Plain statements, several in one message."""
        self._checked(self._pg.exec_(text.encode()))

    def all(self, statement: Prepared, **given: Any) -> list[Row]:
        name, readers = self._names.get(statement) or self._prepare(statement)
        found = self._checked(self._pg.exec_prepared(name, cast(Any, _texts(statement, given))))
        return _rows(statement, readers, found)

    def one(self, statement: Prepared, **given: Any) -> Row | None:
        rows = self.all(statement, **given)
        return rows[0] if rows else None

    def once(self, statement: Prepared, shared_session: int, given: Mapping[str, Any]) -> Row | None:
        """The session's lock, the statement and the commit in one message, and one wait for all answers.

        Between two synchronisations of a pipeline PostgreSQL runs one transaction.
        """
        name, readers = self._names.get(statement) or self._prepare(statement)
        pg = self._pg
        pg.enter_pipeline_mode()
        pg.send_query_prepared(_LOCK, (b"%d" % shared_session,))
        pg.send_query_prepared(name, cast(Any, _texts(statement, given)))
        pg.pipeline_sync()
        pg.flush()
        # Whichever failed first says why: the lock, the statement or the commit.
        _, found, *_ = [self._checked(result) for result in self._answers()]
        pg.exit_pipeline_mode()
        rows = _rows(statement, readers, found)
        return rows[0] if rows else None

    def _answers(self) -> list[PGresult]:
        """What comes back before the synchronisation, which PostgreSQL answers once all is durable."""
        pg, results = self._pg, list[PGresult]()
        while pg.status == ConnStatus.OK:
            # Waiting is left to `poll`, which lets other threads run meanwhile; libpq's own does not.
            while pg.is_busy():
                self._poll.poll()
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)
        raise psycopg.OperationalError("the connection is lost")

    def _prepare(self, statement: Prepared) -> _Known:
        name = b"quick_%d" % len(self._names)
        self._checked(self._pg.prepare(name, statement.text.encode()))
        readers = [_READERS[_python_type(kind)] for kind in statement.types]
        made = (name, list(enumerate(readers)))
        self._names[statement] = made
        return made

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in _GOOD:
            return result
        # Without a state of its own the error is libpq's: the server is gone before it could say anything.
        self._went_silent = result.error_field(DiagnosticField.SQLSTATE) is None
        if self.is_lost:
            raise psycopg.OperationalError("the connection is lost")
        raise errors.error_from_result(result)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.connection.close()


def _texts(statement: Prepared, given: Mapping[str, Any]) -> list[bytes | None]:
    return [_coded_text(coder, given[name]) for name, coder in statement.open]


# Most of what a hall sends is the same for everybody. `typed`: 1 and True are equal, and written otherwise.
@lru_cache(maxsize=4096, typed=True)
def _coded_text(coder: Coder | None, value: Any) -> bytes | None:
    return to_text(value if coder is None else coder(value))


def _rows(statement: Prepared, readers: list[tuple[int, Any]], found: PGresult) -> list[Row]:
    return [
        statement.row(
            [None if (text := found.get_value(row, at)) is None else read(text) for at, read in readers]
        )
        for row in range(found.ntuples)
    ]


def _python_type(kind: TypeEngine[Any]) -> type:
    """What a driver would give, before the column's own type reads it; str for an enumeration."""
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return plain.python_type if plain.python_type in _READERS else str


class PostgresLane:
    """The server groups commits by itself; here each transaction is four short messages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[PostgresHand] = deque()

    def run(self, work: Work[T], shared_session: int) -> T:
        # In one message. The lock comes before whatever reads the session's state.
        begin = f"BEGIN; SELECT {SHARED_LOCK}({SESSION_LOCKS}, {int(shared_session)})"
        hand, _ = self._first_to(lambda hand: hand.execute(begin))
        try:
            result = work(hand)
            hand.execute("COMMIT")
        except AppError:
            self._give_up(hand)
            raise
        except BaseException:
            hand.close()
            raise
        self._idle.append(hand)
        return result

    def once(self, statement: Prepared, shared_session: int, **given: Any) -> Row | None:
        return self._on_a_connection(lambda hand: hand.once(statement, shared_session, given))

    def read(self, statement: Prepared, **given: Any) -> list[Row]:
        return self._on_a_connection(lambda hand: hand.all(statement, **given))

    def _on_a_connection(self, ask: Callable[[PostgresHand], T]) -> T:
        hand, answer = self._first_to(ask)
        self._idle.append(hand)
        return answer

    def _first_to(self, ask: Callable[[PostgresHand], T]) -> tuple[PostgresHand, T]:
        """The answer and who gave it. A connection that lay idle may have died meanwhile: then another."""
        while True:
            hand, is_new = self._take()
            try:
                return hand, ask(hand)
            except BaseException:
                is_dead = hand.is_lost
                hand.close()
                if is_new or not is_dead:
                    raise

    def _take(self) -> tuple[PostgresHand, bool]:
        try:
            return self._idle.pop(), False
        except IndexError:
            return PostgresHand(driver_connection(self._engine)), True

    def _give_up(self, hand: PostgresHand) -> None:
        try:
            hand.execute("ROLLBACK")
        except Exception:
            hand.close()
        else:
            self._idle.append(hand)
