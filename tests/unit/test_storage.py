"""Which errors of a database mean "not now", and which mean that somebody must look."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import create_engine, exc, text

from app.core.storage import StorageTrouble, storage_trouble, trouble_name


def sqlite_error(path: Path, *, pages: int = 0, busy: bool = False, read_only: bool = False) -> sqlite3.Error:
    """A real error of a real file: one that is full, locked by another, or not to be written."""
    first = sqlite3.connect(path, isolation_level=None)
    first.execute("CREATE TABLE IF NOT EXISTS t (x)")
    second = sqlite3.connect(f"file:{path}?mode={'ro' if read_only else 'rw'}", uri=True, timeout=0)
    if pages:
        second.execute(f"PRAGMA max_page_count={pages}")
    if busy:
        first.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(sqlite3.Error) as caught:
            second.execute("INSERT INTO t VALUES (zeroblob(100000))")
        return caught.value
    finally:
        first.close()
        second.close()


def test_sqlite_says_what_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    assert storage_trouble(sqlite_error(path, pages=3)) is StorageTrouble.FULL
    assert storage_trouble(sqlite_error(path, busy=True)) is StorageTrouble.BUSY
    assert storage_trouble(sqlite_error(path, read_only=True)) is StorageTrouble.READ_ONLY
    with pytest.raises(sqlite3.Error) as missing:
        sqlite3.connect(tmp_path / "nowhere" / "x.sqlite3")
    assert storage_trouble(missing.value) is StorageTrouble.AWAY


def test_a_broken_rule_a_wrong_statement_or_a_damaged_file_is_no_such_trouble(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x UNIQUE)"))
    for wrong in ("INSERT INTO t VALUES (1), (1)", "SELECT nothing FROM nowhere"):
        with pytest.raises(exc.DBAPIError) as caught, engine.begin() as connection:
            connection.execute(text(wrong))
        assert storage_trouble(caught.value) is None
    engine.dispose()
    (tmp_path / "bad.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(sqlite3.DatabaseError) as damaged:
        sqlite3.connect(tmp_path / "bad.sqlite3").execute("SELECT * FROM t")
    assert storage_trouble(damaged.value) is None
    assert storage_trouble(ValueError("x")) is None


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (errors.DiskFull, StorageTrouble.FULL),
        (errors.AdminShutdown, StorageTrouble.AWAY),
        (errors.CrashShutdown, StorageTrouble.AWAY),
        (errors.CannotConnectNow, StorageTrouble.AWAY),
        (errors.ConnectionFailure, StorageTrouble.AWAY),
        (errors.IdleInTransactionSessionTimeout, StorageTrouble.AWAY),
        (errors.TooManyConnections, StorageTrouble.BUSY),
        (errors.OutOfMemory, StorageTrouble.BUSY),
        (errors.LockNotAvailable, StorageTrouble.BUSY),
        (errors.DeadlockDetected, StorageTrouble.BUSY),
        (errors.QueryCanceled, StorageTrouble.BUSY),
        (errors.ReadOnlySqlTransaction, StorageTrouble.READ_ONLY),
        (errors.IoError, StorageTrouble.BROKEN),
        (errors.UniqueViolation, None),
        (errors.UndefinedTable, None),
        (errors.DataCorrupted, None),
    ],
)
def test_postgresql_says_what_keeps_it(error: type[psycopg.Error], trouble: StorageTrouble | None) -> None:
    assert storage_trouble(error()) is trouble
    wrapped = exc.DBAPIError.instance("SELECT 1", {}, error(), psycopg.Error)
    assert storage_trouble(wrapped) is trouble


def test_a_postgresql_that_is_not_there_is_away(tmp_path: Path) -> None:
    with pytest.raises(psycopg.OperationalError) as direct:
        psycopg.connect(f"host={tmp_path}")
    engine = create_engine(f"postgresql+psycopg://postgres@/x?host={tmp_path}")
    with pytest.raises(exc.OperationalError) as through:
        engine.connect()
    assert {storage_trouble(error.value) for error in (direct, through)} == {StorageTrouble.AWAY}


def test_no_free_connection_in_the_pool_is_busy(tmp_path: Path) -> None:
    engine = create_engine(
        f"sqlite:///{tmp_path / 'x.sqlite3'}", pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    with engine.connect(), pytest.raises(exc.TimeoutError) as caught:
        engine.connect()
    engine.dispose()
    assert storage_trouble(caught.value) is StorageTrouble.BUSY


def test_the_log_gets_the_name_of_an_error_and_not_its_text(tmp_path: Path) -> None:
    full = sqlite_error(tmp_path / "x.sqlite3", pages=3)
    assert trouble_name(full) == "OperationalError SQLITE_FULL"
    wrapped = exc.DBAPIError.instance(
        "INSERT …", {"name": "王小明"}, errors.DiskFull("王小明"), psycopg.Error
    )
    assert trouble_name(wrapped) == "DiskFull 53100"
