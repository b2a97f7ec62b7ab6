"""Tables of staff users, their roles and sign-ins, and of instructors and supervision teams."""

from app.accounts.models.supervision import (
    Instructor,
    InstructorAssignment,
    SupervisionTeam,
    TeamAssignment,
    TeamOfficial,
)
from app.accounts.models.users import ApiToken, RoleGrant, StaffLogin, StaffUser

__all__ = [
    "ApiToken",
    "Instructor",
    "InstructorAssignment",
    "RoleGrant",
    "StaffLogin",
    "StaffUser",
    "SupervisionTeam",
    "TeamAssignment",
    "TeamOfficial",
]
