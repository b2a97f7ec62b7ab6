"""Ends the assignments of instructors and supervision teams to a unit that is closed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.accounts.models import InstructorAssignment, TeamAssignment
from app.core.i18n import Text
from app.members.services.closing import CONCERNED, Closing


def end_assignments(session: Session, closing: Closing) -> Iterable[Text]:
    """On the day of the closing; those that were to begin later go. Nothing of them stands in the way."""
    for table in (InstructorAssignment, TeamAssignment):
        here = table.org_id == closing.org_id
        session.execute(delete(table).where(here, table.starts_on >= closing.day))
        session.execute(update(table).where(here, table.ends_on > closing.day).values(ends_on=closing.day))
    return ()


CONCERNED.append(end_assignments)
