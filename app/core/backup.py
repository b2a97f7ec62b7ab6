"""Copies the database to one file and back, while the server runs; nothing half done stays behind."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL

from app.core.db import db
from app.core.errors import AppError
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.settings import ROOT

_FROM_ELSEWHERE = lazy("这个备份来自更新的版本,请先升级软件。没有改动任何数据。")


class BackupRefused(AppError):
    """A backup cannot be made or restored; the words say why."""

    code = "backup_refused"
    title = lazy("备份没有完成")


def create_backup(target: Path) -> None:
    """Write a complete copy of the database to `target`, replacing an older copy only at the very end."""
    if not target.parent.is_dir():
        raise BackupRefused(_("没有文件夹 %(path)s,请先新建。", path=target.parent))
    with _staged(target) as staged:
        if db.engine.dialect.name == "sqlite":
            _copy_sqlite(_live_file(), staged)
            _check_sqlite(staged)
        else:
            _run("pg_dump", "--format=custom", f"--file={staged}")


def restore_backup(source: Path) -> Path | None:
    """Replace the database's content by a backup's; returns the copy kept of what was there (SQLite).

    The new content appears to other processes in one transaction. A backup from an older
    version is taken: `db upgrade` brings it up; one from a newer version is refused.
    """
    if not source.is_file():
        raise BackupRefused(_("没有文件 %(path)s。", path=source))
    if db.engine.dialect.name != "sqlite":
        _restore_postgresql(source)
        return None
    live = _live_file()
    # A private copy first: what is checked is what is restored, and the source is never written to.
    with _staged(live.with_suffix(".restoring"), keep=False) as staged:
        shutil.copyfile(source, staged)
        _check_sqlite(staged)
        kept = live.with_suffix(".before-restore.sqlite3") if live.exists() else None
        if kept:
            create_backup(kept)
        db.session.remove()
        with closing(sqlite3.connect(staged)) as new, closing(sqlite3.connect(live, timeout=30)) as old:
            new.backup(old)
    db.engine.dispose()
    return kept


def _restore_postgresql(source: Path) -> None:
    versions = _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(source))
    if not set(versions.splitlines()) & set(known_revisions()):
        raise BackupRefused(_FROM_ELSEWHERE)
    db.session.remove()
    db.engine.dispose()
    whole = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
    _run("pg_restore", *whole, f"--dbname={db.engine.url.database}", str(source))


def _live_file() -> Path:
    return Path(str(db.engine.url.database))


@contextmanager
def _staged(target: Path, *, keep: bool = True) -> Iterator[Path]:
    """A private temporary file beside `target`, renamed onto it when all went well (and `keep`)."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
    os.close(handle)
    staged = Path(name)
    try:
        yield staged
        if keep:
            with staged.open("rb") as written:
                os.fsync(written.fileno())
            staged.replace(target)
    finally:
        for leftover in (staged, Path(f"{name}-wal"), Path(f"{name}-shm"), Path(f"{name}-journal")):
            leftover.unlink(missing_ok=True)


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise BackupRefused(_("没有数据库文件 %(path)s。", path=source))
    with closing(sqlite3.connect(source, timeout=30)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        # One self-contained file: a copy that stays in WAL mode would want two more beside it.
        new.execute("PRAGMA journal_mode=DELETE")


def _check_sqlite(path: Path) -> None:
    """Refuse a damaged file, a foreign one, and one that a newer version of this software made."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as exc:
        raise BackupRefused(lazy("这个文件不是本系统的备份,或已损坏。没有改动任何数据。")) from exc
    if verdict != "ok" or broken is not None or version is None:
        raise BackupRefused(lazy("这个备份已损坏,请换一个。没有改动任何数据。"))
    if version[0] not in known_revisions():
        raise BackupRefused(_FROM_ELSEWHERE)


def known_revisions() -> list[str]:
    """The migrations that this version of the software has, newest first."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def _run(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        words = _(
            "这台机器上没有 %(program)s。请安装 PostgreSQL 客户端工具(版本不低于服务器)后再试。",
            program=program,
        )
        raise BackupRefused(words)
    # By the environment, not the arguments: any user of the machine can read those.
    environment = {**os.environ, **_libpq_environment()}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        reason = done.stderr.strip()[-2000:]
        raise BackupRefused(_("%(program)s 没有完成:%(reason)s", program=program, reason=reason))
    return done.stdout


def _libpq_environment() -> dict[str, str]:
    url: URL = db.engine.url
    host, port = url.host or url.query.get("host"), url.port or url.query.get("port")
    given = {
        "PGHOST": host,
        "PGPORT": port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    return {name: str(value) for name, value in given.items() if value is not None}
