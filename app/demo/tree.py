"""Composes the tree of the demo district: committees, general branches and branches, with sizes and tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random

from app.core.vocabulary import OrgKind, OrgSector, OrgTag
from app.demo import words
from app.demo.shares import split

MEMBERS_AT_FULL_SIZE = 13_700
BRANCHES_AT_FULL_SIZE = 450
FEWEST_BRANCHES = 12
ROOT_NAME = "中共示范区委员会"
# Code, place, full name of each committee below the root: five streets and towns, and the agencies.
COMMITTEES = (
    ("SF01", "春江街道", "中共示范区春江街道工作委员会"),
    ("SF02", "东湖街道", "中共示范区东湖街道工作委员会"),
    ("SF03", "望湖街道", "中共示范区望湖街道工作委员会"),
    ("SF04", "青石镇", "中共示范区青石镇委员会"),
    ("SF05", "柳溪镇", "中共示范区柳溪镇委员会"),
    ("SF06", "区直机关", "中共示范区直属机关工作委员会"),
)
AGENCIES = len(COMMITTEES) - 1  # position of the agencies, whose branches name no street


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation; `id` is its place in the list plus one, `size` its members on the last day."""

    id: int
    code: str
    name: str
    kind: OrgKind
    sector: OrgSector | None
    parent_id: int | None
    path: str
    size: int = 0
    tags: tuple[OrgTag, ...] = ()


@dataclass(frozen=True, slots=True)
class SectorShare:
    """How many of 450 branches and of 1,000 members a sector has, and under which committees."""

    sector: OrgSector
    branches: int
    members: int
    committees: tuple[int, ...]
    # Branches under one general branch; 1: they hang under the committee.
    together: int = 1
    # Name of the general branch where its branches have names of their own; else they share its name.
    house: str = ""


SECTORS = (
    SectorShare(OrgSector.VILLAGE, 80, 220, (3, 4)),
    SectorShare(OrgSector.COMMUNITY, 120, 300, (0, 1, 2, 0, 1, 2, 0, 1, 3, 2, 4), together=3),
    SectorShare(OrgSector.NON_PUBLIC, 60, 82, (1, 0, 2, 1, 3, 4), together=5, house="两新组织"),
    SectorShare(OrgSector.SOCIAL_ORG, 26, 36, (0, 1, 2)),
    SectorShare(OrgSector.AGENCY, 62, 122, (5,)),
    SectorShare(OrgSector.SCHOOL, 32, 70, (0, 1, 2, 3, 4)),
    SectorShare(OrgSector.PUBLIC_INSTITUTION, 22, 50, (5, 0, 1)),
    SectorShare(OrgSector.STATE_ENTERPRISE, 20, 50, (5, 2)),
    SectorShare(OrgSector.RETIRED, 28, 70, (0, 1, 2, 5), together=4, house="离退休"),
)


def branch_count(members: int) -> int:
    """450 branches for 13,700 members, in proportion for other sizes, at least 12."""
    return max(FEWEST_BRANCHES, round(members * BRANCHES_AT_FULL_SIZE / MEMBERS_AT_FULL_SIZE))


def build_tree(rng: Random, members: int) -> list[Unit]:
    """Every unit, parents before children; the sizes of the branches add up to `members`."""
    return _Builder(rng, members).build()


class _Builder:
    """Collects units while it hands out ids and running numbers."""

    def __init__(self, rng: Random, members: int) -> None:
        self.rng = rng
        self.members = members
        self.units: list[Unit] = []
        self.numbers: dict[str, int] = {}

    def build(self) -> list[Unit]:
        root = self._add("SF", ROOT_NAME, OrgKind.COMMITTEE, None, None)
        committees = [self._add(c, n, OrgKind.COMMITTEE, None, root) for c, _, n in COMMITTEES]
        total = branch_count(self.members)
        branches = split(total, [share.branches for share in SECTORS], low=1)
        crowds = split(self.members, [share.members for share in SECTORS], low=1)
        guided, model = _tagged(self.rng, total)
        position = 0
        for share, number, crowd in zip(SECTORS, branches, crowds, strict=True):
            sizes = split(crowd, [self.rng.uniform(0.5, 1.5) for _ in range(number)], low=1)
            places = _Places(self.rng, share, committees)
            for size in sizes:
                tags = tuple(
                    t for t, of in ((OrgTag.GUIDED, guided), (OrgTag.MODEL, model)) if position in of
                )
                self._branch(share, places, size, tags)
                position += 1
        return self.units

    def _branch(self, share: SectorShare, places: _Places, size: int, tags: tuple[OrgTag, ...]) -> None:
        committee, house, name = next(places.names)
        if house:
            places.house = self._add(
                self._code(committee, "Z"), house, OrgKind.GENERAL_BRANCH, share.sector, committee
            )
        parent = places.house or committee
        self._add(self._code(committee, ""), name, OrgKind.BRANCH, share.sector, parent, size, tags)

    def _code(self, committee: Unit, letter: str) -> str:
        key = committee.code + "-" + letter
        self.numbers[key] = self.numbers.get(key, 0) + 1
        return f"{key}{self.numbers[key]:0{2 if letter else 3}d}"

    def _add(
        self,
        code: str,
        name: str,
        kind: OrgKind,
        sector: OrgSector | None,
        parent: Unit | None,
        size: int = 0,
        tags: tuple[OrgTag, ...] = (),
    ) -> Unit:
        number = len(self.units) + 1
        path = f"{parent.path if parent else '/'}{number}/"
        unit = Unit(number, code, name, kind, sector, parent.id if parent else None, path, size, tags)
        self.units.append(unit)
        return unit


