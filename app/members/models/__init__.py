"""Tables of the organisation tree and of members; every membership in them is dated."""

from app.members.models.member import GroupMembership, Member, Membership
from app.members.models.org import (
    OrgFormerName,
    OrgFormerNature,
    OrgPlacement,
    OrgPost,
    OrgTagRow,
    OrgUnit,
    RosterColumn,
)
from app.members.models.service import CorrectionRequest, DistinctMembers, TransferRequest, VisitNote

__all__ = [
    "CorrectionRequest",
    "DistinctMembers",
    "GroupMembership",
    "Member",
    "Membership",
    "OrgFormerName",
    "OrgFormerNature",
    "OrgPlacement",
    "OrgPost",
    "OrgTagRow",
    "OrgUnit",
    "RosterColumn",
    "TransferRequest",
    "VisitNote",
]
