"""Plans the regular meetings of the branches that keep all of them on record."""

from __future__ import annotations

from datetime import time

from app.demo.branch_year import Gathering, regular_branches, whole_branch
from app.demo.desk import Desk
from app.demo.plan import Plan, slot
from app.demo.tree import Unit


def plan_regular_meetings(desk: Desk) -> list[Plan]:
    """Assemblies, committees, group meetings, party lectures and the yearly meeting of regular branches."""
    regular = regular_branches(desk)
    plans = []
    for unit in desk.district.branches:
        if unit.id not in regular:
            continue
        for month in range(1, 13):
            plans += _regular_month(desk, unit, month)
    return plans


def _regular_month(desk: Desk, unit: Unit, month: int) -> list[Plan]:
    rng = desk.rng
    plans = []
    if rng.random() < 0.9:
        what = Gathering(f"{month}月支委会", "branch_committee", "in_person", time(16), 60)
        plans.append(_named(desk, unit, what, month, _committee(desk, unit)))
    if rng.random() < 0.75:
        what = Gathering(f"{month}月党小组会", "group_meeting", "in_person", time(16, 30), 60)
        plans.append(_named(desk, unit, what, month, _party_group(desk, unit, month)))
    quarterly = (month - 1) % 3
    if quarterly == 1 and rng.random() < 0.92:
        what = Gathering(f"第{(month + 2) // 3}季度党课", "party_lecture", "in_person", time(15), 90)
        plans.append(whole_branch(desk, unit, what, month))
    if quarterly == 2 and rng.random() < 0.92:
        what = Gathering(f"第{month // 3}季度党员大会", "branch_assembly", "in_person", time(9), 90)
        plans.append(whole_branch(desk, unit, what, month))
    if month == 12 and rng.random() < 0.9:
        what = Gathering("年度组织生活会", "organisational_life", "in_person", time(9), 150)
        plans.append(whole_branch(desk, unit, what, month))
    return plans


def _committee(desk: Desk, unit: Unit) -> list[int]:
    return [posting.member_id for posting in desk.district.postings if posting.org_id == unit.id]


def _party_group(desk: Desk, unit: Unit, month: int) -> list[int]:
    """A third of the branch, another each month."""
    here = [person.id for person in desk.people_in[unit.id]]
    return here[month % 3 :: 3]


def _named(desk: Desk, unit: Unit, what: Gathering, month: int, members: list[int]) -> Plan:
    day = desk.diary(unit.id).in_month(month)
    when = slot(day, what.starts, what.minutes, desk.tz)
    return Plan(
        what.title,
        what.kind,
        what.mode,
        unit.id,
        day,
        when.starts_at,
        when.ends_at,
        what.minutes,
        members=tuple(members),
    )
