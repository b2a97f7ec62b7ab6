"""`flask members …`: members come from the offices' own rosters."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli._imports import Day, file_content, report_rejected, report_skipped, row_progress
from app.cli._refusals import refusals
from app.core.access import Scope
from app.core.clock import office_date, utc_now
from app.core.db import db
from app.core.errors import WrongState
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.members.roster.apply import import_roster, preview_roster
from app.members.roster.books import error_book, template_book
from app.members.roster.plan import ImportDates, Plan
from app.members.roster.queries import whole_office
from app.members.roster.reading import Roster, read_roster

group = AppGroup("members", help="Members: import a roster, write an empty one.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@group.command("import")
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Check and count, store nothing.")
@click.option(
    "--errors", type=_NEW_FILE, metavar="OUT.xlsx", help="Write rejected rows, marked, to OUT.xlsx."
)
@click.option("--accepted-on", type=Day(), help="Day on which transfers and flags take effect (today).")
@click.option("--as-of", type=Day(), help="Day that the roster describes: new members count from then on.")
def import_file(
    file: Path, dry_run: bool, errors: Path | None, accepted_on: date | None, as_of: date | None
) -> None:
    """Import FILE (.xlsx or .csv), a roster with the offices' own columns in any order.

    All or nothing: with one rejected row nothing is stored and the exit code is 1. The same file
    again changes nothing. Prints created=… updated=… unchanged=… rejected=….
    """
    now = utc_now()
    dates = ImportDates(office_date(now), accepted_on or office_date(now), as_of)
    content = file_content(file)
    with refusals():
        scope = _whole_office(dates.today)
        with row_progress() as progress:
            roster = read_roster(content, dates.today, progress)
        plan = preview_roster(roster, dates, scope) if dry_run else import_roster(roster, dates, scope, now)
    _report(plan, roster)
    if errors is not None and plan.rejected:
        errors.write_bytes(error_book(content, plan.rejected, roster.titles))
    counts = plan.counts
    if plan.rejected and not dry_run:
        counts = replace(counts, created=0, updated=0)
    click.echo(counts.line())
    if plan.rejected:
        click.echo(_("有 %(n)s 行要修改,没有保存任何内容。", n=counts.rejected), err=True)
        sys.exit(1)


@group.command("template")
@click.argument("out", type=_NEW_FILE)
def template(out: Path) -> None:
    """Write an empty roster to OUT (.xlsx), with drop-downs and notes."""
    out.write_bytes(template_book())
    click.echo(_("已写入 %(path)s。", path=str(out)), err=True)


def _whole_office(today: date) -> Scope:
    scope = whole_office(db.session(), today)
    if scope is None:
        raise WrongState(lazy("还没有党组织。请先用 orgs import 导入组织架构。"))
    return scope


def _report(plan: Plan, roster: Roster) -> None:
    report_skipped(roster)
    report_rejected(plan.rejected, roster)
    if plan.since_ever:
        words = _("有 %(n)s 人没有入党日期,按一直在支部计算。可用 --as-of 指定起算日期。", n=plan.since_ever)
        click.echo(words, err=True)
