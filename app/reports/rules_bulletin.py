"""Decides what figures a bulletin has, what they are called, and which mark a sum of head counts keeps."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from app.core.vocabulary import CountMark, Group

# Of every kind of session, every mode and the groups that the bulletin speaks of.
KIND_PARTS = (
    "sessions",
    "person_times",
    "classes",
    "class_person_times",
    "declared_person_times",
)
MODE_PARTS = ("sessions", "person_times")
GROUP_PARTS = ("members", "covered", "coverage")
BULLETIN_GROUPS = (Group.ELDERLY, Group.MOBILE, Group.NEW_ORG, Group.RURAL)
TOTALS = (
    "sessions",
    "person_times",
    "members",
    "declared_person_times",
    "party_members",
    "covered",
    "coverage",
    "required",
    "required_covered",
    "required_coverage",
)


class Backing(StrEnum):
    """People and units that a bulletin counts beside the sessions."""

    LECTURERS = "lecturers"
    EXEMPLARS = "exemplars"
    INSTRUCTORS = "instructors"
    TEAMS = "teams"
    OFFICIALS = "officials"
    GUIDED = "guided_branches"
    MODEL = "model_branches"


def figure_names(kinds: Iterable[str], modes: Iterable[str]) -> tuple[str, ...]:
    """Names of all figures: kind_theme_day_sessions, mode_online_person_times, group_rural_covered, …"""
    found = list(TOTALS)
    found += [f"kind_{key}_{part}" for key in kinds for part in KIND_PARTS]
    found += [f"mode_{key}_{part}" for key in modes for part in MODE_PARTS]
    found += [f"group_{group.value}_{part}" for group in BULLETIN_GROUPS for part in GROUP_PARTS]
    return (*found, *(backing.value for backing in Backing))


def mark_of_sum(marks: Iterable[CountMark]) -> CountMark | None:
    """The mark of head counts added together; None where some are "nearly" and some "over".

    What is nearly 50 and exactly 20 is nearly 70.
    """
    inexact = {mark for mark in marks if mark is not CountMark.EXACT}
    if len(inexact) > 1:
        return None
    return inexact.pop() if inexact else CountMark.EXACT
