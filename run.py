"""Everything in one process group on one machine: migrate, load the demo if empty, serve pages, tick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from flask_migrate import upgrade
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy import func, select

from app import create_app
from app.core.db import db
from app.members.models import Member
from app.settings import ROOT, Settings, SettingsError

DEMO_SIGN_INS = (
    ("admin", "管理员 administrator"),
    ("organiser", "组织者 organiser"),
    ("secretary", "支部书记 secretary"),
    ("supervisor", "督导员 supervisor"),
)
DEMO_PASSWORD = "bulou-demo"  # noqa: S105  printed on purpose: the demo has nothing to protect


def prepare(settings: Settings) -> None:
    """Bring the database up to date and fill an empty one with the demo district."""
    app = create_app(settings)
    with app.app_context():
        upgrade()
        empty = not db.session.scalar(select(func.count()).select_from(Member))
        db.session.remove()
        # Workers are forked: SQLite's locks must be each process's own, not this one's.
        db.engine.dispose()
    if settings.demo and empty:
        print("空数据库:正在载入示范区 · Empty database: loading the demo district", flush=True)
        # A process of its own, so that its progress is seen as it goes.
        command = [sys.executable, "-m", "flask", "--app", "app", "demo", "load"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603  our own command
            raise SystemExit(1)


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped; the first worker that gets the leader's lock also ticks."""
    os.environ["RUN_SCHEDULER"] = "1"
    os.register_at_fork(
        before=lambda: _hear(signal.SIG_BLOCK),
        after_in_parent=lambda: _hear(signal.SIG_UNBLOCK),
        after_in_child=_stop_when_told,
    )
    Granian(
        "app.server:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=int(os.environ.get("WORKERS") or min(4, os.cpu_count() or 1)),
        # Made as they are needed. A page that listens holds one; app/core/gate.py bounds the others.
        blocking_threads=settings.threads + settings.live_streams,
        backlog=2048,
        log_level=LogLevels.error,
        # A worker that dies (killed for its memory, say) is started again; the server stays.
        respawn_failed_workers=True,
        # A peer that has gone without a word must not hold up a restart for long.
        workers_kill_timeout=30,
    ).serve()


_TO_STOP = (signal.SIGTERM, signal.SIGINT)


def _hear(how: int) -> None:
    """Let signals to stop wait while a process is forked, or hear them again: none falls in between."""
    signal.pthread_sigmask(how, _TO_STOP)


def _stop_when_told() -> None:
    """A process that was just forked ends at SIGTERM and SIGINT, until it says otherwise.

    It has the handlers of the first process, which note the signal for nobody: a worker told to stop
    before it had loaded the product would go on until it is killed.
    """
    for number in _TO_STOP:
        signal.signal(number, signal.SIG_DFL)
    _hear(signal.SIG_UNBLOCK)


def main() -> int:
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    try:
        settings = Settings.from_env()
    except SettingsError as wrong:
        print(f"设置有误 · Wrong setting: {wrong}", file=sys.stderr)
        return 1
    prepare(settings)
    print(f"不漏 Bulou → http://{host}:{port}", flush=True)
    if settings.demo:
        print(f"示范登录 · Demo sign-ins (密码 password: {DEMO_PASSWORD})", flush=True)
        for name, role in DEMO_SIGN_INS:
            print(f"  {name:<10} {role}", flush=True)
    serve(settings, host, port)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
