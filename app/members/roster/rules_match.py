"""Rules of who is who: which known member a roster row means, or that nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from app.members.roster.rules_problems import Place, Problem


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells people apart. `phone_index` is the blind index, never the number; `phone_mask` is set
    where only 139****0001 is known of the row's number, and on the members of that name."""

    name: str = field(repr=False)
    phone_index: bytes | None
    birth_date: date | None = field(repr=False)
    org_id: int | None
    phone_mask: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """A stored member; `identity.org_id` is the branch on the day of the import, None when there is none."""

    id: int
    identity: Identity


Rule = Callable[[Identity, Identity], bool]
Match = Known | Problem | None


class MemberBook:
    """All stored members by name."""

    def __init__(self, members: Iterable[Known]) -> None:
        self._by_name: dict[str, list[Known]] = {}
        for member in members:
            self._by_name.setdefault(member.identity.name, []).append(member)

    def by_phone(self, wanted: Identity) -> Match:
        """The member of the same name and phone, None, or a Problem where several are."""
        return self._first(wanted, self._by_name.get(wanted.name, []), _BY_PHONE)

    def find(self, wanted: Identity, claimed: Collection[int] = ()) -> Match:
        """The member that the row means, None for a new one, or a Problem when nobody can tell.

        In this order: name and phone (masked: and branch); name, birth date and branch; name and birth
        date; and, for a row with neither phone nor birth date, name and branch of a member who has neither.
        A namesake in the same branch whom nothing tells apart is never merged and never doubled.
        claimed: members whom other rows of the file name by phone; they cannot be this one.
        """
        namesakes = [k for k in self._by_name.get(wanted.name, ()) if k.id not in claimed]
        found = self._first(wanted, namesakes, _RULES)
        if found is None and any(_may_be_same(wanted, known.identity) for known in namesakes):
            return Problem("unclear_unconfirmed", "name")
        return found

    def may_be(self, wanted: Identity) -> list[Known]:
        """Namesakes among whom nobody can tell the wanted one, for a person to choose from."""
        namesakes = self._by_name.get(wanted.name, [])
        close = [k for k in namesakes if _may_be_same(wanted, k.identity)]
        return close + [k for k in namesakes if k not in close and any(r(wanted, k.identity) for r in _RULES)]

    def _first(self, wanted: Identity, namesakes: list[Known], rules: tuple[Rule, ...]) -> Match:
        for rule in rules:
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
        return None


def _same_phone(row: Identity, known: Identity) -> bool:
    return row.phone_index is not None and row.phone_index == known.phone_index


def _same_mask_and_branch(row: Identity, known: Identity) -> bool:
    return row.phone_mask is not None and row.phone_mask == known.phone_mask and row.org_id == known.org_id


def _same_birth_and_branch(row: Identity, known: Identity) -> bool:
    return _same_birth(row, known) and row.org_id == known.org_id


def _same_birth(row: Identity, known: Identity) -> bool:
    return row.birth_date is not None and row.birth_date == known.birth_date


def _same_branch_and_nothing_else(row: Identity, known: Identity) -> bool:
    blank = not any((row.phone_index, row.phone_mask, row.birth_date, known.phone_index, known.birth_date))
    return blank and row.org_id == known.org_id


_BY_PHONE: tuple[Rule, ...] = (_same_phone,)
_RULES: tuple[Rule, ...] = (
    _same_phone,
    _same_mask_and_branch,
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

    rows: place, identity, id of the matched member (None for a new one). New people of one name are
    the same with the same phone, and also where a phone is missing: with the same birth date and
    branch, or in the same branch with neither. Two different phones are two people.
    """
    found: dict[Place, Place] = {}
    seen: dict[tuple[object, ...], list[tuple[Place, Identity]]] = {}
    for place, who, member_id in rows:
        key = ("member", member_id) if member_id is not None else ("name", who.name)
        for other, someone in seen.setdefault(key, []):
            if member_id is not None or _is_same_newcomer(who, someone):
                found[place] = other
                found.setdefault(other, place)
                break
        seen[key].append((place, who))
    return found


def _is_same_newcomer(one: Identity, two: Identity) -> bool:
    if one.phone_index and two.phone_index:
        return one.phone_index == two.phone_index
    if one.org_id != two.org_id:
        return False
    return one.birth_date == two.birth_date or not (one.birth_date and two.birth_date)
