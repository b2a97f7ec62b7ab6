"""Where an uploaded roster is kept between the steps of its page."""

from __future__ import annotations

from app.core.files import instance_folder
from app.core.sealed_files import KEPT_FOR, SealedFiles

__all__ = ["KEPT_FOR", "SealedFiles", "upload_store"]


def upload_store() -> SealedFiles:
    """This installation's uploads: parts "table" (the file) and "review" (what it would do)."""
    return SealedFiles(instance_folder("roster-uploads"), "roster_upload")
