"""Tables of what is scheduled, for whom, where and by whom, and of which days stand still."""

from app.trainings.models.catalogue import DeliveryMode, DutyRule, Lecturer, SessionKind, Venue
from app.trainings.models.locks import LockedPeriod
from app.trainings.models.session import (
    AudienceRule,
    ExpectedAttendee,
    SessionLecturer,
    TrainingClass,
    TrainingSession,
)

__all__ = [
    "AudienceRule",
    "DeliveryMode",
    "DutyRule",
    "ExpectedAttendee",
    "Lecturer",
    "LockedPeriod",
    "SessionKind",
    "SessionLecturer",
    "TrainingClass",
    "TrainingSession",
    "Venue",
]
