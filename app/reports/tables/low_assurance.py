"""Marks a table whose figures rest in part on codes that hung on a wall."""

from __future__ import annotations

from dataclasses import replace

from app.core.i18n import gettext as _
from app.reports.tables.model import Ask, Cell, Table


def with_low_assurance(table: Table, person_times: int, ask: Ask, *, by_host: bool = False) -> Table:
    """The table with the note and the door to those rows; as it is where there are none."""
    if not person_times:
        return table
    words = _("其中 %(n)s 人次凭张贴的签到码登记,可靠程度较低。", n=f"{person_times:,}")
    more = {"host": "1"} if by_host else {}
    door = ask.door("reports.attendance_rows", assurance="low", **more)
    return replace(table, low_assurance=Cell(person_times, door, words))
