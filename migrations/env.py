"""Runs migrations on the app's own engine, so that SQLite's set-up and PostgreSQL's timeouts hold here too."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.types import TypeDecorator

from app.core.db import Base

# The next number after the advisory locks of sessions and of the scheduler's leader.
MIGRATION_LOCK = 7303


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """Write our own column types as the plain ones they are, so that old migrations need no app code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def wait_for_turn(connection: Connection) -> None:
    """Of several machines that start at once one migrates; the others wait, then find nothing to do."""
    # Its own connection, closed at the end: nothing else inherits the lock or the lifted timeouts.
    connection.detach()
    for timeout in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET {timeout} = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    # The lock and the settings are the connection's, not the transaction's.
    connection.commit()


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    # SQLite alone reads this option: a migration writes from its first statement on.
    with engine.connect().execution_options(sqlite_immediate=True) as connection:
        if connection.dialect.name == "postgresql":
            wait_for_turn(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
