"""Rules of who is who: which known member a roster row means, or that nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from app.members.roster.rules_problems import Place, Problem


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells people apart. `phone_index` is the blind index, never the number."""

    name: str = field(repr=False)
    phone_index: bytes | None
    birth_date: date | None = field(repr=False)
    org_id: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """A stored member; `identity.org_id` is the branch on the day of the import, None when there is none."""

    id: int
    identity: Identity


Match = Known | Problem | None


class MemberBook:
    """All stored members by name."""

    def __init__(self, members: Iterable[Known]) -> None:
        self._by_name: dict[str, list[Known]] = {}
        for member in members:
            self._by_name.setdefault(member.identity.name, []).append(member)

    def find(self, wanted: Identity) -> Match:
        """The member that the row means, None for a new one, or a Problem when nobody can tell.

        In this order: name and phone; name, birth date and branch; name and birth date; and, for a
        row with neither phone nor birth date, name and branch of a member who has neither either.
        A namesake in the same branch whom nothing tells apart is never merged and never doubled.
        """
        namesakes = self._by_name.get(wanted.name, [])
        if not namesakes:
            return None
        for rule in _RULES:
            found = [known for known in namesakes if rule(wanted, known.identity)]
            if len(found) > 1:
                # Two rows of the store share a phone: the birth date may still tell.
                found = [
                    k for k in found if wanted.birth_date and k.identity.birth_date == wanted.birth_date
                ] or found
            if len(found) == 1:
                return found[0]
            if found:
                return Problem("unclear_several", "name", {"n": len(found)})
        if any(_may_be_same(wanted, known.identity) for known in namesakes):
            return Problem("unclear_unconfirmed", "name")
        return None


def _same_phone(row: Identity, known: Identity) -> bool:
    return row.phone_index is not None and row.phone_index == known.phone_index


def _same_birth_and_branch(row: Identity, known: Identity) -> bool:
    return _same_birth(row, known) and row.org_id == known.org_id


def _same_birth(row: Identity, known: Identity) -> bool:
    return row.birth_date is not None and row.birth_date == known.birth_date


def _same_branch_and_nothing_else(row: Identity, known: Identity) -> bool:
    blank = not any((row.phone_index, row.birth_date, known.phone_index, known.birth_date))
    return blank and row.org_id == known.org_id


_RULES: tuple[Callable[[Identity, Identity], bool], ...] = (
    _same_phone,
    _same_birth_and_branch,
    _same_birth,
    _same_branch_and_nothing_else,
)


def _may_be_same(row: Identity, known: Identity) -> bool:
    """A namesake in the same branch whose birth date does not say otherwise."""
    differ = row.birth_date and known.birth_date and row.birth_date != known.birth_date
    return row.org_id == known.org_id and not differ


def duplicates(rows: Iterable[tuple[Place, Identity, int | None]]) -> dict[Place, Place]:
    """Rows of one file that mean the same person, each with another row of that person.

    rows: place, identity, id of the matched member (None for a new one). New people are the same
    with the same name and phone; name, birth date and branch; or name and branch and nothing else.
    """
    first: dict[tuple[object, ...], Place] = {}
    doubled: dict[Place, Place] = {}
    for place, who, member_id in rows:
        for key in _keys(who, member_id):
            other = first.setdefault(key, place)
            if other != place:
                doubled[place] = other
                doubled.setdefault(other, place)
    return doubled


def _keys(who: Identity, member_id: int | None) -> list[tuple[object, ...]]:
    if member_id is not None:
        return [("member", member_id)]
    keys: list[tuple[object, ...]] = []
    if who.phone_index:
        keys.append(("phone", who.name, who.phone_index))
    if who.birth_date:
        keys.append(("birth", who.name, who.birth_date, who.org_id))
    if not keys:
        keys.append(("branch", who.name, who.org_id))
    return keys
