"""Writes what a unit is called and what it is (kind, sector), keeping what it was before a day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.vocabulary import OrgKind, OrgSector
from app.members.models import OrgFormerName, OrgFormerNature, OrgUnit
from app.members.rules import SINCE_EVER


def write_name(session: Session, unit: OrgUnit, name: str, since: date | None) -> bool:
    """The unit has another name from `since` on, the old one is kept; None: it was misspelt all along.

    Again on the day of the last change, only the present name changes; back to the name before, that
    change is undone. Whether anything changed.
    """
    if unit.name == name:
        return False
    last = last_rename(session, unit.id)
    if since is not None and last is not None and last.ends_on == since:
        if last.name == name:
            session.delete(last)
    elif since is not None:
        session.add(OrgFormerName(org_id=unit.id, ends_on=since, name=unit.name))
    unit.name = name
    session.flush()
    return True


def write_nature(
    session: Session, unit: OrgUnit, kind: OrgKind, sector: OrgSector | None, since: date | None
) -> bool:
    """The unit is something else from `since` on; None: it was recorded wrongly all along.

    The same rules as for names. Days before the last change but one keep what they had either way.
    """
    if (unit.kind, unit.sector) == (kind, sector):
        return False
    last = last_change(session, unit.id)
    if since is not None and last is not None and last.ends_on == since:
        if (last.kind, last.sector) == (kind, sector):
            session.delete(last)
    elif since is not None:
        starts_on = last.ends_on if last is not None else SINCE_EVER
        session.add(
            OrgFormerNature(
                org_id=unit.id, starts_on=starts_on, ends_on=since, kind=unit.kind, sector=unit.sector
            )
        )
    unit.kind, unit.sector = kind, sector
    session.flush()
    return True


def last_rename(session: Session, org_id: int) -> OrgFormerName | None:
    """The name before the present one; its `ends_on` is the day since when the present one holds."""
    query = select(OrgFormerName).where(OrgFormerName.org_id == org_id)
    return session.scalars(query.order_by(OrgFormerName.ends_on.desc()).limit(1)).first()


def last_change(session: Session, org_id: int) -> OrgFormerNature | None:
    """What the unit was before; its `ends_on` is the day since when it is what it is."""
    query = select(OrgFormerNature).where(OrgFormerNature.org_id == org_id)
    return session.scalars(query.order_by(OrgFormerNature.ends_on.desc()).limit(1)).first()
