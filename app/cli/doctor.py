"""`flask doctor`: one line a check, and what to do about the bad ones."""

from __future__ import annotations

from collections.abc import Iterator

import click
from flask.cli import with_appcontext

from app.core.clock import utc_now
from app.core.crypto import CannotOpen
from app.core.db import db
from app.core.doctor import Finding, examine
from app.core.i18n import gettext as _
from app.members.queries.masked import whole_phone
from app.members.queries.sealed import any_sealed_phone


@click.command("doctor")
@with_appcontext
def group() -> None:
    """Check settings, disk, database, migrations, clock, scheduler and keys; exit 1 if one is bad."""
    is_well = True
    for finding in _findings():
        is_well = is_well and finding.is_ok
        click.echo(f"{'ok ' if finding.is_ok else 'bad'}  {finding.name:<10}  {finding.words}")
    if not is_well:
        raise click.exceptions.Exit(1)


def _findings() -> Iterator[Finding]:
    seen: dict[str, bool] = {}
    for finding in examine(db.session(), utc_now()):
        seen[finding.name] = finding.is_ok
        yield finding
    if seen.get("migrations"):
        yield _keys()


def _keys() -> Finding:
    sealed = any_sealed_phone(db.session())
    try:
        whole_phone(sealed)
    except CannotOpen:
        words = _("DATA_KEY 打不开已保存的电话,请换回存入这些电话时用的 DATA_KEY")
        return Finding("keys", False, words)
    return Finding("keys", True, _("还没有保存电话") if sealed is None else _("能打开已保存的电话"))
