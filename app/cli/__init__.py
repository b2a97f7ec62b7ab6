"""Groups of `flask` commands, one module a group, one thin call a command."""

from __future__ import annotations

import importlib
import pkgutil

from flask import Flask


def init_app(app: Flask) -> None:
    """Register every group: each module here has a click group named `group`."""
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            app.cli.add_command(importlib.import_module(f"{__name__}.{module.name}").group)
