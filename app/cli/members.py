"""`flask members …`: members come from the offices' own rosters, and go out as such."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli._imports import Day, file_content, report_rejected, report_skipped, row_progress
from app.cli._private_files import write_private
from app.cli._refusals import refusals
from app.core.access import Scope
from app.core.clock import office_date, utc_now
from app.core.db import db
from app.core.errors import NotFound, WrongState
from app.core.files import instance_folder
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.office import elderly_age
from app.members.queries.members import MemberFilter
from app.members.queries.tree import org_by_code
from app.members.roster.apply import import_roster, preview_roster
from app.members.roster.books import template_book
from app.members.roster.branches import creating_unknown
from app.members.roster.columns import remembered_columns
from app.members.roster.export import export_roster
from app.members.roster.marked import marked_book
from app.members.roster.plan import Asked, Plan
from app.members.roster.queries import whole_office
from app.members.roster.reading import Roster, read_roster

group = AppGroup("members", help="Members: import a roster, export it, write an empty one.")
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
@click.option("--create-branches-under", metavar="CODE", help="Create unknown branches below this unit.")
def import_file(
    file: Path,
    dry_run: bool,
    errors: Path | None,
    accepted_on: date | None,
    as_of: date | None,
    create_branches_under: str | None,
) -> None:
    """Import FILE (.xlsx or .csv), a roster with the offices' own columns in any order.

    All or nothing: with one rejected row nothing is stored and the exit code is 1. The same file
    again changes nothing. Columns are read as the office has mapped them on the import page. Prints
    created=… updated=… unchanged=… rejected=….
    """
    now = utc_now()
    asked = Asked(office_date(now), accepted_on or office_date(now), as_of)
    content = file_content(file)
    with refusals():
        session, scope = db.session(), _whole_office(asked.today)
        mapping = remembered_columns(session, scope)
        with row_progress() as tell:
            roster = read_roster(content, asked.today, tell, mapping)
            if create_branches_under:
                plan = preview_roster(roster, asked, scope, tell)
                decisions = creating_unknown(session, plan, create_branches_under, scope, asked.today)
                asked = replace(asked, decisions=decisions)
            if dry_run:
                plan = preview_roster(roster, asked, scope, tell)
            else:
                plan = import_roster(roster, asked, scope, now, tell)
    if errors is not None and plan.rejected:
        folder = instance_folder("roster-uploads")
        write_private(errors, marked_book(content, plan, roster, mapping, folder, only_rejected=True))
    _report(plan, roster, dry_run=dry_run)


@group.command("template")
@click.argument("out", type=_NEW_FILE)
def template(out: Path) -> None:
    """Write an empty roster to OUT (.xlsx), with examples, drop-downs and notes."""
    out.write_bytes(template_book())
    click.echo(_("已写入 %(path)s。", path=str(out)), err=True)


@group.command("export")
@click.argument("out", type=_NEW_FILE)
@click.option("--org", metavar="CODE", help="Only members of this unit and below.")
@click.option("--with-phones", is_flag=True, help="Whole phone numbers; that they were asked for is logged.")
def export(out: Path, org: str | None, with_phones: bool) -> None:
    """Write the members of today to OUT (.xlsx), in the columns that `members import` reads."""
    now = utc_now()
    today = office_date(now)
    with refusals():
        scope = _whole_office(today)
        unit = org_by_code(db.session(), org, scope, today) if org else None
        if org and unit is None:
            raise NotFound(lazy("没有找到这个党组织。"))
        wanted = MemberFilter(today, elderly_age(), unit.id if unit else None)
        with row_progress() as tell:
            book = export_roster(wanted, scope, now, with_phones=with_phones, tell=tell)
    write_private(out, book)
    click.echo(_("已写入 %(path)s。", path=str(out)), err=True)


def _whole_office(today: date) -> Scope:
    scope = whole_office(db.session(), today)
    if scope is None:
        raise WrongState(lazy("还没有党组织。请先用 orgs import 导入组织架构。"))
    return scope


def _report(plan: Plan, roster: Roster, *, dry_run: bool) -> None:
    """The one line of counts on stdout, everything else on stderr; exits 1 where rows were rejected."""
    report_skipped(roster)
    report_rejected(plan.rejected, roster)
    if plan.since_ever:
        words = _("有 %(n)s 人没有入党日期,按一直在支部计算。可用 --as-of 指定起算日期。", n=plan.since_ever)
        click.echo(words, err=True)
    counts = plan.counts
    if plan.rejected and not dry_run:
        counts = replace(counts, created=0, updated=0)
    click.echo(counts.line())
    if plan.rejected:
        click.echo(_("有 %(n)s 行要修改,没有保存任何内容。", n=counts.rejected), err=True)
        sys.exit(1)
