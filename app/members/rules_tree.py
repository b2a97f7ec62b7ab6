"""Decides how units hang below one another over time; pure, on half-open spans of days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TypeVar

from app.core.vocabulary import FOREVER, OrgKind
from app.members.rules import handed_over

# No slash: the code stands in addresses.
CODE = re.compile(r"[^\s/\\?#%]{1,40}")
# Levels below a root; deeper than any office builds, and a path of so many ids fits its column.
DEEPEST = 20
_RANK = {
    OrgKind.COMMITTEE: 0,
    OrgKind.GENERAL_BRANCH: 1,
    OrgKind.BRANCH: 2,
    OrgKind.GROUP: 3,
}


@dataclass(frozen=True, slots=True)
class Hang:
    """A unit is directly below `parent_id` (None: a root) from `starts_on` until before `ends_on`."""

    starts_on: date
    ends_on: date
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class Place(Hang):
    """The same with the whole way down: ids from the root to the unit itself ("/1/5/17/")."""

    path: str


class TreeRefused(ValueError):
    """A change does not fit the tree; `code` says why, `day` when, `org_id` the unit that it meets.

    Codes: too_early, same_parent, loop, no_parent, too_deep.
    """

    def __init__(self, code: str, day: date, org_id: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.day = day
        self.org_id = org_id


Row = TypeVar("Row", bound=Hang)
Places = Mapping[int, Sequence[Place]]
Hangs = Mapping[int, Sequence[Hang]]


def may_hang(kind: OrgKind, parent: OrgKind) -> bool:
    """Whether a unit may stand directly below another: never above its rank, branches hold groups only."""
    if parent is OrgKind.GROUP:
        return False
    if parent is OrgKind.BRANCH:
        return kind is OrgKind.GROUP
    return _RANK[kind] >= _RANK[parent]


def hangs_of(places: Iterable[Place]) -> list[Hang]:
    """The parents of one unit by date: rows that differ only further up are one."""
    return _joined(Hang(place.starts_on, place.ends_on, place.parent_id) for place in places)


def moved(hangs: Sequence[Hang], parent_id: int | None, day: date) -> list[Hang]:
    """The unit's parents once it hangs below `parent_id` from a day on, for as long as it is there.

    Moved on the day of its last move, it never was where that one led; back to the parent before,
    that move is undone. Raises TreeRefused: too_early before the last move, same_parent.
    """
    *before, last = hangs
    if day < last.starts_on:
        raise TreeRefused("too_early", last.starts_on)
    if last.parent_id == parent_id:
        raise TreeRefused("same_parent", last.starts_on)
    kept = [replace(last, ends_on=day)] if last.starts_on < day else []
    return _joined([*before, *kept, Hang(day, last.ends_on, parent_id)])


def closed(hangs: Sequence[Hang], day: date) -> list[Hang]:
    """The unit's parents once it is no more from a day on."""
    return [replace(hang, ends_on=min(hang.ends_on, day)) for hang in hangs if hang.starts_on < day]


def taken_over(hangs: Sequence[Hang], old_id: int, new_id: int, day: date) -> list[Hang]:
    """The unit's parents once everything below `old_id` is below `new_id` from a day on."""
    spans = [(hang.starts_on, hang.ends_on, hang.parent_id) for hang in hangs]
    return [Hang(*span) for span in handed_over(spans, old_id, new_id, day)]


def placed_anew(places: Places, hangs: Hangs, since: date) -> dict[int, list[Place]]:
    """New rows, all of them, for every unit whose way down changes because of `hangs`.

    places: the rows of the whole tree. hangs: whole new histories of parents of some units; they differ
    from the present ones from `since` on only, and no row before that day changes. Everything below
    those units follows. Raises TreeRefused: loop, no_parent (a parent is not there on a day), too_deep.
    """
    touched = set(hangs) | {
        unit
        for unit, rows in places.items()
        if any(row.ends_on > since and not hangs.keys().isdisjoint(_ids(row.path)) for row in rows)
    }
    parents = {unit: hangs[unit] if unit in hangs else hangs_of(places[unit]) for unit in touched}
    found: dict[int, list[Place]] = {
        unit: [_until(row, since) for row in places.get(unit, ()) if row.starts_on < since]
        for unit in touched
    }
    days = _bounds(places, parents, since)
    for first, end in pairwise(days):
        for unit in touched:
            hang = _on(parents[unit], first)
            if hang is not None:
                path = _path(unit, first, places, parents)
                found[unit].append(Place(first, end, hang.parent_id, path))
    return {unit: _joined(rows) for unit, rows in found.items()}


def _path(unit: int, day: date, places: Places, parents: Hangs) -> str:
    """Up from the unit over those that change, to a root or to one that stays where it is."""
    trail = [unit]
    while True:
        hang = _on(parents[trail[-1]], day)
        if hang is None:
            raise TreeRefused("no_parent", day, trail[-1])
        if hang.parent_id is None:
            above = "/"
            break
        if hang.parent_id in trail:
            raise TreeRefused("loop", day, unit)
        if hang.parent_id not in parents:
            place = _on(places.get(hang.parent_id, ()), day)
            if place is None:
                raise TreeRefused("no_parent", day, hang.parent_id)
            above = place.path
            break
        trail.append(hang.parent_id)
    path = above + "".join(f"{org_id}/" for org_id in reversed(trail))
    if path.count("/") - 2 > DEEPEST:
        raise TreeRefused("too_deep", day, unit)
    return path


def _bounds(places: Places, parents: Hangs, since: date) -> list[date]:
    """The days from `since` on between which nothing about the tree changes."""
    days = {since, FOREVER}
    for rows in (*places.values(), *parents.values()):
        for row in rows:
            days |= {row.starts_on, row.ends_on}
    return sorted(day for day in days if day >= since)


def _on(rows: Sequence[Row], day: date) -> Row | None:
    return next((row for row in rows if row.starts_on <= day < row.ends_on), None)


def _until(row: Place, day: date) -> Place:
    return replace(row, ends_on=min(row.ends_on, day))


def _joined(rows: Iterable[Row]) -> list[Row]:
    """Rows that follow on one another and say the same become one."""
    found: list[Row] = []
    for row in rows:
        before = replace(found[-1], ends_on=row.ends_on) if found else None
        if before is not None and found[-1].ends_on == row.starts_on and _says_the_same(before, row):
            found[-1] = before
        else:
            found.append(row)
    return found


def _says_the_same(one: Row, two: Row) -> bool:
    return replace(one, starts_on=two.starts_on) == two


def _ids(path: str) -> list[int]:
    return [int(part) for part in path.strip("/").split("/")]
