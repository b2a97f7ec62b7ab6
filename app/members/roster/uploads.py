"""Where an uploaded roster or tree is kept between the steps of its page."""

from __future__ import annotations

from app.core.files import instance_folder
from app.core.sealed_files import KEPT_FOR, SealedFiles

__all__ = ["KEPT_FOR", "SealedFiles", "tree_store", "upload_store"]


def upload_store() -> SealedFiles:
    """This installation's uploads: parts "table" (the file) and "review" (what it would do)."""
    return SealedFiles(instance_folder("roster-uploads"), "roster_upload")


def tree_store() -> SealedFiles:
    """The same for trees: parts "table" (the file) and "wish" (who uploaded it, and for which day)."""
    return SealedFiles(instance_folder("tree-uploads"), "tree_upload")
