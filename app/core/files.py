"""Where files that belong to this installation are kept."""

from __future__ import annotations

from pathlib import Path

from flask import current_app


def instance_folder(name: str) -> Path:
    """A folder under INSTANCE_DIR; it may not exist yet."""
    return Path(current_app.instance_path) / name
