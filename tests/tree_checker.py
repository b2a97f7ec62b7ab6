"""Says what is wrong with the stored tree: every unit in one place a day, every path that of its parents."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.vocabulary import FOREVER
from app.members.models import Membership, OrgPlacement, OrgUnit
from app.members.rules_tree import may_hang


def tree_faults(session: Session) -> list[str]:
    """Empty when the tree is consistent; looks at every day on which anything begins or ends."""
    session.rollback()
    units = {unit.id: unit for unit in session.scalars(select(OrgUnit))}
    rows = session.scalars(select(OrgPlacement).order_by(OrgPlacement.starts_on)).all()
    faults = [*_gaps(units, rows)]
    for day in sorted({bound for row in rows for bound in (row.starts_on, row.ends_on)} - {FOREVER}):
        faults += _faults_on(day, units, rows)
    return faults + _homeless(session)


def _gaps(units: dict[int, OrgUnit], rows: list[OrgPlacement]) -> list[str]:
    faults = []
    for org_id, unit in units.items():
        own = [row for row in rows if row.org_id == org_id]
        for before, after in pairwise(own):
            if before.ends_on != after.starts_on:
                faults.append(f"{unit.code}: {before.ends_on} is not {after.starts_on}")
            if (before.parent_id, before.path) == (after.parent_id, after.path):
                faults.append(f"{unit.code}: two rows that say the same, at {after.starts_on}")
        if not own or own[-1].ends_on != unit.closed_on:
            faults.append(f"{unit.code}: its last row does not end with it")
    return faults


def _faults_on(day: date, units: dict[int, OrgUnit], rows: list[OrgPlacement]) -> list[str]:
    faults = []
    here = {row.org_id: row for row in rows if row.starts_on <= day < row.ends_on}
    for org_id, row in here.items():
        above = here.get(row.parent_id) if row.parent_id is not None else None
        if row.parent_id is not None and above is None:
            faults.append(f"{units[org_id].code} on {day}: nothing above it")
        elif row.path != f"{above.path if above else '/'}{org_id}/":
            faults.append(f"{units[org_id].code} on {day}: {row.path} below {above and above.path}")
        if above and not may_hang(units[org_id].kind, units[above.org_id].kind):
            faults.append(f"{units[org_id].code} on {day}: below {units[above.org_id].code}")
    return faults


def _homeless(session: Session) -> list[str]:
    """Members of a unit after its closing."""
    query = (
        select(Membership.member_id, OrgUnit.code)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(Membership.ends_on > OrgUnit.closed_on)
    )
    return [
        f"member {member_id} belongs to {code}, which is closed" for member_id, code in session.execute(query)
    ]


def parents_on(session: Session, first: date, days: int) -> list[dict[str, str | None]]:
    """For each of some days: code → parent's code of every unit that is there."""
    codes = {unit.id: unit.code for unit in session.scalars(select(OrgUnit))}
    rows = session.scalars(select(OrgPlacement)).all()
    found = []
    for n in range(days):
        day = first + timedelta(days=n)
        found.append(
            {
                codes[row.org_id]: codes[row.parent_id] if row.parent_id else None
                for row in rows
                if row.starts_on <= day < row.ends_on
            }
        )
    return found
