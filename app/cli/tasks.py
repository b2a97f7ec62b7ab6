"""`flask tasks …`: long work that pages have asked for."""

from __future__ import annotations

import os

import click
from flask.cli import AppGroup

from app.core.tasks import run_waiting

group = AppGroup("tasks", help="Long work: imports and card sheets.")


@group.command("work")
def work() -> None:
    """Do what waits, then end. The scheduler calls this."""
    if hasattr(os, "nice"):
        os.nice(5)  # Pages come first.
    click.echo(f"done={run_waiting()}", err=True)
