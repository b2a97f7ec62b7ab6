"""Rules of branch names: which branch of the tree a roster means, or which ones it could mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import combinations

from app.core.vocabulary import OrgKind

MEMBER_KINDS = frozenset({OrgKind.BRANCH, OrgKind.GROUP})
MAX_SUGGESTIONS = 3
# Comparing a name with all others is slow; past this many unknown names the file is simply the wrong one.
_MAX_SEARCHES = 100

# Words that offices add or leave out; what remains tells one unit from another.
_MARKERS = re.compile(
    r"中国共产党|中共|工作委员会|党员大会|总支部委员会|支部委员会|委员会|党工委|党总支|总支部|总支|党支部|支部|党小组|党委|党组"
)
_SPACES = re.compile(r"[\s·,、\-—_/>《》“”\"'()\[\]【】]+")
_NUMBERED = re.compile(r"第?(\d{1,2}|[一二三四五六七八九十]{1,3})(?=(?:党支部|支部|党小组|小组|党总支|总支))")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the tree as matching needs it; `ancestors` are names from the root down, without itself."""

    id: int
    code: str
    name: str
    kind: OrgKind
    ancestors: tuple[str, ...]
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One branch, or why there is none: `problem` is a code, `near` the names to offer, `codes` theirs."""

    org_id: int | None
    problem: str = ""
    near: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


def bare_name(name: str) -> str:
    """中共甲街道工作委员会乙社区第1支部委员会 → 甲街道乙社区一."""
    text = _SPACES.sub("", unicodedata.normalize("NFKC", name)).lower()
    return _MARKERS.sub("", _NUMBERED.sub(_chinese_number, text))


def _chinese_number(found: re.Match[str]) -> str:
    if not found[1].isdigit():
        return found[1]
    tens, ones = divmod(int(found[1]), 10)
    text = (_DIGITS[tens] if tens > 1 else "") + ("十" if tens else "")
    return text + (_DIGITS[ones] if ones or not tens else "")


class BranchBook:
    """Finds branches by code, exact name, or bare name with any part of the official prefix."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._by_code: dict[str, Unit] = {}
        self._by_name: dict[str, list[Unit]] = {}
        self._by_bare: dict[str, list[Unit]] = {}
        self._by_former: dict[str, list[Unit]] = {}
        self._roots: set[str] = set()
        self._others: set[str] = set()
        self._found: dict[tuple[str, str], Found] = {}
        self._decided: dict[str, Found] = {}
        self._searches = 0
        for unit in units:
            self._add(unit)

    def _add(self, unit: Unit) -> None:
        self._by_code[unit.code.lower()] = unit
        self._roots.add(bare_name(unit.ancestors[0] if unit.ancestors else unit.name))
        if unit.kind not in MEMBER_KINDS:
            self._others.update((unit.name, bare_name(unit.name)))
            return
        self._by_name.setdefault(unit.name, []).append(unit)
        for key in _bare_keys(unit):
            self._by_bare.setdefault(key, []).append(unit)
        for name in unit.former_names:
            for key in {name} | _bare_keys(replace(unit, name=name)):
                self._by_former.setdefault(key, []).append(unit)

    def decide(self, text: str, code: str) -> None:
        """From now on what the tree cannot tell, `text`, means the branch with this code."""
        if (unit := self._by_code.get(code.lower())) is not None and unit.kind in MEMBER_KINDS:
            self._decided[text] = Found(unit.id)

    def find(self, text: str, code: str) -> Found:
        """The branch that a row means. Where both are given, code and name must agree."""
        key = (text, code)
        if key not in self._found:
            found = self._look_up(text.strip(), code.strip())
            if found.org_id is None and found.problem != "branch_disagrees":
                found = self._decided.get(text or code, found)
            self._found[key] = found
        return self._found[key]

    def _look_up(self, text: str, code: str) -> Found:
        if not code:
            return self._by_text(text)
        unit = self._by_code.get(code.lower())
        if unit is None:
            return Found(None, "branch_unknown")
        if unit.kind not in MEMBER_KINDS:
            return Found(None, "branch_not_branch")
        # A name that names another branch is a slip in one of the two; an unknown one is only old.
        named = self._candidates(text) if text else []
        if named and unit not in named:
            return Found(None, "branch_disagrees")
        return Found(unit.id)

    def _by_text(self, text: str) -> Found:
        unit = self._by_code.get(text.lower())
        if unit is not None and unit.kind in MEMBER_KINDS:
            return Found(unit.id)
        candidates = self._candidates(text)
        if len(candidates) == 1:
            return Found(candidates[0].id)
        if candidates:
            units = candidates[:MAX_SUGGESTIONS]
            near = tuple(_full_name(unit) for unit in units)
            return Found(None, "branch_ambiguous", near, tuple(unit.code for unit in units))
        if unit is not None or text in self._others or bare_name(text) in self._others:
            return Found(None, "branch_not_branch")
        units = self._nearest(text)
        problem = "branch_unknown_near" if units else "branch_unknown"
        return Found(None, problem, tuple(u.name for u in units), tuple(u.code for u in units))

    def _candidates(self, text: str) -> list[Unit]:
        if found := self._by_name.get(text):
            return found
        bare = bare_name(text)
        if found := self._by_bare.get(bare):
            return found
        # Only where no unit is called so today: names move from one unit to another.
        if found := self._by_former.get(text) or self._by_former.get(bare):
            return list(dict.fromkeys(found))
        # 中共武汉市江汉区委员会…: what stands before the root of this tree is known to all.
        for root in self._roots:
            at = bare.find(root) if root else -1
            if at > 0 and (found := self._by_bare.get(bare[at:])):
                return found
        return []

    def _nearest(self, text: str) -> list[Unit]:
        self._searches += 1
        if self._searches > _MAX_SEARCHES:
            return []
        keys = get_close_matches(bare_name(text), self._by_bare, n=2 * MAX_SUGGESTIONS, cutoff=0.5)
        units = [unit for key in keys for unit in self._by_bare[key]]
        # Bare names of one or two characters are too short to compare.
        names = get_close_matches(text, self._by_name, n=MAX_SUGGESTIONS, cutoff=0.6)
        units += [unit for name in names for unit in self._by_name[name]]
        return list(dict.fromkeys(units))[:MAX_SUGGESTIONS]


def _full_name(unit: Unit) -> str:
    return " / ".join((*unit.ancestors[-1:], unit.name)) + f"({unit.code})"


def _bare_keys(unit: Unit) -> set[str]:
    """The bare name alone and after any of its ancestors' bare names, in order."""
    above: list[str] = []
    for name in unit.ancestors:
        if bare := _without_prefix(bare_name(name), above):
            above.append(bare)
    own = _without_prefix(bare_name(unit.name), above)
    keys = {bare_name(unit.name)}
    # Deep trees would make too many combinations; nobody writes more than three levels.
    for count in range(min(len(above), 3) + 1):
        keys.update("".join((*chosen, own)) for chosen in combinations(above[-5:], count))
    return keys - {""}


def _without_prefix(bare: str, above: Sequence[str]) -> str:
    """The name without ancestors' names that it repeats, unless nothing would be left."""
    for name in above:
        if bare.startswith(name) and len(bare) > len(name):
            bare = bare.removeprefix(name)
    return bare
