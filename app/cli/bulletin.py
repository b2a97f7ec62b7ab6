"""`flask report bulletin …`: the yearly bulletin as text, as the API's body, or as a Word document."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from app.cli._refusals import refusals
from app.cli.report import Options, ask_of, group
from app.core.db import db
from app.reports.bulletin import bulletin_of
from app.reports.queries import bulletin_numbers
from app.reports.services.bulletin_template import own_template, shipped_template


@group.command("bulletin")
@click.option("--year", type=click.IntRange(1921, 2200), help="Default: the latest year with sessions.")
@click.option("--org", metavar="CODE", help="This organisation and all below it; default: everything.")
@click.option("--format", "form", type=click.Choice(["text", "json", "docx"]), default="text")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def bulletin(year: int | None, org: str | None, form: str, output: Path | None) -> None:
    """The year in the office's own words, every number computed."""
    if form == "docx" and output is None and sys.stdout.isatty():
        raise click.UsageError("A Word document needs --output.")
    with refusals():
        ask = ask_of(Options(None, None, None, year, org, form, output), one_year=True)
        numbers = bulletin_numbers(db.session(), ask.period, ask.snapshot, ask.place)
        found = bulletin_of(numbers, ask)
        if form == "docx":
            content = found.docx(own_template() or shipped_template(english=False))
        elif form == "json":
            content = (json.dumps(found.body, ensure_ascii=False, indent=2) + "\n").encode()
        else:
            content = found.text.encode()
    if output:
        output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)
