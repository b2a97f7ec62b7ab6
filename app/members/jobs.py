"""What the scheduler asks of this feature."""

from __future__ import annotations

from datetime import datetime

from app.members.roster.uploads import upload_store


def forget_old_uploads(now: datetime) -> int:
    """Delete rosters that were uploaded for review and never applied."""
    return upload_store().forget_old(now)
