"""What callers hand to the services of this feature: typed, already parsed, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from app.core.vocabulary import Group, OrgKind, OrgSector, Post


class Keep(Enum):
    """Stands for "not mentioned" in a change, where None means "make it blank"."""

    KEEP = "keep"


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class MemberDraft:
    """A new member of the unit `org_code` since `starts_on`.

    starts_on None: nobody wrote down since when; the member then counts as having always been there.
    phone: as typed; None or blank for none. surname_pinyin: only where the surname is read otherwise.
    """

    name: str
    org_code: str
    starts_on: date | None = None
    phone: str | None = None
    surname_pinyin: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    birth_date: date | None = None
    education: str | None = None
    membership_type: str | None = None
    joined_party_on: date | None = None
    confirmed_on: date | None = None
    job: str | None = None
    social_stratum: str | None = None
    is_migrant_worker: bool | None = None


@dataclass(frozen=True, slots=True)
class MemberChanges:
    """Changes to the person; KEEP leaves a field as it is. The branch changes by `transfer_member` only."""

    name: str | Keep = KEEP
    phone: str | Keep | None = KEEP
    surname_pinyin: str | Keep | None = KEEP
    sex: str | Keep | None = KEEP
    ethnicity: str | Keep | None = KEEP
    birth_date: date | Keep | None = KEEP
    education: str | Keep | None = KEEP
    membership_type: str | Keep | None = KEEP
    joined_party_on: date | Keep | None = KEEP
    confirmed_on: date | Keep | None = KEEP
    job: str | Keep | None = KEEP
    social_stratum: str | Keep | None = KEEP
    is_migrant_worker: bool | Keep | None = KEEP


@dataclass(frozen=True, slots=True)
class MobileDetails:
    """Of a mobile member: "out" (away from here) or "in" (come from elsewhere), from, to and host unit."""

    direction: str = "out"
    from_place: str | None = None
    to_place: str | None = None
    host_org_code: str | None = None


@dataclass(frozen=True, slots=True)
class GroupSpan:
    """A member is in `group` from `starts_on` until before `ends_on` (None: open).

    is_in False: by hand outside a group that the branch would give (new_org, rural, retired).
    mobile: for the group `mobile` only; None keeps what is known. host_org_code: any unit of the district.
    reason: why, in a few words; never for exempt.
    """

    member_id: int
    group: Group
    starts_on: date
    ends_on: date | None = None
    is_in: bool = True
    mobile: MobileDetails | None = None
    reason: str | Keep | None = KEEP


@dataclass(frozen=True, slots=True)
class OrgDraft:
    """A new unit. opened_on None: it counts as having always been in its place."""

    code: str
    name: str
    kind: OrgKind
    parent_code: str | None
    sector: OrgSector | None = None
    opened_on: date | None = None


@dataclass(frozen=True, slots=True)
class OrgChanges:
    """Changes to a unit; KEEP leaves a field as it is.

    name_from, changed_from (kind and sector): the first day of the new state, at most today; None: what
    was recorded was wrong at all dates.
    """

    name: str | Keep = KEEP
    name_from: date | None = None
    kind: OrgKind | Keep = KEEP
    sector: OrgSector | Keep | None = KEEP
    changed_from: date | None = None


@dataclass(frozen=True, slots=True)
class PostDraft:
    """A member holds a post in a unit from `starts_on` until before `ends_on` (None: open)."""

    org_code: str
    member_id: int
    post: Post
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class PostKey:
    """Names a recorded post."""

    member_id: int
    post: Post
    starts_on: date
