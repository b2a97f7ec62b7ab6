"""The office's words as enumerations, shared by every feature; holds no behaviour beyond them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

# End of an open-ended dated row. Never NULL, so that one comparison answers "as of".
FOREVER = date(9999, 12, 31)


class OrgKind(StrEnum):
    """What an organisation is in the tree."""

    COMMITTEE = "committee"
    GENERAL_BRANCH = "general_branch"
    BRANCH = "branch"
    GROUP = "group"


class OrgSector(StrEnum):
    """Where an organisation works; decides the groups `new_org`, `rural` and `retired` by rule."""

    AGENCY = "agency"
    COMMUNITY = "community"
    VILLAGE = "village"
    NON_PUBLIC = "non_public"
    SOCIAL_ORG = "social_org"
    PUBLIC_INSTITUTION = "public_institution"
    SCHOOL = "school"
    STATE_ENTERPRISE = "state_enterprise"
    RETIRED = "retired"


class OrgTag(StrEnum):
    """Tags on branches: model branch (示范) and under guidance (指导)."""

    MODEL = "model"
    GUIDED = "guided"


class Post(StrEnum):
    """Posts in a branch that raise the yearly study-hour requirement."""

    SECRETARY = "secretary"
    DEPUTY_SECRETARY = "deputy_secretary"
    COMMITTEE_MEMBER = "committee_member"


class Group(StrEnum):
    """Member groups. One member may be in several at once; each is decided as of a date."""

    ELDERLY = "elderly"
    MOBILE = "mobile"
    NEW_ORG = "new_org"
    RURAL = "rural"
    RETIRED = "retired"
    LOST_CONTACT = "lost_contact"
    EXEMPT = "exempt"

    @property
    def bit(self) -> int:
        """This group's bit in a `groups` set column (stored, so the order above never changes)."""
        return _GROUP_BITS[self]

    @classmethod
    def from_bits(cls, bits: int) -> tuple[Group, ...]:
        """The groups whose bits are set, in the order above."""
        return tuple(group for group in cls if bits & group.bit)


# Asked for hundreds of times a report.
_GROUP_BITS = {group: 1 << place for place, group in enumerate(Group)}


class SessionState(StrEnum):
    """draft → published → open → closed; cancelled from any of the first three."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class AudienceKind(StrEnum):
    """What one line of a session's audience names."""

    ORG = "org"
    GROUP = "group"
    MEMBER = "member"


class LecturerRole(StrEnum):
    """What a lecturer does in one session."""

    LECTURER = "lecturer"
    SPEAKER = "speaker"
    HOST = "host"
    REPORTER = "reporter"


class Status(StrEnum):
    """What an attendance row says. No row means "not recorded", never "absent"."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    EXCUSED = "excused"
    ABSENT = "absent"
    MADE_UP = "made_up"


# Keys of rows that the figures name; the office may rename them, and not take them away.
CENTRAL_KIND = "central_training"
# Somebody comes to the member: 送学上门, 现场帮学.
VISIT_MODES = ("home_visit", "on_site_help")

COUNTED_STATUSES = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.MADE_UP)
ATTENDED_STATUSES = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY)


class ExcuseReason(StrEnum):
    """Why a member was on leave; a category only, never medical text."""

    OFFICIAL = "official"
    PERSONAL = "personal"
    SICK = "sick"


class Method(StrEnum):
    """How an attendance row came to be; all have the same standing."""

    MEMBER_SCAN = "member_scan"
    SHORT_CODE = "short_code"
    STAFF_SCAN = "staff_scan"
    STAFF_ENTRY = "staff_entry"
    PAPER = "paper"
    IMPORT = "import"
    API = "api"
    # A code on paper, for a place without a screen: it shows that somebody had it, not that they were there.
    PRINTED_CODE = "printed_code"
    # A link of the member's own, for a session that is watched online.
    PERSONAL_LINK = "personal_link"


# Members record themselves; nobody of the staff has seen them.
SELF_METHODS = (Method.MEMBER_SCAN, Method.SHORT_CODE, Method.PRINTED_CODE, Method.PERSONAL_LINK)
# Marked wherever they are counted.
LOW_ASSURANCE_METHODS = (Method.PRINTED_CODE,)


class Role(StrEnum):
    """Staff roles; each is granted at a place in the tree and holds for its whole subtree."""

    ADMINISTRATOR = "administrator"
    ORGANISER = "organiser"
    SECRETARY = "secretary"
    SUPERVISOR = "supervisor"


class CountMark(StrEnum):
    """Mark kept with a count typed from a published source (近 nearly, 余 over)."""

    EXACT = "exact"
    NEARLY = "nearly"
    OVER = "over"


class TransferState(StrEnum):
    """What became of a transfer that one branch asked another to accept."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class RequestState(StrEnum):
    """What became of a member's wish to have something about them corrected."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


class TaskState(StrEnum):
    """Long work: waiting → running → done, refused (its own words say why) or failed (ours to mend)."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class ReviewKind(StrEnum):
    """Why a person should look at something; nothing is blocked for it."""

    # Ticks of an offline round that arrived too late to be recorded by themselves.
    LATE_TICK = "late_tick"
    # One phone for three members or more at one session.
    SHARED_DEVICE = "shared_device"
    # Many check-ins by members themselves within a minute after the session's end.
    BURST_AFTER_END = "burst_after_end"
    # More people recorded than were counted in the room.
    OVER_HEAD_COUNT = "over_head_count"
    # A member at two places at the same time.
    TWO_PLACES = "two_places"
    # A phone of the staff whose clock was wrong when it noted something.
    WRONG_CLOCK = "wrong_clock"


class LeaveState(StrEnum):
    """What became of a request to be excused from a session."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class MakeUpState(StrEnum):
    """A missed session is to be made up, or has been."""

    PLANNED = "planned"
    DONE = "done"


class DeliveryState(StrEnum):
    """What became of a report that is made by rule: waiting → ready, given up after several tries, or
    withheld: whoever was to read it may not see the unit any more, or is no user any more."""

    WAITING = "waiting"
    READY = "ready"
    GIVEN_UP = "given_up"
    WITHHELD = "withheld"


class ReviewState(StrEnum):
    """What a person decided: all is well, or those concerned were not there."""

    OPEN = "open"
    FINE = "fine"
    NOT_THERE = "not_there"
