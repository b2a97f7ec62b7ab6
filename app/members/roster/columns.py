"""Remembers, for each office, which column of its rosters holds what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.members.models import RosterColumn
from app.members.roster.rules_columns import ROSTER, FileColumn, plain_header, recognise


def remembered_columns(session: Session, scope: Scope) -> dict[str, str]:
    """Plain header → field, "" for not read: what somebody of the scope's office once said."""
    query = select(RosterColumn.header, RosterColumn.field).where(RosterColumn.org_id == scope.org_ids[0])
    return {row.header: row.field for row in session.execute(query)}


def remember_columns(
    columns: Sequence[FileColumn], fields: Mapping[int, str], scope: Scope, now: datetime
) -> None:
    """From now on the office's columns hold what `fields` (position → field, "" for not read) says.

    What the usual names tell anyway is not kept. Raises InvalidInput when two columns are to hold the same,
    or when names or branches have no column. A column with ID numbers is never read.
    """
    chosen = {c.position: "" if c.is_id else fields.get(c.position, "") for c in columns}
    _check(list(chosen.values()))
    usual = {at: name for name, at in recognise([c.header for c in columns], ROSTER).items()}
    office = scope.org_ids[0]
    with writing() as session:
        titles = [plain_header(column.header)[:100] for column in columns]
        session.execute(
            delete(RosterColumn).where(RosterColumn.org_id == office, RosterColumn.header.in_(titles))
        )
        said: dict[str, str] = {}
        for number, (column, title) in enumerate(zip(columns, titles, strict=True)):
            if chosen[column.position] != usual.get(number, ""):
                said.setdefault(title, chosen[column.position])
        session.add_all(RosterColumn(org_id=office, header=title, field=name) for title, name in said.items())
        record_act(session, "roster.columns", f"org:{office}", scope.user_id, now, columns=len(said))


def _check(chosen: Sequence[str]) -> None:
    known = {column.field: column.header for column in ROSTER}
    for name in chosen:
        if name and name not in known:
            raise InvalidInput.field("columns", "unknown", lazy("请从列表里选择。"))
        if name and chosen.count(name) > 1:
            words = lazy("有两列都选了“%(header)s”,请只留一列。", header=known[name])
            raise InvalidInput.field("columns", "doubled", words)
    if "name" not in chosen:
        raise InvalidInput.field("columns", "name_missing", lazy("请选出哪一列是姓名。"))
    if not {"branch", "branch_code"} & set(chosen):
        words = lazy("请选出哪一列是所在党支部(或党支部编码)。")
        raise InvalidInput.field("columns", "branch_missing", words)
