"""Decides whether an error means that the database can take or give nothing just now; it only names it."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

import psycopg
from sqlalchemy import exc

# What a client may try again after; a restart of PostgreSQL takes about as long.
RETRY_AFTER_SECONDS = 5


class StorageTrouble(StrEnum):
    """Why nothing can be stored or read now; each goes away without a change of the program."""

    AWAY = "away"  # stopped, starting, not to be reached, or the connection was lost
    FULL = "full"  # no room left
    BUSY = "busy"  # a lock or a connection did not come free in time
    READ_ONLY = "read_only"
    BROKEN = "broken"  # the disk does not read or write


_SQLITE = {
    sqlite3.SQLITE_FULL: StorageTrouble.FULL,
    sqlite3.SQLITE_IOERR: StorageTrouble.BROKEN,
    sqlite3.SQLITE_BUSY: StorageTrouble.BUSY,
    sqlite3.SQLITE_LOCKED: StorageTrouble.BUSY,
    sqlite3.SQLITE_PROTOCOL: StorageTrouble.BUSY,
    sqlite3.SQLITE_READONLY: StorageTrouble.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: StorageTrouble.AWAY,
}
# SQLSTATE, or its first two characters for a whole class.
_POSTGRESQL = {
    "08": StorageTrouble.AWAY,
    "57P01": StorageTrouble.AWAY,
    "57P02": StorageTrouble.AWAY,
    "57P03": StorageTrouble.AWAY,
    "57P05": StorageTrouble.AWAY,
    "25P03": StorageTrouble.AWAY,
    "53100": StorageTrouble.FULL,
    "53": StorageTrouble.BUSY,
    "55P03": StorageTrouble.BUSY,
    "57014": StorageTrouble.BUSY,
    "40001": StorageTrouble.BUSY,
    "40P01": StorageTrouble.BUSY,
    "25006": StorageTrouble.READ_ONLY,
    "58030": StorageTrouble.BROKEN,
}
# SQLAlchemy's "can't reconnect until invalid transaction is rolled back".
_LOST_IN_TRANSACTION = "8s2b"


def storage_trouble(error: BaseException) -> StorageTrouble | None:
    """What keeps the database from its work, by an error of SQLAlchemy or of a driver itself.

    None for everything else: a broken rule, a wrong statement or a damaged file needs somebody to look,
    and a try later would not help.
    """
    if isinstance(error, exc.TimeoutError):
        return StorageTrouble.BUSY
    if isinstance(error, exc.PendingRollbackError):
        return StorageTrouble.AWAY if error.code == _LOST_IN_TRANSACTION else None
    if isinstance(error, exc.DBAPIError):
        known = storage_trouble(error.orig) if error.orig is not None else None
        return known or (StorageTrouble.AWAY if error.connection_invalidated else None)
    if isinstance(error, sqlite3.Error):
        # The last byte; the others say which step of it went wrong.
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(error, psycopg.Error):
        return _of_postgresql(error)
    return None


def _of_postgresql(error: psycopg.Error) -> StorageTrouble | None:
    if error.sqlstate is not None:
        return _POSTGRESQL.get(error.sqlstate) or _POSTGRESQL.get(error.sqlstate[:2])
    # Without a state the server said nothing: no connection came about, it broke, or it was closed.
    lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return StorageTrouble.AWAY if lost else None


def trouble_name(error: BaseException) -> str:
    """The database's own name for an error, for the log: its text may hold what was to be stored."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__
