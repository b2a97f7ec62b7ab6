"""Keeps the note that a home visit needs, sealed; short fields only, and nothing that belongs elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.crypto import seal
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput
from app.core.i18n import lazy
from app.members.models import VisitNote
from app.members.queries.visit_notes import PURPOSE, open_note
from app.members.rules_visits import LONGEST, Fault, Need, VisitDetails, fault_of
from app.members.services.spans import require_member
from app.members.words import FAULT_WORDS


def save_visit_note(member_id: int, details: VisitDetails, scope: Scope, now: datetime) -> None:
    """Keep the note instead of the one before; a blank one is no note. `scope`: that of "members.visit".

    Saying the same again changes nothing. Raises NotFound, and InvalidInput with every wrong field.
    """
    cleaned = _cleaned(details)
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        errors = list(_errors(cleaned))
        if errors:
            raise InvalidInput(errors=errors)
        if cleaned.is_blank:
            _drop(session, member_id, scope, now)
            return
        note = session.get(VisitNote, member_id)
        if note is not None and open_note(note.note_sealed) == cleaned:
            return
        if note is None:
            note = VisitNote(member_id=member_id)
            session.add(note)
        note.note_sealed = seal(json.dumps(asdict(cleaned), ensure_ascii=False), PURPOSE)
        note.updated_by_id, note.updated_at = scope.user_id, now
        record_act(session, "visit_note.save", f"member:{member_id}", scope.user_id, now)


def delete_visit_note(member_id: int, scope: Scope, now: datetime) -> None:
    """Forget the note; a repeat is harmless. Raises NotFound."""
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        _drop(session, member_id, scope, now)


def _drop(session: Session, member_id: int, scope: Scope, now: datetime) -> None:
    note = session.get(VisitNote, member_id)
    if note is not None:
        session.delete(note)
        record_act(session, "visit_note.delete", f"member:{member_id}", scope.user_id, now)


def _cleaned(details: VisitDetails) -> VisitDetails:
    """Without spaces and line breaks around and between, each need once, in the order of the list."""
    return replace(
        details,
        door=" ".join(details.door.split()),
        times=" ".join(details.times.split()),
        opener=" ".join(details.opener.split()),
        needs=tuple(need for need in Need if need in details.needs),
    )


def _errors(details: VisitDetails) -> Iterator[FieldError]:
    for field, longest in LONGEST.items():
        fault = fault_of(getattr(details, field), longest)
        if fault is Fault.TOO_LONG:
            yield FieldError(field, fault.value, lazy("请不要超过 %(n)s 个字。", n=longest))
        elif fault is not None:
            yield FieldError(field, fault.value, FAULT_WORDS[fault])
    if Need.NOTHING in details.needs and len(details.needs) > 1:
        yield FieldError("needs", "contradiction", lazy("“没有特别要准备的”不能和其他项一起选。"))
