"""`flask cards …`: member cards as PDF, ten to an A4 page, by branch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app.checkin.commands import CardOrder, Printing
from app.checkin.services.card_sheets import make_sheets
from app.cli._private_files import write_private
from app.cli._refusals import refusals
from app.core.access import Scope
from app.core.clock import office_date, utc_now
from app.core.db import db
from app.core.errors import NotFound, WrongState
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.office import office_name
from app.members.queries.tree import org_by_code
from app.members.roster.queries import whole_office

group = AppGroup("cards", help="Member cards: print.")


@group.command("print")
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--org", "org_code", metavar="CODE", help="Only this unit and everything below it.")
@click.option(
    "--only",
    "printing",
    type=click.Choice([printing.value for printing in Printing]),
    default=Printing.NEW.value,
    show_default=True,
    help="new: members without a card; all: everybody; renew: everybody, and the cards before stop.",
)
def print_cards(out: Path, org_code: str | None, printing: str) -> None:
    """Issue cards and write them to OUT (.pdf). Whoever holds the file can check in with them.

    Prints cards=… pages=… issued=… stopped=….
    """
    now = utc_now()
    with refusals():
        scope = _scope()
        org = org_by_code(db.session(), org_code, scope, office_date(now)) if org_code else None
        if org_code and org is None:
            raise NotFound(lazy("没有这个编码的党组织。"))
        order = CardOrder(Printing(printing), org.id if org else None, now)
        with _progress() as told:
            made = make_sheets(order, scope, office_name(), now, told)
    write_private(out, made.sheets.pdf)
    sheets = made.sheets
    if sheets.lacking:
        words = _("有 %(n)s 个姓名里有字库没有的字,卡上留了方框,请手写。", n=len(sheets.lacking))
        click.echo(words, err=True)
    counts = f"cards={sheets.cards} pages={sheets.pages} issued={made.issued} stopped={made.stopped}"
    click.echo(counts)


def _scope() -> Scope:
    scope = whole_office(db.session(), office_date(utc_now()))
    if scope is None:
        raise WrongState(lazy("还没有党组织。请先用 orgs import 导入组织架构。"))
    return scope


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each step on standard error, when that is a terminal."""
    names = {"issuing": _("制卡"), "drawing": _("排版")}
    bars: dict[str, Any] = {}

    def told(step: str, done: int, total: int) -> None:
        if step not in bars:
            bars[step] = tqdm(desc=names[step], total=total, file=sys.stderr, disable=None, unit="")
        bars[step].total = total
        bars[step].update(done - bars[step].n)

    try:
        yield told
    finally:
        for bar in bars.values():
            bar.close()
