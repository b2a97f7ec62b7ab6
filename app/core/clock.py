"""Owns "now" and the office's calendar day; everything else is handed the time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import current_app


def utc_now() -> datetime:
    """The present instant, aware UTC."""
    return datetime.now(UTC)


def office_tz() -> ZoneInfo:
    """The office's zone, in which days begin and times are shown."""
    zone: ZoneInfo = current_app.extensions["settings"].office_tz
    return zone


def office_date(instant: datetime, tz: ZoneInfo | None = None) -> date:
    """The office's calendar day of an aware instant."""
    return instant.astimezone(tz or office_tz()).date()


def today() -> date:
    """The office's calendar day now."""
    return office_date(utc_now())
