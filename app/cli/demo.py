"""`flask demo …`: fills an empty database with an invented district."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup
from tqdm import tqdm

from app.cli._refusals import refusals
from app.core.clock import utc_now
from app.core.i18n import gettext as _

# Loaded by the command alone: every process of the product has the commands.
if TYPE_CHECKING:
    from app.demo.load import Summary

group = AppGroup("demo", help="The invented district: load.")


@group.command("load")
@click.option("--members", default=13_700, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--year", default=2019, show_default=True, type=int, help="The year of study, a past one.")
@click.option("--seed", default=1, show_default=True, type=int, help="Another seed, another district.")
def load(members: int, year: int, seed: int) -> None:
    """Load an invented district with invented people into an empty database, all or nothing."""
    from app.demo.load import Order, load_demo

    settings = current_app.extensions["settings"]
    with refusals():
        summary = load_demo(
            Order(members, year, seed), utc_now(), settings.office_tz, settings.elderly_age, _bar
        )
    _tell(summary, year)


@contextmanager
def _bar(total: int, label: str) -> Iterator[Callable[[int], object]]:
    """A bar on standard error; what a script reads from standard output stays clean."""
    names = {"district": _("构造示范区"), "rows": _("写入")}
    with tqdm(total=total, desc=names[label], file=sys.stderr, unit="", dynamic_ncols=True) as bar:
        yield bar.update


def _tell(summary: Summary, year: int) -> None:
    from app.demo.load import PASSWORD

    loaded = _(
        "已装入示范区:%(members)s 名党员、%(branches)s 个支部。",
        members=summary.members,
        branches=summary.branches,
    )
    held = _(
        "%(year)s 年:%(sessions)s 场,%(times)s 人次,其中班次 %(class_times)s 人次;"
        "今天前后另有 %(today)s 场。",
        year=year,
        sessions=summary.sessions,
        times=summary.person_times,
        class_times=summary.class_person_times,
        today=summary.around_today,
    )
    click.echo(loaded)
    click.echo(held)
    for sign_in in summary.sign_ins:
        password = PASSWORD if sign_in.is_new else _("(原有账号,密码未变)")
        click.echo(f"{sign_in.username}\t{password}\t{sign_in.role.value}\t{sign_in.org_code}")
