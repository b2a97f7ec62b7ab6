"""What callers hand to the services of instructors and teams: typed, already parsed, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.vocabulary import FOREVER
from app.members.commands import KEEP, Keep


class OverseerKind(StrEnum):
    """To whom units are assigned."""

    INSTRUCTOR = "instructor"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Overseer:
    """One instructor or one supervision team."""

    kind: OverseerKind
    id: int

    def __str__(self) -> str:
        """As the audit log names it."""
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts_on` until before `ends_on` (None: open)."""

    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class OfficialDraft:
    """An official of a team and when."""

    name: str
    span: Span
    work_place: str | None = None
    is_leader: bool = False


@dataclass(frozen=True, slots=True)
class DayChanges:
    """Other days for a row; KEEP leaves that end as it is, ends_on None opens it."""

    starts_on: date | Keep = KEEP
    ends_on: date | Keep | None = KEEP

    def of(self, starts_on: date, ends_on: date) -> Span:
        """What the days of a row become."""
        known = None if ends_on == FOREVER else ends_on
        return Span(
            starts_on if self.starts_on is KEEP else self.starts_on,
            known if self.ends_on is KEEP else self.ends_on,
        )


@dataclass(frozen=True, slots=True)
class PersonChanges:
    """Changes to an instructor or an official; KEEP leaves a fact as it is. username None: no account."""

    name: str | Keep = KEEP
    work_place: str | Keep | None = KEEP
    username: str | Keep | None = KEEP


@dataclass(frozen=True, slots=True)
class OfficialChanges:
    """Changes to an official of a team."""

    person: PersonChanges
    days: DayChanges
    is_leader: bool | Keep = KEEP


@dataclass(frozen=True, slots=True)
class RowKey:
    """One row of an assignment: the unit's code and the first day as it is recorded now."""

    org_code: str
    starts_on: date


@dataclass(frozen=True, slots=True)
class Assigned:
    """What an order to assign units came to; a unit that was theirs for all of those days is `unchanged`."""

    added: int
    unchanged: int
