"""Tells from the district's plain data who belonged where, with which groups, on a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from app.core.vocabulary import Group, OrgKind, OrgSector
from app.demo.district import District, InGroup, Stay
from app.demo.plan import Expected, Plan
from app.members.queries.as_of import MOBILE_AFTER, NEW_ORG_SECTORS, latest_birth_date

# Looked up some hundred thousand times.
_BIT = {group: group.bit for group in Group}


class Roll:
    """The same answers as `members_as_of`, without a database (a test holds the two together)."""

    def __init__(self, district: District, elderly_age: int) -> None:
        self.district = district
        self.elderly_age = elderly_age
        self._stays_in: dict[int, list[Stay]] = defaultdict(list)
        self._stays_of: dict[int, list[Stay]] = defaultdict(list)
        self._by_hand: dict[int, list[InGroup]] = defaultdict(list)
        for stay in district.stays:
            self._stays_in[stay.org_id].append(stay)
            self._stays_of[stay.member_id].append(stay)
        for row in district.in_groups:
            self._by_hand[row.member_id].append(row)
        self._by_sector = {unit.id: _sector_bits(unit.sector) for unit in district.units}
        self.branches = district.branches
        ids = [unit.id for unit in self.branches]
        self.next_branch = dict(zip(ids, [*ids[1:], ids[0]], strict=True))

    def branch_of(self, member_id: int, on: date) -> int | None:
        """The member's branch on a date."""
        for stay in self._stays_of[member_id]:
            if stay.starts_on <= on < stay.ends_on:
                return stay.org_id
        return None

    def in_branch(self, org_id: int, on: date) -> list[int]:
        """Members of one branch on a date."""
        return [stay.member_id for stay in self._stays_in[org_id] if stay.starts_on <= on < stay.ends_on]

    def groups_of(self, member_id: int, org_id: int, on: date) -> int:
        """Set of Group bits on a date of a member whose branch then is `org_id`."""
        bits = self._by_sector[org_id]
        if self.district.people[member_id - 1].birth_date <= latest_birth_date(on, self.elderly_age):
            bits |= _BIT[Group.ELDERLY]
        for row in self._by_hand.get(member_id, ()):
            since = row.starts_on
            if since > on or on >= row.ends_on or (row.group is Group.MOBILE and since > on - MOBILE_AFTER):
                continue
            bits = bits | _BIT[row.group] if row.is_in else bits & ~_BIT[row.group]
        return bits

    def below(self, org_id: int) -> list[int]:
        """Branches under a unit; a branch itself."""
        inside = f"/{org_id}/"
        return [unit.id for unit in self.branches if inside in unit.path]

    def expected(self, plan: Plan) -> list[Expected]:
        """Whom a session's audience names on its day: branches narrowed by groups, and named members."""
        found = {row.member_id: row for row in self._from_orgs(plan)}
        for member_id in plan.members:
            org_id = self.branch_of(member_id, plan.day)
            if org_id is not None and member_id not in found:
                found[member_id] = Expected(member_id, org_id, self.groups_of(member_id, org_id, plan.day))
        return [found[member_id] for member_id in sorted(found)]

    def _from_orgs(self, plan: Plan) -> Iterator[Expected]:
        wanted = sum(group.bit for group in plan.groups)
        for org_id in plan.orgs:
            is_branch = self.district.units[org_id - 1].kind is OrgKind.BRANCH
            for branch in [org_id] if is_branch else self.below(org_id):
                for member_id in self.in_branch(branch, plan.day):
                    groups = self.groups_of(member_id, branch, plan.day)
                    if not wanted or groups & wanted:
                        yield Expected(member_id, branch, groups)


def _sector_bits(sector: OrgSector | None) -> int:
    bits = Group.NEW_ORG.bit if sector in NEW_ORG_SECTORS else 0
    bits |= Group.RURAL.bit if sector is OrgSector.VILLAGE else 0
    return bits | (Group.RETIRED.bit if sector is OrgSector.RETIRED else 0)