class _Places:
    """The names of one sector's branches in turn, and the general branch that is being filled."""

    def __init__(self, rng: Random, share: SectorShare, committees: Sequence[Unit]) -> None:
        self.house: Unit | None = None
        self.names = self._names(rng, share, committees)

    def _names(
        self, rng: Random, share: SectorShare, committees: Sequence[Unit]
    ) -> Iterator[tuple[Unit, str, str]]:
        """Committee, name of the general branch that begins here (or empty), name of the branch."""
        stems = _stems(rng, share.sector)
        for turn in count():
            at = share.committees[turn % len(share.committees)]
            place = "中共示范区" + ("直属机关" if at == AGENCIES else COMMITTEES[at][1])
            shared = (
                f"{place}{share.house}第{_ordinal(turn + 1)}" if share.house else _full(place, next(stems))
            )
            for i in range(share.together):
                house = f"{shared}总支部委员会" if share.together > 1 and i == 0 else ""
                own = _full(place, next(stems)) if share.house else shared
                if share.together > 1 and not share.house:
                    own += f"第{_ordinal(i + 1)}"
                yield committees[at], house, f"{own}党支部"


def _full(place: str, stem: str) -> str:
    """With the place in front, but for what belongs to the whole district ("区财政局")."""
    return f"中共示范区{stem.removeprefix('区')}" if stem.startswith(("区", "团区")) else place + stem


def _stems(rng: Random, sector: OrgSector) -> Iterator[str]:
    """Names of a sector's units, never the same twice."""
    if sector is OrgSector.VILLAGE:
        yield from _compose(rng, words.VILLAGE, ("村",))
    elif sector is OrgSector.COMMUNITY:
        yield from _compose(rng, words.COMMUNITY, ("社区",))
    elif sector is OrgSector.NON_PUBLIC:
        yield from _compose(rng, words.COMPANY, words.TRADES)
    elif sector is OrgSector.SOCIAL_ORG:
        yield from _compose(rng, words.COMMUNITY, words.SOCIETIES)
    elif sector is OrgSector.SCHOOL:
        yield from (f"第{_ordinal(i)}{stem}" for i in count(1) for stem in ("小学", "中学", "幼儿园"))
    elif sector is OrgSector.STATE_ENTERPRISE:
        yield from _numbered(tuple(f"区{name}公司" for name in words.ENTERPRISES))
    elif sector is OrgSector.RETIRED:
        yield from (f"{stem}第{_ordinal(i)}" for i in count(1) for stem in ("离退休干部", "企业退休人员"))
    else:
        agency = sector is OrgSector.AGENCY
        yield from _numbered(words.AGENCIES if agency else words.INSTITUTIONS)


def _compose(rng: Random, parts: tuple[str, str], endings: Sequence[str]) -> Iterator[str]:
    stems = [first + second for first in parts[0] for second in parts[1] if first != second]
    rng.shuffle(stems)
    prefix = ""
    while True:
        for i, stem in enumerate(stems):
            yield prefix + stem + endings[i % len(endings)]
        prefix += "新"


def _numbered(stems: Sequence[str]) -> Iterator[str]:
    """Each stem once as it is, then with 第二, 第三 and so on."""
    for number in count(1):
        for stem in stems:
            yield stem if number == 1 else f"{stem}第{_ordinal(number)}"


def _ordinal(number: int) -> str:
    """Chinese numerals up to 99, figures above."""
    digits = "零一二三四五六七八九"
    if number < 10:
        return digits[number]
    if number > 99:
        return str(number)
    tens, ones = divmod(number, 10)
    return (digits[tens] if tens > 1 else "") + "十" + (digits[ones] if ones else "")


def _tagged(rng: Random, branches: int) -> tuple[set[int], set[int]]:
    """Positions of branches under guidance and of model branches: 338 and 109 of 450."""
    guided = round(branches * 338 / BRANCHES_AT_FULL_SIZE)
    model = round(branches * 109 / BRANCHES_AT_FULL_SIZE)
    return set(rng.sample(range(branches), guided)), set(rng.sample(range(branches), model))
