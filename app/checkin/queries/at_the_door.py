"""SELECTs of the hot path, one for each request: the session, and whom a token or a browser stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Subquery, and_, bindparam, literal, select
from sqlalchemy.engine.interfaces import Dialect

from app.checkin.models import MemberBinding
from app.checkin.queries.lookup import SessionCardInfo
from app.core.quick import Prepared, Row
from app.core.vocabulary import SessionState
from app.members.models import Member, OrgUnit
from app.trainings.models import SessionKind, TrainingSession, Venue
from app.trainings.queries.copied import COPIED, SessionCopy

# As many members as one browser stands for (`app.checkin.browser.MOST_MEMBERS`).
MOST_TOKENS = 6


@dataclass(frozen=True, slots=True)
class Door:
    """A session as a phone is shown it, and the members of its browser: (token hash, id, name)."""

    info: SessionCardInfo
    secret: bytes
    facts: SessionCopy
    people: tuple[tuple[bytes, int, str], ...]

    def name_of(self, member_id: int) -> str | None:
        """The name of a member whom the browser stands for."""
        return next((name for _hash, known, name in self.people if known == member_id), None)


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
    columns: list[Any] = [
        TrainingSession.id,
        TrainingSession.title,
        SessionKind.name_zh,
        SessionKind.name_en,
        OrgUnit.name,
        Venue.name,
        TrainingSession.code_secret,
        *COPIED,
        MemberBinding.token_hash,
        Member.id,
        Member.name,
    ]
    kind = MemberBinding.token_hash.type
    tokens = [bindparam(f"token_{number}", type_=kind) for number in range(MOST_TOKENS)]
    good = and_(MemberBinding.token_hash.in_(tokens), MemberBinding.revoked_at.is_(None))
    query = (
        select(*columns)
        .select_from(TrainingSession)
        .join(SessionKind, SessionKind.key == TrainingSession.kind_key)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
        .outerjoin(MemberBinding, good)
        .outerjoin(Member, Member.id == MemberBinding.member_id)
        .where(_is_session())
    )
    return Prepared(query, columns, dialect)


def door_parameters(session_id: int, hashes: list[bytes]) -> dict[str, Any]:
    """What `door_statement` leaves open, from the tokens' hashes."""
    filled = [*hashes, *[b""] * MOST_TOKENS][:MOST_TOKENS]
    return {"session_id": session_id, **{f"token_{number}": one for number, one in enumerate(filled)}}


def door_of(rows: list[Row], hashes: list[bytes]) -> Door | None:
    """The rows as one Door, its people in the browser's order; None when there is no such session."""
    if not rows:
        return None
    session_id, title, kind_zh, kind_en, host, venue, secret, *rest = rows[0]
    facts = SessionCopy(*rest[: len(COPIED)])
    info = SessionCardInfo(
        session_id, title, kind_zh, kind_en, host, venue, facts.starts_at, facts.ends_at,
        SessionState(facts.state),
    )  # fmt: skip
    found = [(bytes(row[-3]), row[-2], row[-1]) for row in rows if row[-2] is not None]
    return Door(info, secret, facts, tuple(sorted(found, key=lambda person: hashes.index(person[0]))))
