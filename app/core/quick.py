"""Short transactions by the driver itself, for the one thing that a whole hall does in the same minute.

A unit of work of the ORM costs a check-in ten times what its statements cost. Here a `Prepared` statement is
built once from the same Core constructs as everywhere else, and a `Lane` runs it: on SQLite several
transactions that wait together share one commit (`quick_sqlite`), on PostgreSQL each has a connection of its
own (`quick_postgresql`). Either way `run` returns only after the commit is durable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from app.core.db import db

T = TypeVar("T")
Row = tuple[Any, ...]
Coder = Callable[[Any], Any]


class Prepared:
    """A Core statement as a driver takes it, with the types of what goes in and comes out.

    columns: those that it gives back, in their order.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[Any], dialect: Dialect) -> None:
        postgresql = dialect.name == "postgresql"
        # libpq itself takes $1, $2 …
        style = cast(Any, type(dialect))(paramstyle="numeric_dollar") if postgresql else dialect
        compiled = cast(SQLCompiler, statement.compile(dialect=style))
        left_open = {name for bind, name in compiled.bind_names.items() if bind.required}
        # With the lists of IN written out.
        state = compiled.construct_expanded_state(dict.fromkeys(left_open))
        # The state knows those of written-out lists alone.
        coders = cast(Mapping[str, Coder], {**compiled._bind_processors, **state.processors})
        self.text = state.statement
        order = list(state.positiontup or ())
        # What the statement itself says stands there already; what it leaves open is filled in.
        self.template: list[Any] = [
            None if name in left_open else _coded(state.parameters[name], coders.get(name)) for name in order
        ]
        self.open = [(at, name, coders.get(name)) for at, name in enumerate(order) if name in left_open]
        self.types = [column.type for column in columns]
        self._decode = [
            (at, coder)
            for at, kind in enumerate(self.types)
            if (coder := kind.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def parameters(self, given: dict[str, Any]) -> list[Any]:
        """The driver's parameters in their order; `given` names every one that the statement left open."""
        values = self.template.copy()
        for at, name, coder in self.open:
            values[at] = _coded(given[name], coder)
        return values

    def row(self, found: Sequence[Any]) -> Row:
        """What the driver gave, as the columns' types mean it."""
        row = list(found)
        for at, coder in self._decode:
            row[at] = coder(row[at])
        return tuple(row)


def _coded(value: Any, coder: Coder | None) -> Any:
    return value if coder is None else coder(value)


class Hand(Protocol):
    """What work may do inside its transaction."""

    def all(self, statement: Prepared, **given: Any) -> list[Row]:
        """Execute it and give its rows."""

    def one(self, statement: Prepared, **given: Any) -> Row | None:
        """Execute it and give its first row, if it has one."""


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
    from app.core.quick_postgresql import PostgresLane
    from app.core.quick_sqlite import SqliteLane

    return SqliteLane(engine) if engine.dialect.name == "sqlite" else PostgresLane(engine)


def driver_connection(engine: Engine) -> Any:
    """A connection set up as every other of the engine, but outside its pool."""
    fairy = engine.raw_connection()
    fairy.detach()
    return fairy.dbapi_connection
