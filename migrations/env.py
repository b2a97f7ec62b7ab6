"""Runs migrations on the app's own engine, so that SQLite's set-up and PostgreSQL's timeouts hold here too."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy.types import TypeDecorator

from app.core.db import Base


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """Write our own column types as the plain ones they are, so that old migrations need no app code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    # SQLite alone reads this option: a migration writes from its first statement on.
    with engine.connect().execution_options(sqlite_immediate=True) as connection:
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
