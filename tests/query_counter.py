"""Counts the statements that the app sends to its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, has_app_context
from sqlalchemy import Engine, event


@dataclass
class Queries:
    """Statements in order; BEGIN, COMMIT and SQLite's PRAGMAs are not counted."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def count_queries() -> Iterator[Queries]:
    """Count every statement of the block, on whichever engine and connection it runs."""
    if has_app_context():
        # What the context read before the block is not the block's: begin anew.
        current_app.extensions["sqlalchemy"].session.rollback()
    queries = Queries()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.upper().startswith(("BEGIN", "PRAGMA")):
            queries.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield queries
    finally:
        event.remove(Engine, "before_cursor_execute", note)
