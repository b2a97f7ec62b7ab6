"""Whose turn it is to write to an SQLite file: one at a time, in the order in which they came."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: one process serves everything there
    fcntl = None  # type: ignore[assignment]


class WriteTurn:
    """A lock across the threads of this process and across processes, by a file beside the database.

    SQLite's own waiting sleeps and tries again, so that under load some wait very long (a 99th percentile
    of 600 ms was measured where waiting in turn took 14–22). It is a courtesy, not the guarantee: who
    writes without taking a turn still meets SQLite's own lock and its timeout.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-turn")
        self._thread = threading.Lock()
        self._file: IO[str] | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and hold it until the block ends; not to be taken twice by one thread."""
        with self._thread:
            file = self._opened()
            if fcntl is not None and file is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if fcntl is not None and file is not None:
                    fcntl.flock(file, fcntl.LOCK_UN)

    def _opened(self) -> IO[str] | None:
        """The file, kept open for the next turn; None where there is no room even for an empty one."""
        if self._file is None:
            with contextlib.suppress(OSError):
                self._file = open(self._path, "a")  # noqa: SIM115
        return self._file


_turns: dict[str, WriteTurn] = {}
_making = threading.Lock()
if hasattr(os, "register_at_fork"):
    # A file opened before a fork would be one lock for both.
    os.register_at_fork(after_in_child=_turns.clear)


def turn_of(database: str) -> WriteTurn:
    """The turn of a database file; one for the whole process, however many engines are open on it."""
    with _making:
        return _turns.setdefault(database, WriteTurn(Path(database)))
