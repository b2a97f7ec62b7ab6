"""What an import would do, row by row, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from app.members.roster.rules_groups import GroupEdit
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import RosterRow


@dataclass(frozen=True, slots=True)
class ImportDates:
    """The days an import works with.

    today: the office's day. accepted_on: when changes to known members (transfer, flags) take effect.
    as_of: the day that the roster describes; new members count from then on, None: by the default rule.
    """

    today: date
    accepted_on: date
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """The line that every import prints."""

    created: int
    updated: int
    unchanged: int
    rejected: int

    def line(self) -> str:
        return (
            f"created={self.created} updated={self.updated}"
            f" unchanged={self.unchanged} rejected={self.rejected}"
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One fact before and after, as people read it; telephone numbers are masked."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class NewMember:
    row: RosterRow
    org_id: int
    starts_on: date
    phone_index: bytes | None
    groups: list[GroupEdit]


@dataclass(frozen=True, slots=True)
class ChangedMember:
    """`values` are the Member columns to write; `has_new_phone` says that the row's phone is one of them."""

    member_id: int
    row: RosterRow
    org_id: int
    values: dict[str, object]
    has_new_phone: bool
    is_transferred: bool
    phone_index: bytes | None
    groups: list[GroupEdit]
    changes: list[Change]


@dataclass(slots=True)
class Plan:
    """`since_ever` counts new members whose beginning nobody wrote down."""

    created: list[NewMember] = field(default_factory=list)
    changed: list[ChangedMember] = field(default_factory=list)
    unchanged: list[RosterRow] = field(default_factory=list)
    rejected: dict[Place, list[Problem]] = field(default_factory=dict)
    since_ever: int = 0

    @property
    def counts(self) -> Counts:
        return Counts(len(self.created), len(self.changed), len(self.unchanged), len(self.rejected))

    @property
    def is_clean(self) -> bool:
        return not self.rejected
