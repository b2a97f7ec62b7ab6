"""What the scheduler and the worker ask of this feature."""

from __future__ import annotations

from datetime import datetime

from app.core.tasks import RUNNERS
from app.members.roster.export_tasks import EXPORT, run_export
from app.members.roster.review import APPLY, MARK, REVIEW, run_apply, run_marking, run_review
from app.members.roster.uploads import tree_store, upload_store

RUNNERS |= {REVIEW: run_review, APPLY: run_apply, MARK: run_marking, EXPORT: run_export}


def forget_old_uploads(now: datetime) -> int:
    """Delete rosters and trees that were uploaded for review and never applied, and exports."""
    return upload_store().forget_old(now) + tree_store().forget_old(now)
