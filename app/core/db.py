"""Owns the connection to the database: one declarative base, SQLite's set-up, and the writing transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, Enum, MetaData, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app.core.turns import turn_of
from app.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table's base; named constraints, so that a migration can find each one."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)

# First key of the advisory locks on training sessions; any number that nothing else here uses.
SESSION_LOCKS = 7301
# The same for one user's own repeats.
_REPEAT_LOCKS = 7305
# The same for the calendar as a whole: days are locked and unlocked alone.
CALENDAR_LOCK = 7304
SHARED_LOCK = "pg_advisory_xact_lock_shared"
# One for each job that may run at the same time, one for the leader's lock, and a few to spare.
_SCHEDULER_CONNECTIONS = 13


# What features do last in every writing transaction, with what it has changed.
BEFORE_COMMIT: list[Callable[[Session], None]] = []


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC; a naive one is a programming error and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        # SQLite keeps text: without the zone, so that text order is time order.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(enum: type[StrEnum], name: str | None = None) -> Enum:
    """A text column that holds the values of `enum`, with a CHECK on both databases.

    `name` names the CHECK where a table has two columns of one enum.
    """
    return Enum(
        enum,
        native_enum=False,
        length=20,
        create_constraint=True,
        name=name or enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def init_db(app: Flask, settings: Settings) -> None:
    """Configure engines for the app; SQLite and PostgreSQL differ only here."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url, settings.threads)
    db.init_app(app)
    # After the extension's own, and so run before it: what that one rolls back may be a lost connection.
    app.teardown_appcontext(lambda _error: let_go())
    with app.app_context():
        watch(db.engine)


def engine_options(url: str, threads: int) -> dict[str, Any]:
    """Arguments for create_engine: SQLite in explicit transactions, PostgreSQL with timeouts.

    Every thread that answers pages finds a connection; the scheduler's come on top.
    """
    pool = {"hide_parameters": True, "pool_size": threads, "max_overflow": _SCHEDULER_CONNECTIONS}
    if url.startswith("sqlite"):
        return {
            **pool,
            # What `take_statistics` found is read when a connection is opened.
            "pool_recycle": 3600,
            "connect_args": {"isolation_level": None, "check_same_thread": False, "timeout": 10},
        }
    return {
        **pool,
        "pool_pre_ping": True,
        "connect_args": {
            # Whoever waits at the door learns soon that the database is not there.
            "connect_timeout": 5,
            "options": "-c statement_timeout=30000 -c lock_timeout=10000"
            " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
        },
    }


def watch(engine: Engine) -> None:
    """Set up every SQLite connection of `engine` and let SQLAlchemy say BEGIN itself."""
    if engine.dialect.name != "sqlite" or getattr(engine, "_bulou_watched", False):
        return
    engine._bulou_watched = True  # type: ignore[attr-defined]
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


_PRAGMAS = (
    # First: switching to WAL may itself have to wait for another process.
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # 16 MB a connection: with the usual 2 a report reads the same pages from the system again and again.
    "cache_size=-16384",
)


def _set_up_sqlite(connection: sqlite3.Connection, record: object) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A plain BEGIN that later writes can fail at once with "database is locked", however long the
    # busy timeout: writing use cases take the write lock first. Reading ones must not.
    immediate = connection.get_execution_options().get("sqlite_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def writing() -> Iterator[Session]:
    """The one writing transaction of a use case: begins at once, commits at the end, once.

    A service called inside another's `writing()` joins it, and the outermost commits. On an
    error everything is rolled back. Objects loaded before are refreshed, so that a decision is
    never made on what was read outside the transaction.
    """
    session: Session = db.session()
    if session.info.get("writing"):
        yield session
        return
    if session.in_transaction():
        if session.new or session.dirty or session.deleted:
            raise RuntimeError("unsaved changes were made outside a writing use case")
        session.commit()
    session.expire_all()
    session.info["writing"] = True
    try:
        with _turn_to_write(session):
            try:
                session.connection(execution_options={"sqlite_immediate": True})
                yield session
                for settle in BEFORE_COMMIT:
                    settle(session)
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        session.info.pop("writing", None)


def _turn_to_write(session: Session) -> AbstractContextManager[None]:
    """Writers of an SQLite file wait for each other in turn; PostgreSQL needs nothing of the kind."""
    engine = session.get_bind()
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return turn_of(str(engine.engine.url.database)).taken()


def let_go() -> None:
    """Roll back what the session has begun; a connection that cannot even do that is thrown away."""
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except Exception:
        db.session().invalidate()


def is_postgresql(session: Session) -> bool:
    """Whether the session speaks to PostgreSQL (else SQLite)."""
    return session.get_bind().dialect.name == "postgresql"


def lock_shared_or_alone(session: Session, session_id: int, *, alone: bool) -> None:
    """Let check-ins of one training session run side by side, and its change of state run alone.

    Held until the transaction ends. On PostgreSQL an advisory lock in memory: a row lock for each
    check-in would make the session's row hot. SQLite has one writer at a time anyway. Whoever holds a
    session holds the calendar first, so that no day is locked behind their back.
    """
    if is_postgresql(session):
        kind = "pg_advisory_xact_lock" if alone else SHARED_LOCK
        given = {"calendar": CALENDAR_LOCK, "space": SESSION_LOCKS, "id": session_id}
        session.execute(text(f"SELECT {SHARED_LOCK}(:calendar), {kind}(:space, :id)"), given)


def hold_calendar(session: Session, *, alone: bool) -> None:
    """Keep days from being locked or unlocked until the transaction ends; alone: lock or unlock them.

    After the tree and before any session or row: whoever is alone waits until all others are done with
    what they hold, and then takes sessions that nobody holds who could wait for the calendar.
    """
    if is_postgresql(session):
        kind = "pg_advisory_xact_lock" if alone else SHARED_LOCK
        session.execute(text(f"SELECT {kind}(:calendar)"), {"calendar": CALENDAR_LOCK})


def hold_repeats(session: Session, user_id: int) -> None:
    """Let what one user sends twice come one after the other, until the transaction ends; before any row."""
    if is_postgresql(session):
        given = {"space": _REPEAT_LOCKS, "id": user_id}
        session.execute(text("SELECT pg_advisory_xact_lock(:space, :id)"), given)
