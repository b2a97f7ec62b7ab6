"""SELECTs of notes for home visits, opened for those who may read them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.crypto import CannotOpen, unseal
from app.members.models import Member, Membership, OrgUnit, VisitNote
from app.members.queries.masked import masked_phone
from app.members.queries.staff_names import STAFF
from app.members.queries.tree import subtree_ids
from app.members.rules_visits import Need, VisitDetails

PURPOSE = "visit_note"


@dataclass(frozen=True, slots=True)
class KeptNote:
    """A note, when it was last changed and by whom (None: by the command line).

    `details` None: sealed with a key that is not the present one.
    """

    details: VisitDetails | None
    updated_at: datetime
    updated_by: str | None


@dataclass(frozen=True, slots=True)
class Slip:
    """What somebody takes along to a visit; the telephone masked."""

    member_id: int
    name: str
    org_name: str
    phone: str | None
    note: KeptNote | None


def open_note(sealed: bytes) -> VisitDetails | None:
    """What a sealed note says; None where the present key does not open it."""
    try:
        said = json.loads(unseal(sealed, PURPOSE))
    except CannotOpen:
        return None
    return VisitDetails(
        said["door"], said["times"], said["opener"], tuple(need for need in Need if need in said["needs"])
    )


def visit_note(session: Session, member_id: int) -> KeptNote | None:
    """The note of a member who reads it themselves, or whom the caller has found within the scope."""
    return visit_notes(session, [member_id]).get(member_id)


def visit_notes(session: Session, member_ids: Collection[int]) -> dict[int, KeptNote]:
    """Notes by member; those without one are missing."""
    query = (
        select(VisitNote.member_id, VisitNote.note_sealed, VisitNote.updated_at, STAFF.c.display_name)
        .outerjoin(STAFF, STAFF.c.id == VisitNote.updated_by_id)
        .where(VisitNote.member_id.in_(member_ids))
    )
    return {
        member_id: KeptNote(open_note(sealed), updated_at, name)
        for member_id, sealed, updated_at, name in session.execute(query)
    }


def visit_slips(session: Session, member_ids: Collection[int], scope: Scope, on: date) -> list[Slip]:
    """Slips of those of `member_ids` who belong to the scope on a day, by branch and name."""
    query = (
        select(Member.id, Member.name, Member.phone_sealed, OrgUnit.name.label("org_name"))
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(
            Member.id.in_(member_ids),
            Membership.starts_on <= on,
            Membership.ends_on > on,
            Membership.org_id.in_(subtree_ids(scope.org_ids, on)),
        )
        .order_by(OrgUnit.code, Member.pinyin, Member.id)
    )
    found = session.execute(query).all()
    notes = visit_notes(session, [row.id for row in found])
    return [
        Slip(row.id, row.name, row.org_name, masked_phone(row.phone_sealed), notes.get(row.id))
        for row in found
    ]
