"""Turns what services refuse into words on standard error and exit code 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.core.errors import AppError


@contextmanager
def refusals() -> Iterator[None]:
    """Around a command's one call: an AppError ends the command with its reason, field by field."""
    try:
        yield
    except AppError as refusal:
        lines = [f"{error.field}: {error.detail}" for error in refusal.errors] or [str(refusal.detail)]
        raise click.ClickException("\n".join(lines)) from refusal
