"""`flask reach plan`: the fewest sessions that reach everyone, in the terminal or as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime

import click
from flask import current_app
from flask.cli import AppGroup

from app.cli._refusals import refusals
from app.core.access import Scope
from app.core.clock import today
from app.core.db import db
from app.core.vocabulary import Group
from app.members.queries.tree import roots
from app.reach.commands import PlanWish
from app.reach.queries.asked import order_of
from app.reach.rules import Way
from app.reach.serialise import plan_body
from app.reach.services.planning import make_plan
from app.reach.tables import plan_table
from app.reports.exports import text_table
from app.reports.queries import mode_names

group = AppGroup("reach", help="Plans that reach everyone who has not been reached.")
DAY = click.DateTime(formats=["%Y-%m-%d"])


@group.command("plan")
@click.option("--from", "first", type=DAY, metavar="D", help="First day; default: the latest year held.")
@click.option("--to", "last", type=DAY, metavar="D", help="Last day.")
@click.option("--on", type=DAY, metavar="D", help="Members and groups as of this day.")
@click.option("--org", metavar="CODE", help="This organisation and all below it; default: everything.")
@click.option("--group", "of_group", type=click.Choice([group.value for group in Group]))
@click.option(
    "--capacity",
    "capacities",
    type=(click.Choice([way.value for way in Way]), int),
    multiple=True,
    metavar="MODE N",
    help="Members a session of a mode takes; may be given for each.",
)
@click.option("--all", "everybody", is_flag=True, help="Also who has a coming session already.")
@click.option("--greedy", is_flag=True, help="Without the solver, even where it is installed.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def plan(
    first: datetime | None,
    last: datetime | None,
    on: datetime | None,
    org: str | None,
    of_group: str | None,
    **more: object,
) -> None:
    """Print a plan; nothing is stored or scheduled."""
    with refusals():
        wish = PlanWish(
            _day(first),
            _day(last),
            _day(on),
            org=org,
            group=Group(of_group) if of_group else None,
            capacities={Way(key): number for key, number in more["capacities"]},  # type: ignore[attr-defined]
            leaves_invited=not more["everybody"],
        )
        session, day = db.session(), today()
        scope = Scope(tuple(row.id for row in roots(session, day)), None)
        age = current_app.extensions["settings"].elderly_age
        asked = order_of(session, wish, scope, day, age)
        found = make_plan(session, asked.order, day, solver=False if more["greedy"] else None)
        if more["form"] == "json":
            click.echo(json.dumps(plan_body(found), ensure_ascii=False, indent=2, default=str))
        else:
            table = plan_table(found, asked.order, asked.place, mode_names(session))
            click.echo(text_table(table))


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None
