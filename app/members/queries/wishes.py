"""SELECTs of members' wishes for correction, opened for the member and for those who answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.crypto import CannotOpen, unseal
from app.core.vocabulary import RequestState
from app.members.models import CorrectionRequest, Member, OrgUnit
from app.members.queries.scoped import standing_org
from app.members.queries.tree import subtree_ids
from app.members.rules_wishes import About

PURPOSE = "correction"


@dataclass(frozen=True, slots=True)
class WishRow:
    """One wish. A `text` of None was sealed with a key that is not the present one."""

    id: int
    member_id: int
    member_name: str
    org_name: str | None
    about: About
    text: str | None
    state: RequestState
    asked_at: datetime
    answer: str | None
    answered_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state is RequestState.OPEN

    @property
    def sort_key(self) -> tuple[int]:
        return (self.id,)


def open_text(sealed: bytes | None) -> str | None:
    """What was sealed; None without it, or where the present key does not open it."""
    try:
        return None if sealed is None else unseal(sealed, PURPOSE)
    except CannotOpen:
        return None


def own_wishes(session: Session, member_id: int, on: date, limit: int = 50) -> list[WishRow]:
    """A member's wishes, the latest first."""
    query = _rows(CorrectionRequest.member_id == member_id, on).order_by(CorrectionRequest.id.desc())
    return _found(session, query.limit(limit))


def wish_page(
    session: Session, scope: Scope, on: date, *, is_open: bool, limit: int, offset: int
) -> tuple[list[WishRow], int]:
    """Wishes within the scope and how many there are: open ones oldest first, answered ones latest first."""
    wanted = _within(scope, on) & _in_state(is_open)
    total = session.scalar(select(func.count()).select_from(CorrectionRequest).where(wanted)) or 0
    order = CorrectionRequest.id if is_open else CorrectionRequest.answered_at.desc()
    query = _rows(wanted, on).order_by(order, CorrectionRequest.id).limit(limit).offset(offset)
    return _found(session, query), total


def wishes_after(
    session: Session, scope: Scope, on: date, state: RequestState | None, after: int, limit: int
) -> list[WishRow]:
    """Wishes within the scope in the order they were asked, after an id."""
    wanted = _within(scope, on) & (CorrectionRequest.id > after)
    if state is not None:
        wanted &= CorrectionRequest.state == state
    return _found(session, _rows(wanted, on).order_by(CorrectionRequest.id).limit(limit))


def wish_in_scope(session: Session, wish_id: int, scope: Scope, on: date) -> WishRow | None:
    """One wish, if its member is within the scope."""
    found = _found(session, _rows((CorrectionRequest.id == wish_id) & _within(scope, on), on))
    return found[0] if found else None


def open_wishes(session: Session, scope: Scope, on: date) -> int:
    """How many wishes within the scope wait for an answer."""
    wanted = _within(scope, on) & _in_state(True)
    return session.scalar(select(func.count()).select_from(CorrectionRequest).where(wanted)) or 0


def _within(scope: Scope, on: date) -> ColumnElement[bool]:
    return standing_org(CorrectionRequest.member_id, on).in_(subtree_ids(scope.org_ids, on))


def _in_state(is_open: bool) -> ColumnElement[bool]:
    is_waiting = CorrectionRequest.state == RequestState.OPEN
    return is_waiting if is_open else ~is_waiting


def _rows(wanted: ColumnElement[bool], on: date) -> Select[CorrectionRequest, str, str | None]:
    return (
        select(CorrectionRequest, Member.name, OrgUnit.name)
        .join(Member, Member.id == CorrectionRequest.member_id)
        .outerjoin(OrgUnit, OrgUnit.id == standing_org(CorrectionRequest.member_id, on))
        .where(wanted)
    )


def _found(session: Session, query: Select[CorrectionRequest, str, str | None]) -> list[WishRow]:
    return [
        WishRow(
            id=row.id,
            member_id=row.member_id,
            member_name=name,
            org_name=org_name,
            about=About(row.about),
            text=open_text(row.text_sealed),
            state=row.state,
            asked_at=row.asked_at,
            answer=open_text(row.answer_sealed),
            answered_at=row.answered_at,
        )
        for row, name, org_name in session.execute(query)
    ]
