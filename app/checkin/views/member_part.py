"""What check-in shows on a member's page: whether there are a phone and a card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.checkin.queries.own import access_glance
from app.core.db import db
from app.members.views.parts import PARTS, may_also


def access(member_id: int, on: date) -> Mapping[str, Any]:
    """Variables of checkin/_member_access.html."""
    return {
        "access": access_glance(db.session(), member_id),
        "access_may_write": may_also("members.write", member_id, on),
    }


PARTS.append(access)
