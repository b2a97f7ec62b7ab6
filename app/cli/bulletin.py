"""`flask report bulletin …`: the yearly bulletin as text, as a Word document, and as any other report is."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from app.cli._refusals import refusals
from app.cli.report import DAY, Options, ask_of, group, print_marked, write
from app.core.clock import today
from app.core.db import db
from app.reports.bulletin import bulletin_of, bulletin_table
from app.reports.exports import FORMATS
from app.reports.forms import require_begun
from app.reports.queries import bulletin_numbers
from app.reports.services.bulletin_template import own_template, shipped_template


@group.command("bulletin")
@click.option("--year", type=click.IntRange(1921, 2200), help="Default: the latest year with sessions.")
@click.option("--on", type=DAY, metavar="D", help="Members and groups as of this day.")
@click.option("--org", metavar="CODE", help="This organisation and all below it; default: everything.")
@click.option(
    "--format", "form", type=click.Choice(["text", "docx", "table", "json", *FORMATS]), default="text"
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def bulletin(year: int | None, on: datetime | None, org: str | None, form: str, output: Path | None) -> None:
    """The year in the office's own words, every number computed."""
    if form == "docx" and output is None and sys.stdout.isatty():
        raise click.UsageError("A Word document needs --output.")
    options = Options(None, None, on.date() if on else None, year, org, form, output)
    with refusals():
        ask = ask_of(options, one_year=True)
        require_begun(ask.period, today())
        found = bulletin_of(bulletin_numbers(db.session(), ask.period, ask.snapshot, ask.place), ask)
        if form == "docx":
            write(options, found.docx(own_template(db.session()) or shipped_template(english=False)))
        elif form == "text":
            write(options, found.text.encode())
        else:
            print_marked(options, ask, bulletin_table(found.figures, ask), found.body)
