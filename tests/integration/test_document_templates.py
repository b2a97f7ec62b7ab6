"""The office's own Word template is a row: a backup holds it, and one kept as a file is taken over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.core.access import Scope
from app.core.backup import create_backup, restore_backup
from app.core.clock import utc_now
from app.core.db import db
from app.reports.services.bulletin_template import own_template, reset_template, save_template
from tests import databases
from tests.conftest import WORKER
from tests.unit.test_docx_template import docx_text, template

TERMINAL = Scope((1,), None)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database in which nothing is yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.sqlite3'}"
        return
    with databases.postgresql_database(f"bulou_templates_{WORKER}") as url:
        yield url


def held(app: Flask) -> str | None:
    with app.app_context():
        content = own_template(db.session())
        db.session.rollback()
    return docx_text(content).strip() if content else None


def test_a_template_that_lay_in_a_file_is_taken_over_and_left_there(
    new_database: str, tmp_path: Path
) -> None:
    file = tmp_path / "templates" / "bulletin.docx"
    file.parent.mkdir()
    file.write_bytes(template("区委:{{ office }}"))
    app = databases.make_app(new_database, tmp_path)
    assert held(app) == "区委:{{ office }}"
    assert file.exists()
    with app.app_context():
        db.engine.dispose()


def test_where_no_file_lay_the_shipped_one_is_used(new_database: str, tmp_path: Path) -> None:
    app = databases.make_app(new_database, tmp_path)
    assert held(app) is None
    with app.app_context():
        db.engine.dispose()


def test_a_backup_brings_the_template_back(tmp_path: Path) -> None:
    app = databases.make_app(f"sqlite:///{tmp_path / 'own.sqlite3'}", tmp_path)
    with app.app_context():
        save_template(template("第一版"), {}, TERMINAL, utc_now())
        save_template(template("第二版"), {}, TERMINAL, utc_now())
        create_backup(tmp_path / "monday.sqlite3")
        reset_template(TERMINAL, utc_now())
        assert held(app) is None
        restore_backup(tmp_path / "monday.sqlite3")
    assert held(app) == "第二版"
