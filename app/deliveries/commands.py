"""What the services of deliveries are handed and hand out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """A report wanted each month: its form, the unit, who reads it, in what language; e-mail: also there."""

    report: str
    org_code: str
    username: str
    language: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A report that this process makes: nobody else does until `leased_until`.

    user_id: who is to read it, by whose scope it is made.
    """

    id: int
    attempt: int
    leased_until: datetime
    user_id: int
    report: str
    org_code: str
    language: str
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class MailClaim:
    """A note that this process sends."""

    id: int
    leased_until: datetime
    email: str
    report: str
    org_name: str
    language: str
    first_on: date
