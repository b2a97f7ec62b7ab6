"""Cuts one part out of a long, ordered list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import tuple_
from sqlalchemy.orm import Session

from app.reports.rules import Slice


def cut_rows(session: Session, query: Any, order: tuple[Any, ...], cut: Slice) -> tuple[list[Any], bool]:
    """The asked part of a query in `order`, and whether more follows."""
    query = query.order_by(*order)
    if cut.after is not None:
        query = query.where(tuple_(*order) > tuple_(*cut.after))
    if cut.limit is not None:
        query = query.limit(cut.limit + 1).offset(cut.offset)
    rows = list(session.execute(query))
    return rows[: cut.limit], cut.limit is not None and len(rows) > cut.limit
