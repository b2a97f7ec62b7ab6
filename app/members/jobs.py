"""What the scheduler asks of this feature."""

from __future__ import annotations

from datetime import datetime

from app.members.roster.uploads import tree_store, upload_store


def forget_old_uploads(now: datetime) -> int:
    """Delete rosters and trees that were uploaded for review and never applied."""
    return upload_store().forget_old(now) + tree_store().forget_old(now)
