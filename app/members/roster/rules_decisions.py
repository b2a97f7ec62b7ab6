"""What a person decided about a roster where nobody else can tell: branches, doubled rows, who is meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from app.core.vocabulary import OrgSector
from app.members.roster.rules_problems import Place
from app.members.roster.rules_row import RosterRow

# A person who is not among the stored members.
NEW_PERSON = 0


@dataclass(frozen=True, slots=True)
class NewBranch:
    """A branch that the import creates for a name the tree does not know. A blank code is made up."""

    parent_code: str
    name: str
    code: str = ""
    sector: OrgSector | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions on one file. Branches are named as the file writes them.

    means: name → code of the unit it means. creates: name → branch to create. merges: row → the row of
    the same person that wins. persons: row → id of the member it means, or NEW_PERSON. merge_agreeing: rows
    of one person that do not contradict each other become one.
    """

    means: Mapping[str, str] = field(default_factory=dict)
    creates: Mapping[str, NewBranch] = field(default_factory=dict)
    merges: Mapping[Place, Place] = field(default_factory=dict)
    persons: Mapping[Place, int] = field(default_factory=dict)
    merge_agreeing: bool = False

    def as_data(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "means": dict(self.means),
            "creates": {
                name: [new.parent_code, new.name, new.code, new.sector] for name, new in self.creates.items()
            },
            "merges": [[row.sheet, row.row, won.sheet, won.row] for row, won in self.merges.items()],
            "persons": [[row.sheet, row.row, member_id] for row, member_id in self.persons.items()],
            "merge_agreeing": self.merge_agreeing,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Decisions:
        """The reverse of `as_data`."""
        return cls(
            means=data["means"],
            creates={
                text: NewBranch(parent, name, code, OrgSector(sector) if sector else None)
                for text, (parent, name, code, sector) in data["creates"].items()
            },
            merges={Place(a, b): Place(c, d) for a, b, c, d in data["merges"]},
            persons={Place(sheet, row): member_id for sheet, row, member_id in data["persons"]},
            merge_agreeing=data["merge_agreeing"],
        )


def free_codes(taken: Iterable[str], parent_code: str) -> Iterator[str]:
    """Codes for new branches below a unit that no unit has: Q-01, Q-02, …"""
    known = {code.lower() for code in taken}
    number = 0
    while True:
        number += 1
        code = f"{parent_code[:36]}-{number:02d}"
        if code.lower() not in known:
            yield code


def merge_rows(rows: Sequence[RosterRow], merges: Mapping[Place, Place]) -> list[RosterRow]:
    """The rows without those that lose; what the winner leaves blank is filled from them, in order."""
    losers: dict[Place, list[RosterRow]] = {}
    for row in rows:
        if row.place in merges:
            losers.setdefault(merges[row.place], []).append(row)
    merged = []
    for row in rows:
        if row.place in merges:
            continue
        merged.append(reduce(filled, losers.get(row.place, ()), row))
    return merged


def filled(row: RosterRow, other: RosterRow) -> RosterRow:
    """The row, its blanks filled from another row of the same person."""
    return replace(
        row,
        phone=row.phone or other.phone,
        phone_mask=row.phone_mask or other.phone_mask,
        values={**other.values, **row.values},
        is_lost_contact=other.is_lost_contact if row.is_lost_contact is None else row.is_lost_contact,
        is_mobile=other.is_mobile if row.is_mobile is None else row.is_mobile,
        away_since=row.away_since or other.away_since,
        away_at=row.away_at or other.away_at,
    )


def said(row: RosterRow) -> dict[str, object]:
    """Everything that a row says, by field; blanks left out."""
    more = {
        "branch": row.branch,
        "branch_code": row.branch_code,
        "phone": row.phone or row.phone_mask,
        "is_lost_contact": row.is_lost_contact,
        "is_mobile": row.is_mobile,
        "away_since": row.away_since,
        "away_at": row.away_at,
    }
    return {**row.values, **{name: value for name, value in more.items() if value not in (None, "")}}


def contradicting(rows: Sequence[RosterRow], *, is_one_branch: bool) -> list[str]:
    """Fields of which rows of one person say different things.

    is_one_branch: the rows mean the same branch, however each writes it.
    """
    values: dict[str, set[object]] = {}
    for row in rows:
        for name, value in said(row).items():
            values.setdefault(name, set()).add(value)
    same = {"branch", "branch_code"} if is_one_branch else set()
    return [name for name, found in values.items() if len(found) > 1 and name not in same]


def together(pairs: Mapping[Place, Place]) -> list[list[Place]]:
    """Rows that are linked, directly or over others, one list for each person, in the file's order."""
    groups: dict[Place, list[Place]] = {}
    for one, two in pairs.items():
        first, second = groups.setdefault(one, [one]), groups.setdefault(two, [two])
        if first is not second:
            first.extend(second)
            groups.update(dict.fromkeys(second, first))
    found = {id(group): group for group in groups.values()}
    return sorted((sorted(group, key=_order) for group in found.values()), key=lambda group: _order(group[0]))


def _order(place: Place) -> tuple[int, int]:
    return place.sheet, place.row
