"""`flask audit …`: checks that nobody changed the log of acts."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.core.audit import first_bad_entry, last_entry_id
from app.core.db import db
from app.core.i18n import gettext as _

group = AppGroup("audit", help="The audit log: verify.")


@group.command("verify")
def verify() -> None:
    """Walk the whole chain; exit 1 naming the first row that does not fit."""
    bad = first_bad_entry(db.session())
    if bad is not None:
        words = _("审计记录从第 %(id)s 条起与前面对不上:它或它前面的一条被改动或删除过。", id=bad)
        raise click.ClickException(words)
    click.echo(_("审计记录完整,共 %(n)s 条。", n=last_entry_id(db.session())))
