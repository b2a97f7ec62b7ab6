"""Looks at what usually goes wrong on a server and says, line by line, what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.backup import known_revisions
from app.core.health import HEARTBEAT_STALE, Heartbeat
from app.core.i18n import gettext as _
from app.settings import Settings

_LEAST_FREE_BYTES = 500 * 1024 * 1024
_CLOCK_SLACK = timedelta(seconds=30)
# No clock is right that is before this software was made.
_MADE = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome: what was found, and what to do when it is bad."""

    name: str
    is_ok: bool
    words: str


def examine(session: Session, now: datetime) -> Iterator[Finding]:
    """All checks that need no feature; the later ones are left out where an earlier one makes them idle."""
    settings: Settings = current_app.extensions["settings"]
    yield _settings(settings)
    yield _disk(settings)
    database = _database(session)
    yield database
    if not database.is_ok:
        return
    migrations = _migrations(session)
    yield migrations
    if migrations.is_ok:
        checks: tuple[Callable[[Session, datetime], Finding], ...] = (_clock, _scheduler)
        yield from (check(session, now) for check in checks)


def _settings(settings: Settings) -> Finding:
    wrong = []
    if settings.is_production:
        if not settings.base_url.startswith("https://"):
            wrong.append(_("BASE_URL 应以 https:// 开头"))
        if len(settings.secret_key) < 32:
            wrong.append(_("SECRET_KEY 太短,请用32个随机字节"))
    for path in settings.instance_dir.glob("*_key.txt"):
        if path.stat().st_mode & 0o077:
            wrong.append(_("请执行 chmod 600 %(path)s", path=path))
    return Finding("settings", not wrong, ";".join(wrong) or _("设置齐全(%(env)s)", env=settings.environment))


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.instance_dir).free
    words = _("数据所在的磁盘还有 %(n)s MB", n=free // 1024 // 1024)
    if free < _LEAST_FREE_BYTES:
        return Finding("disk", False, words + ";" + _("请清理或扩容"))
    return Finding("disk", True, words)


def _database(session: Session) -> Finding:
    try:
        session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        session.rollback()
        return Finding("database", False, _("连不上数据库,请检查 DATABASE_URL 和数据库服务"))
    return Finding("database", True, session.get_bind().dialect.name)


def _migrations(session: Session) -> Finding:
    if not inspect(session.connection()).has_table("alembic_version"):
        return Finding("migrations", False, _("数据库还是空的,请执行 flask db upgrade"))
    present = set(session.scalars(text("SELECT version_num FROM alembic_version")))
    newest = known_revisions()[0]
    if present != {newest}:
        return Finding("migrations", False, _("数据库不是最新结构,请先备份,再执行 flask db upgrade"))
    return Finding("migrations", True, newest)


def _clock(session: Session, now: datetime) -> Finding:
    latest = session.scalar(select(func.max(AuditEntry.at)))
    if now < _MADE or (latest is not None and now + _CLOCK_SLACK < latest):
        return Finding("clock", False, _("这台机器的时钟慢了,请开启自动对时(NTP)"))
    if session.get_bind().dialect.name == "postgresql":
        there = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        if abs(there - now) > _CLOCK_SLACK:
            return Finding("clock", False, _("这台机器与数据库的时钟不一致,请都开启自动对时(NTP)"))
    return Finding("clock", True, now.isoformat(timespec="seconds"))


def _scheduler(session: Session, now: datetime) -> Finding:
    last = session.scalar(select(Heartbeat.beat_at).where(Heartbeat.name == "scheduler"))
    if last is None or now - last > HEARTBEAT_STALE:
        return Finding("scheduler", False, _("定时任务没有在运行,请启动 flask scheduler run 或 run.py"))
    return Finding("scheduler", True, last.isoformat(timespec="seconds"))
