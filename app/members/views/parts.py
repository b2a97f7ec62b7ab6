"""What other features show on a member's or a unit's page; they register here, so that this one imports none
of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

# Takes (member_id, today), after the member was found within the reader's scope; returns template
# variables, for example {"attendance": …} for attendance/_member.html.
Part = Callable[[int, date], Mapping[str, Any]]
PARTS: list[Part] = []
# Takes member ids; returns how many records of a feature each has.
RECORD_COUNTS: list[Callable[[Collection[int]], Mapping[int, int]]] = []
# The same of a unit's page: takes (org_id, today).
ORG_PARTS: list[Part] = []


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
