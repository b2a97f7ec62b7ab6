"""Settings: what production refuses, keys made once, and paths that do not depend on where one stands."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app import create_app
from app.core.db import db, engine_options
from app.settings import ROOT, Settings, SettingsError

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "s",
    "DATA_KEY": KEY,
    "BASE_URL": "https://study.example",
    "TRUSTED_HOSTS": "study.example",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", ""), ("DATA_KEY", ""), ("DEMO", "1"), ("BASE_URL", ""), ("TRUSTED_HOSTS", " , ")],
)
def test_production_refuses_an_unsafe_setting_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    env = {**PRODUCTION, "INSTANCE_DIR": str(tmp_path)}
    assert Settings.from_env(env).is_production
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({**env, name: value})


def test_run_py_says_which_setting_is_wrong_and_does_not_start(tmp_path: Path) -> None:
    env = {**PRODUCTION, "INSTANCE_DIR": str(tmp_path), "DEMO": "1", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "DEMO must be 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_relative_folder_is_read_from_where_the_server_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({"INSTANCE_DIR": "data"})
    assert settings.instance_dir == tmp_path.resolve() / "data"
    assert settings.database_url == f"sqlite:///{tmp_path.resolve()}/data/bulou.sqlite3"


def test_processes_that_start_at_once_all_read_one_whole_key(tmp_path: Path) -> None:
    env = {"APP_ENV": "development", "INSTANCE_DIR": str(tmp_path)}
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: Settings.from_env(env), range(64)))
    assert len({settings.data_key for settings in made}) == 1
    assert len({settings.secret_key for settings in made}) == 1
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["data_key.txt", "secret_key.txt"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


def test_a_key_has_its_name_only_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(_source: str, _target: Path) -> None:
        raise OSError("the machine went down")

    monkeypatch.setattr(os, "link", cut_off)
    with pytest.raises(OSError, match="went down"):
        Settings.from_env({"INSTANCE_DIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite:////x.sqlite3", "postgresql+psycopg://h/x"])
def test_every_thread_finds_a_connection(url: str) -> None:
    assert engine_options(url, 40)["pool_size"] == 40


@pytest.mark.parametrize("threads", ["0", "257", "eight"])
def test_a_number_of_threads_that_cannot_be_is_refused(tmp_path: Path, threads: str) -> None:
    with pytest.raises(SettingsError, match="THREADS"):
        Settings.from_env({"INSTANCE_DIR": str(tmp_path), "THREADS": threads})


def test_mail_is_off_unless_a_server_is_set_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    env = {"APP_ENV": "testing", "DATA_KEY": KEY, "INSTANCE_DIR": str(tmp_path), "BASE_URL": "https://x.cn"}
    assert Settings.from_env(env).smtp is None
    url = {**env, "SMTP_URL": "smtps://a%40x.cn:p%2Fw@mail.x.cn", "SMTP_FROM": "a@x.cn"}
    server = Settings.from_env(url).smtp
    assert server is not None
    found = (server.host, server.port, server.tls, server.user, server.password)
    assert found == ("mail.x.cn", 465, "tls", "a@x.cn", "p/w")
    apart = {**env, "SMTP_HOST": "mail.x.cn", "SMTP_FROM": "a@x.cn", "SMTP_PASSWORD": "p"}
    server = Settings.from_env(apart).smtp
    assert server is not None
    assert (server.port, server.tls) == (587, "starttls")
    for change, name in [
        ({"SMTP_URL": "mail.x.cn:25"}, "SMTP_URL"),
        ({"SMTP_FROM": "nobody"}, "SMTP_FROM"),
        ({"BASE_URL": ""}, "BASE_URL"),
        ({"SMTP_TLS": "none"}, "SMTP_TLS"),
        ({"SMTP_PORT": "x"}, "SMTP_PORT"),
    ]:
        with pytest.raises(SettingsError, match=name):
            Settings.from_env({**apart, **change})


def test_every_connection_waits_for_the_disk_as_the_product_sets_it_up(tmp_path: Path) -> None:
    """Most tests do not wait (`databases.wait_for_no_disk`); the product does."""
    env = {"APP_ENV": "testing", "DATA_KEY": KEY, "SECRET_KEY": "s", "INSTANCE_DIR": str(tmp_path)}
    app = create_app(Settings.from_env(env))
    wanted = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}  # 2: FULL
    with app.app_context():
        for _ in range(2):
            with db.engine.connect() as connection:
                found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
            assert found == wanted
            db.engine.dispose()
    assert "synchronous_commit" not in str(engine_options("postgresql+psycopg://x", 8)), "on, as it comes"
