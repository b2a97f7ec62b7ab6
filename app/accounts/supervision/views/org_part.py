"""What a unit's page shows of instructors and teams; registered where that page looks for parts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.accounts.supervision.queries import overseers_of_unit
from app.accounts.supervision.views.blueprint import address
from app.core.access import current_staff
from app.core.db import db
from app.members.views.parts import ORG_PARTS


def org_supervision(org_id: int, on: date) -> Mapping[str, Any]:
    """Variables of templates/accounts/_org_supervision.html."""
    scope = current_staff().scope("supervision.read")
    return {"overseers": overseers_of_unit(db.session(), org_id, scope, on), "overseer_address": address}


ORG_PARTS.append(org_supervision)
