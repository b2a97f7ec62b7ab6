"""What other features show on pages of members and units; they register here, so that this imports none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from app.core.access import current_staff
from app.core.db import db
from app.members.queries.scoped import find_member

# Takes (member_id, today), after the member was found within the reader's scope; returns template
# variables, for example {"attendance": …} for attendance/_member.html.
Part = Callable[[int, date], Mapping[str, Any]]
PARTS: list[Part] = []
# Takes member ids; returns how many records of a feature each has.
RECORD_COUNTS: list[Callable[[Collection[int]], Mapping[int, int]]] = []
# The same of a unit's page: takes (org_id, today).
ORG_PARTS: list[Part] = []
# Takes the ids of closed units within the reader's scope; returns template variables the same way.
ClosedPart = Callable[[Sequence[int]], Mapping[str, Any]]
CLOSED_PARTS: list[ClosedPart] = []


def page_parts(member_id: int, on: date) -> dict[str, Any]:
    """Variables of every registered part."""
    context: dict[str, Any] = {}
    for part in PARTS:
        context.update(part(member_id, on))
    return context


def record_counts(member_ids: Collection[int]) -> dict[int, int]:
    """How much has been recorded of each member, all features together."""
    totals = dict.fromkeys(member_ids, 0)
    for counted in RECORD_COUNTS:
        for member_id, count in counted(member_ids).items():
            totals[member_id] += count
    return totals


def org_parts(org_id: int, on: date) -> dict[str, Any]:
    """Variables of every part of a unit's page."""
    context: dict[str, Any] = {}
    for part in ORG_PARTS:
        context.update(part(org_id, on))
    return context


def closed_parts(org_ids: Sequence[int]) -> dict[str, Any]:
    """The same for closed units."""
    context: dict[str, Any] = {}
    for part in CLOSED_PARTS:
        context.update(part(org_ids))
    return context


def may_also(permission_name: str, member_id: int, on: date) -> bool:
    """Whether the reader of this member's page holds another permission over the member too."""
    staff = current_staff()
    scope = staff.scope_if_held(permission_name)
    if scope is None:
        return False
    same = scope.org_ids == staff.scope("members.read").org_ids
    return same or find_member(db.session(), member_id, scope, on) is not None
