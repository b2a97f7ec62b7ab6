"""Decides which one process ticks: a lock that the operating system or the database lets go of by itself."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from app.core.db import db
from app.settings import Settings

try:
    import fcntl
except ImportError:  # Windows: one process serves everything there
    fcntl = None  # type: ignore[assignment]

_LEADER_LOCK = 7302


class Leadership:
    """Holds the leader's lock from the first successful `hold()` until the process ends.

    A file lock beside an SQLite database; an advisory lock on a connection of its own with
    PostgreSQL, tried again when that connection is lost.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file: Any = None
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """Whether this process is the leader now; cheap to ask again at every tick."""
        if self._settings.is_sqlite:
            return self._hold_file()
        return self._hold_connection()

    def _hold_file(self) -> bool:
        if self._file is not None:
            return True
        # The engine's own address: the setting may be relative, or carry options after the file's name.
        path = Path(str(db.engine.url.database)).absolute().with_suffix(".leader")
        handle = open(path, "a")  # noqa: SIM115  kept open: the lock lives as long as the file
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                handle.close()
                return False
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._file = handle
        return True

    def _hold_connection(self) -> bool:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.execute(text("SELECT 1"))
                return True
            self._let_go()
        try:
            connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except Exception:  # the database is away: nobody leads until it is back
            return False
        if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LEADER_LOCK}):
            self._connection = connection
            return True
        connection.close()
        return False

    def _let_go(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None

    def release(self) -> None:
        """Give up the lock, for tests and an orderly stop."""
        self._let_go()
        if self._file is not None:
            self._file.close()
            self._file = None
