"""SELECTs of what a member's phone shows of a session: the session and the members' own rows, at once."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.errors import NotFound
from app.core.vocabulary import SessionState, Status
from app.members.models import OrgUnit
from app.trainings.models import ExpectedAttendee, TrainingSession, Venue

# Where people sit at home, and may need the way in.
ONLINE_MODES = ("online", "night_school")


@dataclass(frozen=True, slots=True)
class OwnRow:
    """What stands in the ledger for one member of the phone."""

    status: Status
    received_at: datetime
    came_at: datetime | None
    left_at: datetime | None
    minutes: int
    is_extra: bool


@dataclass(frozen=True, slots=True)
class PhoneSession:
    """A session as a member's phone shows it. rows: by member id, of those asked for who have one."""

    id: int
    title: str
    host_name: str
    venue_name: str | None
    mode_key: str
    starts_at: datetime
    ends_at: datetime
    state: SessionState
    asks_sign_out: bool
    join_url: str | None
    rows: Mapping[int, OwnRow]

    @property
    def is_online(self) -> bool:
        return self.mode_key in ONLINE_MODES

    @property
    def same_for_all(self) -> tuple[Hashable, ...]:
        """All of it but the rows."""
        return tuple(getattr(self, name) for name in self.__slots__ if name != "rows")


@dataclass(frozen=True, slots=True)
class OpenOnline:
    """A session that can be watched now and expects the member; `status` None: not yet checked in."""

    id: int
    title: str
    ends_at: datetime
    secret: bytes
    status: Status | None


OWN_ROW = (
    Attendance.status,
    Attendance.received_at,
    Attendance.came_at,
    Attendance.left_at,
    Attendance.minutes,
    Attendance.is_extra,
)


# What a phone is shown of a session, in the order of PhoneSession.
SHOWN: tuple[Any, ...] = (
    TrainingSession.id,
    TrainingSession.title,
    OrgUnit.name,
    Venue.name,
    TrainingSession.mode_key,
    TrainingSession.starts_at,
    TrainingSession.ends_at,
    TrainingSession.state,
    TrainingSession.asks_sign_out,
    TrainingSession.join_url,
)


def phone_session(session: Session, session_id: int, member_ids: Collection[int]) -> PhoneSession:
    """One SELECT. Raises NotFound."""
    query = (
        select(*SHOWN, Attendance.member_id, *OWN_ROW)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .outerjoin(Venue, Venue.id == TrainingSession.venue_id)
        .outerjoin(
            Attendance,
            and_(Attendance.session_id == TrainingSession.id, Attendance.member_id.in_(member_ids)),
        )
        .where(TrainingSession.id == session_id)
    )
    found: Sequence[Any] = session.execute(query).all()
    if not found:
        raise NotFound()
    width = len(found[0]) - len(OWN_ROW) - 1
    rows = {row[width]: OwnRow(*row[width + 1 :]) for row in found if row[width] is not None}
    facts: Any = [*found[0][:width], rows]
    return PhoneSession(*facts)


def open_online_sessions(session: Session, member_id: int, limit: int = 5) -> list[OpenOnline]:
    """Open sessions to be watched online, or of a night school, that expect the member."""
    query = (
        select(
            TrainingSession.id,
            TrainingSession.title,
            TrainingSession.ends_at,
            TrainingSession.code_secret,
            Attendance.status,
        )
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .outerjoin(
            Attendance,
            and_(
                Attendance.session_id == TrainingSession.id,
                Attendance.member_id == ExpectedAttendee.member_id,
            ),
        )
        .where(
            ExpectedAttendee.member_id == member_id,
            TrainingSession.state == SessionState.OPEN,
            TrainingSession.mode_key.in_(ONLINE_MODES),
        )
        .order_by(TrainingSession.starts_at, TrainingSession.id)
        .limit(limit)
    )
    return [OpenOnline(*row) for row in session.execute(query)]
