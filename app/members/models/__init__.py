"""Tables of the organisation tree and of members; every membership in them is dated."""

from app.members.models.member import GroupMembership, Member, Membership
from app.members.models.org import OrgPlacement, OrgPost, OrgTagRow, OrgUnit

__all__ = [
    "GroupMembership",
    "Member",
    "Membership",
    "OrgPlacement",
    "OrgPost",
    "OrgTagRow",
    "OrgUnit",
]
