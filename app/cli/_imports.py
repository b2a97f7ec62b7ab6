"""What the import commands share: reading the file, progress, and the report of rejected rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click
from tqdm import tqdm

from app.core.i18n import gettext as _
from app.members.roster.files import MAX_BYTES
from app.members.roster.plan import Tell
from app.members.roster.problems import row_words
from app.members.roster.reading import Roster
from app.members.roster.rules_problems import Place, Problem

# Past this, the marked workbook (--errors) is the better list.
MOST_LINES = 500


class Day(click.ParamType[date]):
    """A calendar day, 2019-04-28."""

    name = "DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(_("日期请写成 2019-04-28 这样。"), param, ctx)


def file_content(path: Path) -> bytes:
    """The file's bytes; one more than allowed is enough to refuse it."""
    with path.open("rb") as source:
        return source.read(MAX_BYTES + 1)


@contextmanager
def row_progress() -> Iterator[Tell]:
    """Rows read, compared and written so far, on stderr when that is a terminal."""
    words = {"reading": _("读取"), "comparing": _("对照"), "writing": _("保存")}
    with tqdm(unit=_("行"), file=sys.stderr, disable=None, leave=False) as bar:

        def tell(step: str, done: int, total: int) -> None:
            if done < bar.n:
                bar.reset()
            bar.total = total or None
            bar.set_description(words[step], refresh=False)
            bar.update(done - bar.n)

        yield tell


def report_skipped(source: Roster) -> None:
    """Name the sheets that were not read, so that nobody is left out unseen."""
    for title in source.skipped:
        click.echo(_("工作表“%(title)s”没有读取(隐藏的,或没有表头)。", title=title), err=True)


def report_rejected(rejected: Mapping[Place, Sequence[Problem]], source: Roster) -> None:
    """Row by row, in the file's order, on stderr."""
    lines = [
        row_words(problem, place, source.headers, source.titles)
        for place in sorted(rejected, key=lambda place: (place.sheet, place.row))
        for problem in rejected[place]
    ]
    for line in lines[:MOST_LINES]:
        click.echo(line, err=True)
    if len(lines) > MOST_LINES:
        click.echo(_("还有 %(n)s 处,没有一一列出。", n=len(lines) - MOST_LINES), err=True)
