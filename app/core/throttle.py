"""Counts tries in the database, so that a limit holds across processes and restarts."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.crypto import blind_index
from app.core.db import Base, UtcDateTime
from app.core.errors import TooManyTries


class ThrottleCount(Base):
    """Tries of one kind by one subject in one window; the subject is a keyed hash, never a name or address."""

    __tablename__ = "throttle_counts"

    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int] = mapped_column()


def check_and_count(
    session: Session, kind: str, subject: str, now: datetime, *, limit: int, window: timedelta
) -> None:
    """Count one try inside the caller's transaction; raises TooManyTries above `limit` per `window`."""
    row = _row(session, kind, subject)
    if row is None:
        session.add(
            ThrottleCount(kind=kind, subject=blind_index(subject, "throttle"), window_start=now, tries=1)
        )
        session.flush()
        return
    if now - row.window_start >= window:
        row.window_start, row.tries = now, 0
    if row.tries >= limit:
        raise TooManyTries()
    row.tries += 1
    session.flush()


def forget(session: Session, kind: str, subject: str) -> None:
    """Clear the count after a success."""
    row = _row(session, kind, subject)
    if row is not None:
        session.delete(row)


def forget_older(session: Session, before: datetime) -> None:
    """Delete windows that began before `before`."""
    session.execute(delete(ThrottleCount).where(ThrottleCount.window_start < before))


def _row(session: Session, kind: str, subject: str) -> ThrottleCount | None:
    query = select(ThrottleCount).where(
        ThrottleCount.kind == kind, ThrottleCount.subject == blind_index(subject, "throttle")
    )
    return session.execute(query.with_for_update()).scalar_one_or_none()
