"""Rules of one row of an organisation table, and of how units may hang below one another."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.vocabulary import OrgKind, OrgSector
from app.members.roster.rules_problems import Place, Problem
from app.members.rules_tree import CODE

KIND_WORDS: dict[str, OrgKind] = {
    "党委": OrgKind.COMMITTEE,
    "党工委": OrgKind.COMMITTEE,
    "党组": OrgKind.COMMITTEE,
    "基层党委": OrgKind.COMMITTEE,
    "工委": OrgKind.COMMITTEE,
    "委员会": OrgKind.COMMITTEE,
    "党委会": OrgKind.COMMITTEE,
    "党总支": OrgKind.GENERAL_BRANCH,
    "总支": OrgKind.GENERAL_BRANCH,
    "党总支部": OrgKind.GENERAL_BRANCH,
    "总支部": OrgKind.GENERAL_BRANCH,
    "党支部": OrgKind.BRANCH,
    "支部": OrgKind.BRANCH,
    "联合党支部": OrgKind.BRANCH,
    "党小组": OrgKind.GROUP,
    "小组": OrgKind.GROUP,
}
SECTOR_WORDS: dict[str, OrgSector] = {
    "机关": OrgSector.AGENCY,
    "党政机关": OrgSector.AGENCY,
    "社区": OrgSector.COMMUNITY,
    "村": OrgSector.VILLAGE,
    "建制村": OrgSector.VILLAGE,
    "行政村": OrgSector.VILLAGE,
    "农村": OrgSector.VILLAGE,
    "非公": OrgSector.NON_PUBLIC,
    "非公企业": OrgSector.NON_PUBLIC,
    "非公有制经济组织": OrgSector.NON_PUBLIC,
    "社会组织": OrgSector.SOCIAL_ORG,
    "事业单位": OrgSector.PUBLIC_INSTITUTION,
    "学校": OrgSector.SCHOOL,
    "国企": OrgSector.STATE_ENTERPRISE,
    "国有企业": OrgSector.STATE_ENTERPRISE,
    "离退休": OrgSector.RETIRED,
}
# The word that is written for a sector: each is one that is read.
SECTORS_WRITTEN: dict[OrgSector, str] = {
    OrgSector.AGENCY: "机关",
    OrgSector.COMMUNITY: "社区",
    OrgSector.VILLAGE: "村",
    OrgSector.NON_PUBLIC: "非公企业",
    OrgSector.SOCIAL_ORG: "社会组织",
    OrgSector.PUBLIC_INSTITUTION: "事业单位",
    OrgSector.SCHOOL: "学校",
    OrgSector.STATE_ENTERPRISE: "国有企业",
    OrgSector.RETIRED: "离退休",
}
# What is offered when a sector is not understood.
SECTORS_SHOWN = tuple(SECTORS_WRITTEN.values())
KINDS_SHOWN: dict[OrgKind, str] = {
    OrgKind.COMMITTEE: "党委",
    OrgKind.GENERAL_BRANCH: "党总支",
    OrgKind.BRANCH: "党支部",
    OrgKind.GROUP: "党小组",
}


@dataclass(frozen=True, slots=True)
class OrgLine:
    """A row that can be read; parent_code "" is a root, sector None says nothing."""

    place: Place
    code: str
    name: str
    kind: OrgKind
    parent_code: str
    sector: OrgSector | None


def read_line(place: Place, texts: Mapping[str, str]) -> OrgLine | list[Problem]:
    """The row's unit, or everything that is wrong with it. texts: field → text, "" for blank."""
    plain = {name: unicodedata.normalize("NFKC", text).strip() for name, text in texts.items()}
    problems: list[Problem] = []
    code, parent_code = plain.get("code", ""), plain.get("parent_code", "")
    if not code:
        problems.append(Problem("code_missing", "code"))
    for column, text in (("code", code), ("parent_code", parent_code)):
        if text and not CODE.fullmatch(text):
            problems.append(Problem("code_odd", column))
    name = " ".join(plain.get("name", "").split())
    if not name:
        problems.append(Problem("org_name_missing", "name"))
    elif len(name) > 200:
        problems.append(Problem("too_long", "name", {"limit": 200}))
    kind = _kind(plain.get("kind", ""))
    if kind is None:
        problems.append(Problem("kind_unknown", "kind"))
    sector = _sector(plain.get("sector", ""))
    if plain.get("sector") and sector is None:
        params = {"text": plain["sector"][:40], "near": "、".join(SECTORS_SHOWN)}
        problems.append(Problem("sector_unknown", "sector", params))
    if code and code == parent_code:
        problems.append(Problem("parent_itself", "parent_code"))
    if problems or kind is None:
        return problems
    return OrgLine(place, code, name, kind, parent_code, sector)


def _kind(text: str) -> OrgKind | None:
    if text.lower() in set(OrgKind):
        return OrgKind(text.lower())
    return KIND_WORDS.get(text.replace(" ", ""))


def _sector(text: str) -> OrgSector | None:
    if text.lower() in set(OrgSector):
        return OrgSector(text.lower())
    return SECTOR_WORDS.get(text.replace(" ", ""))


def has_loop(code: str, parent_of: Mapping[str, str]) -> bool:
    """Whether going up from `code` never ends. parent_of: code → parent's code, "" at a root."""
    seen = set()
    while code:
        if code in seen:
            return True
        seen.add(code)
        code = parent_of.get(code, "")
    return False


def depth(code: str, parent_of: Mapping[str, str]) -> int:
    """0 for a root; only for codes without a loop above them."""
    steps = 0
    while code := parent_of.get(code, ""):
        steps += 1
    return steps
