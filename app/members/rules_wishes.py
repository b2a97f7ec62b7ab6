"""What a member may ask to have corrected, and how much of it at once; stores nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 300
LONGEST_ANSWER = 200
# A member who has more to say says it to a person.
MOST_OPEN = 5


class About(StrEnum):
    """What somebody finds wrong."""

    NAME = "name"
    PHONE = "phone"
    BIRTH_DATE = "birth_date"
    BRANCH = "branch"
    GROUPS = "groups"
    ATTENDANCE = "attendance"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wrong, and what would be right, in the member's own words."""

    about: About
    text: str
