"""What a member's page shows of visits and wishes, in one SELECT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, literal, select
from sqlalchemy.orm import Session

from app.core.vocabulary import RequestState
from app.members.models import CorrectionRequest, Member, VisitNote
from app.members.queries.staff_names import STAFF
from app.members.queries.visit_notes import KeptNote, open_note
from app.members.rules_wishes import About


@dataclass(frozen=True, slots=True)
class WishLine:
    """A wish as a list names it, its words unopened."""

    id: int
    about: About
    state: RequestState
    asked_at: datetime

    @property
    def is_open(self) -> bool:
        return self.state is RequestState.OPEN


@dataclass(frozen=True, slots=True)
class Served:
    """A member's note for visits, and the latest wishes."""

    note: KeptNote | None
    wishes: tuple[WishLine, ...]


def served(session: Session, member_id: int, limit: int, *, note: bool, wishes: bool) -> Served:
    """As far as the reader may see it: `note` and `wishes` say whether each is read at all."""
    query = (
        select(
            VisitNote.note_sealed,
            VisitNote.updated_at,
            STAFF.c.display_name,
            CorrectionRequest.id,
            CorrectionRequest.about,
            CorrectionRequest.state,
            CorrectionRequest.asked_at,
        )
        .select_from(Member)
        .outerjoin(VisitNote, and_(VisitNote.member_id == Member.id, literal(note)))
        .outerjoin(STAFF, STAFF.c.id == VisitNote.updated_by_id)
        .outerjoin(CorrectionRequest, and_(CorrectionRequest.member_id == Member.id, literal(wishes)))
        .where(Member.id == member_id)
        .order_by(CorrectionRequest.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    kept = next((row for row in rows if row.note_sealed is not None), None)
    return Served(
        KeptNote(open_note(kept.note_sealed), kept.updated_at, kept.display_name) if kept else None,
        tuple(WishLine(row.id, About(row.about), row.state, row.asked_at) for row in rows if row.id),
    )
