"""Lets a scan be undone for ten minutes: the answer to it carries, sealed, what the row said before."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.attendance.services.put_back import put_back
from app.attendance.services.record import Said
from app.attendance.services.said_before import said_of
from app.core.access import Scope
from app.core.crypto import CannotOpen, seal, unseal
from app.core.errors import NotFound, WrongState
from app.core.i18n import lazy

UNDO_LIFE = timedelta(minutes=10)
_PURPOSE = "undo"


@dataclass(frozen=True, slots=True)
class Undo:
    """One noticing of a member: what the row said before it (None: nothing) and what it says by it."""

    session_id: int
    member_id: int
    made: Said
    before: Said | None
    at: datetime


def undo_text(undo: Undo) -> str:
    """For whoever scanned to send back. Sealed: why somebody was on leave is not for every page to hold."""
    sealed = seal(json.dumps(asdict(undo), default=_plain), _PURPOSE)
    return base64.urlsafe_b64encode(sealed).decode()


def undo_scan(session_id: int, text: str, scope: Scope, now: datetime, *, tz: ZoneInfo) -> int:
    """Undo a scan at the session; returns whose it was. Again changes nothing.

    Raises NotFound for what is no undo of this session, WrongState when it is too late or the row has
    been changed since.
    """
    undo = _read(text)
    if undo is None or undo.session_id != session_id:
        raise NotFound()
    if now >= undo.at + UNDO_LIFE:
        raise WrongState(lazy("已经过了十分钟,没有撤销。请到名单上更正。"))
    put_back((undo.session_id, undo.member_id), undo.made, undo.before, scope, now, tz=tz)
    return undo.member_id


def _read(text: str) -> Undo | None:
    try:
        told = json.loads(unseal(base64.urlsafe_b64decode(text), _PURPOSE))
    except (CannotOpen, binascii.Error, ValueError):
        return None
    made, before = said_of(told["made"]), said_of(told["before"]) if told["before"] else None
    return Undo(told["session_id"], told["member_id"], made, before, datetime.fromisoformat(told["at"]))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
