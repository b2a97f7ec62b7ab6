"""What rows said before they were changed, as sealed text: why somebody was on leave is nobody's to read."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.attendance.services.record import Said
from app.core.crypto import CannotOpen, seal, unseal
from app.core.vocabulary import ExcuseReason, Method, Status

_PURPOSE = "said_before"
_TIMES = ("occurred_at", "received_at", "came_at", "left_at")


def sealed_rows(rows: Mapping[int, Said]) -> str:
    """What the rows of some members said, by member."""
    told = {member_id: told_of(said) for member_id, said in rows.items()}
    return base64.urlsafe_b64encode(seal(json.dumps(told), _PURPOSE)).decode()


def rows_sealed(text: object) -> dict[int, Said]:
    """The same, read again; empty for what is none of ours or cannot be opened any more."""
    if not isinstance(text, str):
        return {}
    try:
        told = json.loads(unseal(base64.urlsafe_b64decode(text), _PURPOSE))
    except (CannotOpen, binascii.Error, ValueError):
        return {}
    return {int(member_id): said_of(one) for member_id, one in told.items()}


def told_of(said: Said) -> dict[str, Any]:
    """What a row says, in what JSON can hold."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(said).items()
    }


def said_of(told: Mapping[str, Any]) -> Said:
    """The same, read again."""
    times = {name: datetime.fromisoformat(told[name]) if told[name] else None for name in _TIMES}
    words = {
        "status": Status(told["status"]),
        "method": Method(told["method"]),
        "excuse_reason": ExcuseReason(told["excuse_reason"]) if told["excuse_reason"] else None,
    }
    return Said(**{**told, **words, **times})
