"""Where the made reports are kept, sealed: they hold names."""

from __future__ import annotations

from app.core.files import instance_folder
from app.core.sealed_files import SealedFiles

PART = "report"


def report_store() -> SealedFiles:
    """This installation's reports that were made by rule."""
    return SealedFiles(instance_folder("deliveries"), "deliveries")
