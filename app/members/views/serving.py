"""What a member's page shows of visits and wishes, to those who may read each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.core.db import db
from app.members.queries.serving import served
from app.members.views.parts import PARTS, may_also
from app.members.words import ABOUT_LABELS, NEED_LABELS, REQUEST_STATE_LABELS

SHOWN = 5


def serving(member_id: int, on: date) -> Mapping[str, Any]:
    """Variables of members/_visit_note.html and members/_wishes.html, as far as the reader may see them."""
    visits, writes = (may_also(key, member_id, on) for key in ("members.visit", "members.write"))
    if not visits and not writes:
        return {}
    found = served(db.session(), member_id, SHOWN, note=visits, wishes=writes)
    return {
        "visit": {"note": found.note} if visits else None,
        "wishes": found.wishes if writes else None,
        "need_labels": NEED_LABELS,
        "about_labels": ABOUT_LABELS,
        "request_labels": REQUEST_STATE_LABELS,
    }


PARTS.append(serving)
