"""`flask backup …`: copies the database to a file and back."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli._refusals import refusals
from app.core.backup import create_backup, restore_backup
from app.core.i18n import gettext as _

group = AppGroup("backup", help="Backups: create, restore.")


@group.command("create")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def create(file: Path) -> None:
    """Write a checked copy of the running database to FILE. The keys are not in it: keep those apart."""
    with refusals():
        create_backup(file)
    words = _(
        "已备份到 %(path)s(%(n)s KB)。密钥不在其中,请另外保管 DATA_KEY。",
        path=file,
        n=file.stat().st_size // 1024,
    )
    click.echo(words)


@group.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Replace the database's content by the copy in FILE; what was there is kept beside it (SQLite)."""
    with refusals():
        kept = restore_backup(file)
    click.echo(_("已从 %(path)s 恢复。请再执行 flask db upgrade。", path=file))
    if kept is not None:
        click.echo(_("恢复前的数据另存在 %(path)s。", path=kept))
