"""What callers hand to the services of this feature: typed, already parsed, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.core.vocabulary import CountMark, Group, LecturerRole


@dataclass(frozen=True, slots=True)
class LecturerDraft:
    """A lecturer by name; one that is not known yet is added to the list of lecturers."""

    name: str
    role: LecturerRole = LecturerRole.LECTURER


@dataclass(frozen=True, slots=True)
class AudienceDraft:
    """Who is invited: groups within branches, and named members beside them.

    Empty: everyone may come and nobody is expected.
    """

    org_codes: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    member_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """Everything a person says about a session. Times are aware; minutes None means its length."""

    title: str
    kind: str
    mode: str
    starts_at: datetime
    ends_at: datetime
    host_org_code: str
    venue: str | None = None
    lecturers: tuple[LecturerDraft, ...] = ()
    credited_minutes: int | None = None
    audience: AudienceDraft = field(default_factory=AudienceDraft)
    class_id: int | None = None
    note: str | None = None
    declared_person_times: int | None = None
    declared_mark: CountMark = CountMark.EXACT
    # Minutes after the start from which a check-in is late; None: never.
    late_after_minutes: int | None = None
    asks_sign_out: bool = False
    join_url: str | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """Another session at the same time with the same venue, lecturer or members. A warning only."""

    kind: str  # venue | lecturer | audience
    session_id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    # The venue's or lecturer's name; for an audience the number of members who would have to be in both.
    name: str = ""
    members: int = 0


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A stored session and the clashes to show beside it."""

    id: int
    state: str
    clashes: tuple[Clash, ...]
    # False: the same form had stored it before, and it was changed instead of stored twice.
    is_new: bool = True
