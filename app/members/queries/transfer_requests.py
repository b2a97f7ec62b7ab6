"""Requests from one branch to another to take a member over, as either side sees them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.access import Scope
from app.core.vocabulary import FOREVER, TransferState
from app.members.models import Member, Membership, OrgUnit, TransferRequest
from app.members.queries.tree import subtree_ids


class Side(StrEnum):
    """Which requests are wanted: to a branch of the scope, or from one; those that are settled, either."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request. The branch that is asked sees the member's name and branch, and nothing more.

    is_stale: it waits, but the member has moved on; it can only be declined or withdrawn.
    is_incoming, is_outgoing: on which side of it the scope lies.
    """

    id: int
    member_id: int
    member_name: str
    from_org_code: str
    from_org_name: str
    to_org_code: str
    to_org_name: str
    state: TransferState
    asked_at: datetime
    decided_at: datetime | None
    accepted_on: date | None
    is_stale: bool
    is_incoming: bool
    is_outgoing: bool

    @property
    def sort_key(self) -> tuple[int]:
        return (self.id,)


def transfer_requests(
    session: Session,
    scope: Scope,
    on: date,
    *,
    side: Side | None = None,
    states: Collection[TransferState] = (),
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> list[RequestRow]:
    """Requests of the scope, the latest first; from `offset`, or older than the id `before`."""
    origin, target = aliased(OrgUnit), aliased(OrgUnit)
    incoming, outgoing = _incoming(scope, on), _outgoing(scope, on)
    query = (
        select(
            TransferRequest.id,
            TransferRequest.member_id,
            Member.name,
            origin.code,
            origin.name,
            target.code,
            target.name,
            TransferRequest.state,
            TransferRequest.asked_at,
            TransferRequest.decided_at,
            TransferRequest.accepted_on,
            and_(TransferRequest.state == TransferState.WAITING, ~_still_there(on)),
            incoming,
            outgoing,
        )
        .join(Member, Member.id == TransferRequest.member_id)
        .join(origin, origin.id == TransferRequest.from_org_id)
        .join(target, target.id == TransferRequest.to_org_id)
        .where(*_conditions(scope, on, side, states))
        .order_by(TransferRequest.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if before is not None:
        query = query.where(TransferRequest.id < before)
    return [_row(found) for found in session.execute(query)]


def transfer_request_count(session: Session, scope: Scope, on: date, side: Side) -> int:
    """How many requests a side of the scope has."""
    query = select(func.count()).select_from(TransferRequest).where(*_conditions(scope, on, side, ()))
    return session.scalar(query) or 0


def request_of(session: Session, request_id: int, scope: Scope, on: date) -> RequestRow | None:
    """One request, if either side of it lies within the scope."""
    found = transfer_requests(session, scope, on, limit=1, before=request_id + 1)
    return found[0] if found and found[0].id == request_id else None


def _conditions(
    scope: Scope, on: date, side: Side | None, states: Collection[TransferState]
) -> list[ColumnElement[bool]]:
    waiting = TransferRequest.state == TransferState.WAITING
    of_side = {
        Side.INCOMING: and_(waiting, _incoming(scope, on)),
        Side.OUTGOING: and_(waiting, _outgoing(scope, on)),
        Side.SETTLED: and_(~waiting, or_(_incoming(scope, on), _outgoing(scope, on))),
        None: or_(_incoming(scope, on), _outgoing(scope, on)),
    }
    return [of_side[side], *([TransferRequest.state.in_(states)] if states else [])]


def _incoming(scope: Scope, on: date) -> ColumnElement[bool]:
    return TransferRequest.to_org_id.in_(subtree_ids(scope.org_ids, on))


def _outgoing(scope: Scope, on: date) -> ColumnElement[bool]:
    return TransferRequest.from_org_id.in_(subtree_ids(scope.org_ids, on))


def _still_there(on: date) -> ColumnElement[bool]:
    """Whether the branch that asks has the member today and for good."""
    return exists().where(
        Membership.member_id == TransferRequest.member_id,
        Membership.org_id == TransferRequest.from_org_id,
        Membership.starts_on <= on,
        Membership.ends_on == FOREVER,
    )


def _row(found: Any) -> RequestRow:
    # The three claims are numbers in SQLite.
    values: list[Any] = [*found[:-3], *map(bool, found[-3:])]
    return RequestRow(*values)
