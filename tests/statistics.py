"""What the database under test knows of its tables."""

from __future__ import annotations

from sqlalchemy import text

from app.core.db import db, is_postgresql


def known_rows(table: str) -> int:
    """How many rows the database plans for in a table; 0 when it never looked."""
    if is_postgresql(db.session()):
        query = text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = CAST(:name AS regclass)")
        return int(db.session.scalar(query, {"name": table}) or 0)
    if not db.session.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")):
        return 0
    found = db.session.scalars(text("SELECT stat FROM sqlite_stat1 WHERE tbl = :name"), {"name": table})
    return max((int(stat.split()[0]) for stat in found), default=0)
