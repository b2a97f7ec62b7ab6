"""When two members turn out to be one: invitations, expected lists and lecturers name the one kept."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.members.services.merging import MOVERS, Move
from app.trainings.models import AudienceRule, ExpectedAttendee, Lecturer


def move_expected(session: Session, move: Move) -> Mapping[str, int]:
    """A session that expects both expects one."""
    for table, session_id in (
        (ExpectedAttendee, ExpectedAttendee.session_id),
        (AudienceRule, AudienceRule.session_id),
    ):
        has_both = select(session_id).where(table.member_id == move.kept_id).scalar_subquery()
        of_other = table.member_id == move.other_id
        session.execute(
            delete(table).where(of_other, session_id.in_(has_both)), execution_options=_NO_OBJECTS
        )
        session.execute(
            update(table).where(of_other).values(member_id=move.kept_id), execution_options=_NO_OBJECTS
        )
    session.execute(
        update(Lecturer).where(Lecturer.member_id == move.other_id).values(member_id=move.kept_id),
        execution_options=_NO_OBJECTS,
    )
    return {}


# None of these rows has been loaded in this transaction.
_NO_OBJECTS = {"synchronize_session": False}
MOVERS.append(move_expected)
