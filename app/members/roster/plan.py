"""What an import would do, row by row, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from app.members.roster.rules_decisions import Decisions
from app.members.roster.rules_groups import GroupEdit
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import RosterRow

# Told while an import runs: which step ("reading", "comparing", "writing"), rows done, rows in all or 0.
Tell = Callable[[str, int, int], None]


def silent(step: str, done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The days an import works with, and what was decided about the file.

    today: the office's day. accepted_on: when changes to known members (transfer, flags) take effect.
    as_of: the day that the roster describes; new members count from then on, None: by the default rule.
    full_org: code of the unit that the file lists all members of; "": it may be a part.
    """

    today: date
    accepted_on: date
    as_of: date | None = None
    full_org: str = ""
    decisions: Decisions = field(default_factory=Decisions)


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
class UnknownBranch:
    """A branch name of the file that the tree does not have, or has more than once; `near` are codes and
    names of branches that look like it."""

    rows: int
    near: tuple[tuple[str, str], ...]
    may_be_created: bool


@dataclass(frozen=True, slots=True)
class Double:
    """Rows of one person, and the fields in which they contradict each other."""

    rows: tuple[RosterRow, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored member as people tell them apart; the phone is masked."""

    member_id: int
    name: str
    branch: str
    birth_date: date | None
    phone: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """A row that may be one of several stored members, or a new person. `same_phone`: several members
    have the row's name and phone, so that they are probably one."""

    row: RosterRow
    candidates: tuple[Candidate, ...]
    same_phone: bool


@dataclass(slots=True)
class Plan:
    """`since_ever` counts new members whose beginning nobody wrote down; `missing` are members of the unit
    that a full roster does not name; `doubles` are rows of one person each, still to be decided; `merged`
    rows went into the row named."""

    created: list[NewMember] = field(default_factory=list)
    changed: list[ChangedMember] = field(default_factory=list)
    unchanged: list[RosterRow] = field(default_factory=list)
    rejected: dict[Place, list[Problem]] = field(default_factory=dict)
    merged: dict[Place, Place] = field(default_factory=dict)
    missing: list[Candidate] = field(default_factory=list)
    unknown: dict[str, UnknownBranch] = field(default_factory=dict)
    doubles: list[Double] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)
    since_ever: int = 0

    @property
    def counts(self) -> Counts:
        return Counts(len(self.created), len(self.changed), len(self.unchanged), len(self.rejected))

    @property
    def is_clean(self) -> bool:
        return not self.rejected
