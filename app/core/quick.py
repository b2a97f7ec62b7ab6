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

from sqlalchemy import BindParameter, Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.sql.visitors import replacement_traverse

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
        # What the statement itself says is written out: sent with each call it cost PostgreSQL more than
        # the work did.
        written = cast(ClauseElement, replacement_traverse(statement, {}, _written_out))
        compiled = cast(SQLCompiler, written.compile(dialect=style))
        left_open = [name for bind, name in compiled.bind_names.items() if bind.required]
        state = compiled.construct_expanded_state(dict.fromkeys(left_open))
        coders = cast(Mapping[str, Coder], compiled._bind_processors)
        self.text = state.statement
        # In the driver's order: the name of each parameter, and how its value is coded.
        self.open = [(name, coders.get(name)) for name in state.positiontup or ()]
        self.types = [column.type for column in columns]
        self._decode = [
            (at, coder)
            for at, kind in enumerate(self.types)
            if (coder := kind.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def parameters(self, given: dict[str, Any]) -> list[Any]:
        """The driver's parameters in their order; `given` names every one that the statement left open."""
        return [given[name] if coder is None else coder(given[name]) for name, coder in self.open]

    def row(self, found: Sequence[Any]) -> Row:
        """What the driver gave, as the columns' types mean it."""
        row = list(found)
        for at, coder in self._decode:
            row[at] = coder(row[at])
        return tuple(row)


def _written_out(element: Any, **_options: Any) -> Any:
    if isinstance(element, BindParameter) and not element.required and not element.literal_execute:
        return element.render_literal_execute()
    return None


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

    def once(self, statement: Prepared, shared_session: int, **given: Any) -> Row | None:
        """The first row of one statement in a transaction of its own, as `run` would give it.

        On PostgreSQL all of it is one message and one answer. It may be executed twice.
        """

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
