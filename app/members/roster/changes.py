"""Whether two values are the same, and how one is written for people."""

from __future__ import annotations

from datetime import date

from app.core.i18n import gettext as _
from app.members.roster.rules_row import plain_text


def is_same(stored: object, new: object) -> bool:
    """Whether a row says what is stored."""
    # Typed on a page, a text may have full-width forms that a row is freed of.
    return stored == new or (isinstance(stored, str) and plain_text(stored) == new)


def shown(value: object) -> str:
    """A stored value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    return value.isoformat() if isinstance(value, date) else str(value)
