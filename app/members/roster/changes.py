"""What of a stored member a row says otherwise, and how a value is written for people."""

from __future__ import annotations

from datetime import date

from app.core.i18n import gettext as _
from app.members.roster.queries import StoredMember
from app.members.roster.rules_row import RosterRow, plain_text


def facts_that_differ(row: RosterRow, stored: StoredMember) -> dict[str, object]:
    """Member column → what the row says, where that is not what is stored. A blank says nothing."""
    return {name: new for name, new in row.values.items() if not _is_same(stored.fact(name), new)}


def _is_same(stored: object, new: object) -> bool:
    # Typed on a page, a text may have full-width forms that a row is freed of.
    return stored == new or (isinstance(stored, str) and plain_text(stored) == new)


def shown(value: object) -> str:
    """A stored value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    return value.isoformat() if isinstance(value, date) else str(value)
