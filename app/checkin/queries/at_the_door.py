"""SELECTs of the hot path, one for each request: the session, and whom a token or a browser stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Subquery, and_, bindparam, literal, select
from sqlalchemy.engine.interfaces import Dialect

from app.attendance.models import Attendance
from app.checkin.models import MemberBinding
from app.checkin.queries.lookup import TokenHolder
from app.checkin.queries.phone import OWN_ROW, SHOWN, OwnRow, PhoneSession
from app.checkin.rules import MOST_MEMBERS
from app.core.quick import Prepared, Row
from app.members.models import Member, OrgUnit
from app.trainings.models import TrainingSession, Venue
from app.trainings.queries.copied import COPIED, SessionCopy


@dataclass(frozen=True, slots=True)
class Door:
    """A session as a phone is shown it, with the rows of the members of its browser, who are `people`."""

    info: PhoneSession
    secret: bytes
    copied: SessionCopy
    people: tuple[TokenHolder, ...]

    def knows(self, member_id: int) -> bool:
        """Whether the browser stands for the member."""
        return any(person.member_id == member_id for person in self.people)


def _one_row() -> Subquery:
    """So that a missing session and a missing member are told apart in one answer."""
    return select(literal(1).label("one")).subquery("one_row")


def _is_session() -> Any:
    return TrainingSession.id == bindparam("session_id", type_=Integer)


@lru_cache(maxsize=4)
def presented(dialect: Dialect) -> Prepared:
    """token_hash, session_id → member id (None: nobody), whether revoked, the session's secret (None:
    no such session), and its COPIED."""
    columns: list[Any] = [
        MemberBinding.member_id,
        MemberBinding.revoked_at.is_not(None),
        TrainingSession.code_secret,
        *COPIED,
    ]
    token = MemberBinding.token_hash == bindparam("token_hash", type_=MemberBinding.token_hash.type)
    joined = _one_row().outerjoin(MemberBinding, token).outerjoin(TrainingSession, _is_session())
    return Prepared(select(*columns).select_from(joined), columns, dialect)


@lru_cache(maxsize=4)
def door_statement(dialect: Dialect) -> Prepared:
    """session_id, token_0 … → a row for each good token of the browser, or one without a member."""
    columns = [
        *SHOWN,
        TrainingSession.code_secret,
        *COPIED,
        MemberBinding.token_hash,
        Member.id,
        Member.name,
        *OWN_ROW,
    ]
    kind = MemberBinding.token_hash.type
    tokens = [bindparam(f"token_{number}", type_=kind) for number in range(MOST_MEMBERS)]
    good = and_(MemberBinding.token_hash.in_(tokens), MemberBinding.revoked_at.is_(None))
    own = and_(Attendance.session_id == TrainingSession.id, Attendance.member_id == Member.id)
    query = (
        select(*columns)
        .select_from(TrainingSession)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
        .outerjoin(MemberBinding, good)
        .outerjoin(Member, Member.id == MemberBinding.member_id)
        .outerjoin(Attendance, own)
        .where(_is_session())
    )
    return Prepared(query, columns, dialect)


def door_parameters(session_id: int, hashes: Sequence[bytes]) -> dict[str, Any]:
    """What `door_statement` leaves open, from the tokens' hashes."""
    filled = [*hashes, *[b""] * MOST_MEMBERS][:MOST_MEMBERS]
    return {"session_id": session_id, **{f"token_{number}": one for number, one in enumerate(filled)}}


_SECRET = len(SHOWN)
_TOKEN = _SECRET + 1 + len(COPIED)


def door_of(rows: Sequence[Row], hashes: Sequence[bytes]) -> Door | None:
    """The rows as one Door, its people in the browser's order; None when there is no such session."""
    if not rows:
        return None
    first = rows[0]
    known = sorted(
        (row for row in rows if row[_TOKEN + 1] is not None), key=lambda row: hashes.index(row[_TOKEN])
    )
    people = [TokenHolder(row[_TOKEN + 1], row[_TOKEN + 2], revoked=False) for row in known]
    own = {row[_TOKEN + 1]: OwnRow(*row[_TOKEN + 3 :]) for row in known if row[_TOKEN + 3] is not None}
    shown: Any = [*first[:_SECRET], own]
    copied = SessionCopy(*first[_SECRET + 1 : _TOKEN])
    return Door(PhoneSession(*shown), first[_SECRET], copied, tuple(people))
