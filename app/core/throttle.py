"""Counts tries in the database, so that a limit holds across processes and restarts."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, Select, String, case, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.crypto import blind_index
from app.core.db import Base, UtcDateTime, is_postgresql
from app.core.errors import TooManyTries


class ThrottleCount(Base):
    """Tries of one kind by one subject in one window; the subject is a keyed hash, never a name."""

    __tablename__ = "throttle_counts"

    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int] = mapped_column()


def address_subject(address: str) -> str:
    """What tries from an address are counted under: an IPv6 customer owns a whole /64."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def check_and_count(
    session: Session, kind: str, subject: str, now: datetime, *, limit: int, window: timedelta
) -> None:
    """Count one try inside the caller's transaction; raises TooManyTries above `limit` per `window`.

    The count is lost when the caller's transaction is rolled back: a use case that raises for the
    try itself counts it in a transaction of its own first.
    """
    if not allow(session, kind, subject, now, limit=limit, window=window):
        raise TooManyTries()


def allow(session: Session, kind: str, subject: str, now: datetime, *, limit: int, window: timedelta) -> bool:
    """Count one try and tell whether it is within `limit` per `window`; never raises."""
    insert = postgresql_insert if is_postgresql(session) else sqlite_insert
    over = ThrottleCount.window_start <= now - window
    statement = insert(ThrottleCount).values(
        kind=kind, subject=blind_index(subject, "throttle"), window_start=now, tries=1
    )
    # One statement: a row looked for first may be made, or forgotten, by somebody else meanwhile.
    statement = statement.on_conflict_do_update(
        index_elements=[ThrottleCount.kind, ThrottleCount.subject],
        set_={
            "window_start": case((over, now), else_=ThrottleCount.window_start),
            "tries": case((over, 1), else_=ThrottleCount.tries + 1),
        },
    )
    return session.execute(statement.returning(ThrottleCount.tries)).scalar_one() <= limit


def give_back(session: Session, kind: str, subject: str, tries: int = 1) -> None:
    """Uncount a try that turned out well, so that only failures use up a limit; with `tries` some more."""
    row = session.scalars(_row(kind, subject)).one_or_none()
    if row is not None and row.tries > 0:
        row.tries = max(0, row.tries - tries)


def forget(session: Session, kind: str, subject: str) -> None:
    """Clear the count after a success."""
    row = session.scalars(_row(kind, subject)).one_or_none()
    if row is not None:
        session.delete(row)


def forget_older(session: Session, before: datetime) -> int:
    """Delete windows that began before `before`; returns how many."""
    old = delete(ThrottleCount).where(ThrottleCount.window_start < before).returning(ThrottleCount.kind)
    return len(session.execute(old).all())


def _row(kind: str, subject: str) -> Select[ThrottleCount]:
    return (
        select(ThrottleCount)
        .where(ThrottleCount.kind == kind, ThrottleCount.subject == blind_index(subject, "throttle"))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
