"""What a member's page shows of visits and wishes, to those who may read each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.core.access import current_staff
from app.core.db import db
from app.members.queries.scoped import find_member
from app.members.queries.serving import served
from app.members.views.parts import PARTS
from app.members.words import ABOUT_LABELS, NEED_LABELS, REQUEST_STATE_LABELS

SHOWN = 5


def serving(member_id: int, on: date) -> Mapping[str, Any]:
    """Variables of members/_visit_note.html and members/_wishes.html, as far as the reader may see them."""
    visits, writes = (_may(key, member_id, on) for key in ("members.visit", "members.write"))
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


def _may(permission_name: str, member_id: int, on: date) -> bool:
    """Whether the reader of this member's page holds another permission over the member too."""
    staff = current_staff()
    scope = staff.scope_if_held(permission_name)
    if scope is None:
        return False
    same = scope.org_ids == staff.scope("members.read").org_ids
    return same or find_member(db.session(), member_id, scope, on) is not None


PARTS.append(serving)
