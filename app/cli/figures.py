"""`flask figures …`: compares the yearly summaries with the ledger, and counts them anew."""

from __future__ import annotations

import os
from itertools import islice

import click
from flask.cli import AppGroup

from app.attendance.queries.rollups import differences
from app.attendance.services.rollups import rebuild
from app.core.db import db
from app.core.i18n import gettext as _

group = AppGroup("figures", help="Yearly summaries of the attendance ledger: verify, rebuild.")
MOST_SHOWN = 50


@group.command("verify")
def verify() -> None:
    """Count everything again from the rows; exit 1 naming each summary that says otherwise."""
    found = list(islice(differences(db.session()), MOST_SHOWN + 1))
    for each in found[:MOST_SHOWN]:
        key = "/".join(str(part) for part in each.key)
        click.echo(f"{each.table} {key}: {each.stored} ≠ {each.counted}", err=True)
    if len(found) > MOST_SHOWN:
        click.echo("…", err=True)
    if found:
        raise click.ClickException(_("汇总与签到记录不一致。运行 flask figures rebuild 重新计算。"))
    click.echo(_("汇总与签到记录一致。"))


@group.command("rebuild")
def rebuild_command() -> None:
    """Count every summary anew from the rows."""
    count = rebuild(processes=os.cpu_count() or 1)
    click.echo(_("已重新计算 %(n)s 人年。", n=count))
