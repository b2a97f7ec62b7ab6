"""`flask tokens …`: API tokens for programs."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.accounts import services
from app.cli._refusals import refusals
from app.cli.users import user_id
from app.core.clock import utc_now

group = AppGroup("tokens", help="API tokens: create.")


@group.command("create")
@click.option("--user", "name", metavar="NAME", required=True, help="The token acts as this user.")
@click.option("--label", default="", help="What it is for; shown on the user's account page.")
def create(name: str, label: str) -> None:
    """Print a new bearer token, alone; it cannot be read again."""
    with refusals():
        click.echo(services.create_token(user_id(name), label, None, utc_now()))
