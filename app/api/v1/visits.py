"""The note that a home visit needs."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.members import MEMBER_PATH
from app.api.v1.operation import operation
from app.api.v1.schemas.serving import VisitNoteAnswer, VisitNoteBody
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.members.queries.scoped import find_member
from app.members.queries.visit_notes import visit_note
from app.members.rules_visits import VisitDetails
from app.members.services.visit_notes import delete_visit_note, save_visit_note

NOTE_PATH = f"{MEMBER_PATH}/visit-note"


@bp.get(NOTE_PATH)
@permission("members.visit")
@operation(
    "查看上门须知",
    "Read the note for home visits",
    answers={200: VisitNoteAnswer()},
    detail=("没有写过时各项为空。", "Where nothing was written, every field is blank."),
)
def read_visit_note(member_id: int) -> dict[str, Any]:
    if find_member(db.session(), member_id, current_scope(), today()) is None:
        raise NotFound()
    return _note_body(member_id)


@bp.put(NOTE_PATH)
@permission("members.visit")
@operation(
    "写上门须知",
    "Write the note for home visits",
    body=VisitNoteBody(),
    answers={200: VisitNoteAnswer()},
    detail=(
        "替换原来的内容;全部为空等于删除。不能写病情、身份证号和电话号码。",
        "Replaces what was written; all blank deletes it. No illness, ID number or telephone number.",
    ),
)
def write_visit_note(member_id: int, body: dict[str, Any]) -> dict[str, Any]:
    details = VisitDetails(body["door"], body["times"], body["opener"], tuple(body["needs"]))
    save_visit_note(member_id, details, current_scope(), utc_now())
    return _note_body(member_id)


@bp.delete(NOTE_PATH)
@permission("members.visit")
@operation("删除上门须知", "Delete the note for home visits", answers={204: None})
def erase_visit_note(member_id: int) -> tuple[None, int]:
    delete_visit_note(member_id, current_scope(), utc_now())
    return None, 204


def _note_body(member_id: int) -> dict[str, Any]:
    note = visit_note(db.session(), member_id)
    details = (note.details if note else None) or VisitDetails()
    return {
        "door": details.door,
        "times": details.times,
        "opener": details.opener,
        "needs": details.needs,
        "updated_at": note.updated_at if note else None,
    }
