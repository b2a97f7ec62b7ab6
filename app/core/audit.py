"""The append-only, hash-chained audit log: who did what to which record, never personal data."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, event, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.crypto import purpose_key
from app.core.db import Base, UtcDateTime, is_postgresql

GENESIS = b"\x00" * 32
# Any number, as long as nobody else in this database uses it for an advisory lock.
_CHAIN_LOCK = 0x62756C6F75


class AuditEntry(Base):
    """One act. `entry_hash` covers this row's number and content and the hash of the row before it."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    action: Mapped[str] = mapped_column(String(60), index=True)
    # Table and key of what was acted on ("session:12").
    subject: Mapped[str] = mapped_column(String(80))
    # Ids, counts and codes only.
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


def record_act(
    session: Session, action: str, subject: str, actor_id: int | None, at: datetime, **detail: Any
) -> None:
    """Note one act of the caller's writing transaction; it is chained when that commits.

    Last of all, because the chain has one lock for the whole database: whoever held it while waiting
    for a row would wait for somebody who waits for the chain.
    """
    entry = AuditEntry(
        at=at.astimezone(UTC), actor_id=actor_id, action=action, subject=subject, detail=detail
    )
    session.info.setdefault("acts", []).append(entry)


@event.listens_for(Session, "before_commit")
def _chain(session: Session) -> None:
    entries: list[AuditEntry] = session.info.pop("acts", [])
    if not entries:
        return
    session.flush()
    if is_postgresql(session):
        # Two writers must not chain onto the same row; SQLite has only one writer anyway.
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    last = session.execute(
        select(AuditEntry.id, AuditEntry.entry_hash).order_by(AuditEntry.id.desc()).limit(1)
    ).first()
    number, previous = (last.id, last.entry_hash) if last else (0, GENESIS)
    # Numbered here, not by the database, because the hash covers the number too.
    for entry in entries:
        entry.id, entry.previous_hash = (number := number + 1), previous
        previous = entry.entry_hash = _entry_hash(entry)
    session.add_all(entries)


@event.listens_for(Session, "after_soft_rollback")
def _forget_acts(session: Session, _previous: object) -> None:
    session.info.pop("acts", None)


def first_bad_entry(session: Session) -> int | None:
    """Id of the first entry that does not fit the chain, or None when the whole chain holds.

    Entries cut off at the end leave a chain that holds: keep the last number that `audit verify`
    printed, or a backup, to tell.
    """
    previous = GENESIS
    for entry in _entries(session):
        if entry.previous_hash != previous or entry.entry_hash != _entry_hash(entry):
            return entry.id
        previous = entry.entry_hash
    return None


def _entries(session: Session) -> Iterator[AuditEntry]:
    query = (
        select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=1000, populate_existing=True)
    )
    return iter(session.execute(query).scalars())


def _entry_hash(entry: AuditEntry) -> bytes:
    content = [entry.id, entry.at.isoformat(), entry.actor_id, entry.action, entry.subject, entry.detail]
    canonical = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    # Keyed: whoever can write the database but not read DATA_KEY cannot chain anew what they changed.
    return hmac.digest(purpose_key("audit"), entry.previous_hash + canonical.encode(), "sha256")


def last_act(session: Session, beginnings: Sequence[str], *, but: Sequence[str] = ()) -> int:
    """Number of the newest act whose name begins with one of `beginnings` and is none of `but`; 0 for none.

    Equal before and after: nothing was changed in between by anything that leaves such an act.
    """
    wanted = or_(*[AuditEntry.action.startswith(start, autoescape=True) for start in beginnings])
    # From the newest back: it stands near the end.
    query = select(AuditEntry.id).where(wanted, AuditEntry.action.not_in(but))
    return session.scalar(query.order_by(AuditEntry.id.desc()).limit(1)) or 0


def latest_act(session: Session, subject: str, actions: Sequence[str]) -> dict[str, Any]:
    """What the newest of these acts on a subject says; empty when there is none."""
    query = select(AuditEntry.detail).where(AuditEntry.subject == subject, AuditEntry.action.in_(actions))
    return session.scalar(query.order_by(AuditEntry.id.desc()).limit(1)) or {}


def last_entry_id(session: Session) -> int:
    """The newest entry's number, 0 when there is none."""
    return session.scalar(select(func.max(AuditEntry.id))) or 0
