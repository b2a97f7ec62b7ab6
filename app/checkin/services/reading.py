"""What reading a code says, whether it was on a screen or on paper."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.vocabulary import Method


@dataclass(frozen=True, slots=True)
class ReadCode:
    """The session that a presented code belongs to, and how it was presented."""

    session_id: int
    method: Method
