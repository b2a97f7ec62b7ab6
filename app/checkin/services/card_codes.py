"""One-time codes that are printed on members' cards, to bind a phone at home or on the way to a session."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, insert, select, update
from sqlalchemy.orm import Session

from app.checkin.models import BindCode
from app.checkin.rules_bind import CARD_CODE_DIGITS, CARD_CODE_LIFE, is_card_code
from app.checkin.services.bindings import code_hash
from app.core.audit import record_act
from app.core.db import writing

# Rows in one statement: SQLite takes so many values at once.
_AT_ONCE = 1000


def issue_card_codes(
    member_ids: Sequence[int], by_id: int | None, place: str, now: datetime
) -> Mapping[int, str]:
    """Twelve digits for each member's card, shown on paper only. A code on an older card stops working."""
    with writing() as session:
        codes: dict[int, str] = {}
        for start in range(0, len(member_ids), _AT_ONCE):
            ids = member_ids[start : start + _AT_ONCE]
            stop_card_codes(session, BindCode.member_id.in_(ids), now)
            drawn = dict(zip(ids, _unused_codes(session, len(ids), now), strict=True))
            session.execute(insert(BindCode), [_row(*each, by_id, now) for each in drawn.items()])
            codes |= drawn
        record_act(session, "bind_code.print", place, by_id, now, count=len(codes))
        return codes


def stop_card_codes(session: Session, of: ColumnElement[bool], now: datetime) -> int:
    """Stop the unused codes on cards among those that `of` names, inside the caller's transaction.

    A code that was read out goes on working: it did not get lost with the card.
    """
    live: Select[int, datetime, datetime] = select(
        BindCode.id, BindCode.created_at, BindCode.expires_at
    ).where(of, BindCode.used_at.is_(None), BindCode.expires_at > now)
    ids = [row.id for row in session.execute(live) if is_card_code(row.created_at, row.expires_at)]
    for start in range(0, len(ids), _AT_ONCE):
        some = BindCode.id.in_(ids[start : start + _AT_ONCE])
        session.execute(update(BindCode).where(some, BindCode.used_at.is_(None)).values(expires_at=now))
    return len(ids)


def _unused_codes(session: Session, count: int, now: datetime) -> list[str]:
    """Codes that no live one equals, nor one another."""
    codes: set[str] = set()
    while len(codes) < count:
        drawn = {
            code_hash(code): code
            for code in (_draw() for _ in range(count - len(codes)))
            if code not in codes
        }
        taken = select(BindCode.code_hash).where(
            BindCode.code_hash.in_(drawn), BindCode.used_at.is_(None), BindCode.expires_at > now
        )
        for digest in session.scalars(taken).all():
            del drawn[digest]
        codes.update(drawn.values())
    return list(codes)


def _draw() -> str:
    return f"{secrets.randbelow(10**CARD_CODE_DIGITS):0{CARD_CODE_DIGITS}d}"


def _row(member_id: int, code: str, by_id: int | None, now: datetime) -> dict[str, object]:
    return {
        "member_id": member_id,
        "code_hash": code_hash(code),
        "created_by_id": by_id,
        "created_at": now,
        "expires_at": now + CARD_CODE_LIFE,
    }
