"""`flask orgs …`: the organisation tree comes from a table."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli._imports import Day, file_content, report_rejected, report_skipped, row_progress
from app.cli._refusals import refusals
from app.core.clock import office_date, utc_now
from app.core.i18n import gettext as _
from app.members.roster.orgs import import_orgs, read_orgs

group = AppGroup("orgs", help="Organisations: import the tree.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@group.command("import")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Check and count, store nothing.")
@click.option("--as-of", type=Day(), help="Day from which new units and moves count.")
def import_table(file: Path, dry_run: bool, as_of: date | None) -> None:
    """Import FILE (.xlsx or .csv): code, name, kind, parent_code, or 编码 名称 类型 上级编码 (行业).

    Kinds: committee 党委, general_branch 党总支, branch 党支部, group 党小组. All or nothing; units that
    the file does not name stay as they are. Prints created=… updated=… unchanged=… rejected=….
    """
    now = utc_now()
    with refusals():
        with row_progress() as progress:
            table = read_orgs(file_content(file), progress)
        plan = import_orgs(table, office_date(now), now, as_of=as_of, dry_run=dry_run)
    report_skipped(table.source)
    report_rejected(plan.rejected, table.source)
    counts = plan.counts
    if plan.rejected and not dry_run:
        counts = replace(counts, created=0, updated=0)
    click.echo(counts.line())
    if plan.rejected:
        click.echo(_("有 %(n)s 行要修改,没有保存任何内容。", n=counts.rejected), err=True)
        sys.exit(1)
