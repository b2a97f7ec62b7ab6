"""Where finished card sheets are kept for the day in which they can be fetched."""

from __future__ import annotations

from app.core.files import instance_folder
from app.core.sealed_files import SealedFiles

PART = "sheets"


def sheet_store() -> SealedFiles:
    """This installation's card sheets, sealed: whoever reads one could check in as everybody in it."""
    return SealedFiles(instance_folder("card-sheets"), "card_sheets")
