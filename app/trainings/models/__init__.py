"""Tables of what is scheduled, for whom, where and by whom."""

from app.trainings.models.catalogue import DeliveryMode, DutyRule, Lecturer, SessionKind, Venue
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
    "SessionKind",
    "SessionLecturer",
    "TrainingClass",
    "TrainingSession",
    "Venue",
]
