"""The hot path: a member who checks in for the first time, in statements of the driver's own.

The rules, the standing as of the session's day and the row are those of `record_attendance`; whatever is
out of the ordinary (somebody on leave who came after all, somebody without a branch) is left to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, ColumnElement, Integer, bindparam, exists, select, true
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import Dialect

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance
from app.attendance.rules import arrival, refusal
from app.attendance.services.record import Outcome
from app.core.quick import Hand, Prepared
from app.core.vocabulary import ATTENDED_STATUSES, Method, Status
from app.members.queries.as_of import members_as_of
from app.trainings.models import ExpectedAttendee
from app.trainings.queries.copied import SessionCopy
from app.trainings.rules import Stay, split_credit


@dataclass(frozen=True, slots=True)
class Scan:
    """A member presents themselves now; `device` is opaque, `nonce` the client's."""

    session_id: int
    member_id: int
    method: Method
    device: str
    nonce: str | None


def record_scan(
    hand: Hand,
    dialect: Dialect,
    scan: Scan,
    facts: SessionCopy,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
) -> Outcome | None:
    """Write the row, or tell what is there already; None: let `record_attendance` decide.

    Inside a lane's transaction that holds the session and has read `facts`. Raises CheckInRefused
    (not_open, closed, cancelled) before anything is written.
    """
    require_takes(facts, scan.method)
    given, seen = new_row(scan, facts, now, tz)
    made = hand.one(
        _insertion(facts.office_date, elderly_age, dialect), new_member_id=scan.member_id, **given
    )
    if made is not None:
        return seen.recorded(is_extra=made[0])
    found = recorded_already(hand, dialect, scan)
    return found if found is not None and found.status in ATTENDED_STATUSES else None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a new row says of the member's coming."""

    status: Status
    at: datetime
    minutes: int
    came_at: datetime | None

    def recorded(self, *, is_extra: bool) -> Outcome:
        return Outcome(True, self.status, self.at, self.minutes, is_extra, self.came_at)


def new_row(scan: Scan, facts: SessionCopy, now: datetime, tz: ZoneInfo) -> tuple[dict[str, Any], Seen]:
    """What `insertion` leaves open, but for the member; and what it means."""
    span = (facts.starts_at, facts.ends_at)
    seen = arrival(Status.PRESENT, scan.method, now, span, facts.late_after_minutes)
    credit = split_credit(
        *span, facts.credited_minutes, tz, effective=facts.effective_minutes, stay=Stay(seen.came_at)
    )
    given = {
        "new_session_id": scan.session_id,
        "new_status": seen.status,
        "new_method": scan.method,
        "new_device": scan.device,
        "new_nonce": scan.nonce,
        "new_occurred_at": now,
        "new_received_at": now,
        "new_came_at": seen.came_at,
        "new_kind_key": facts.kind_key,
        "new_mode_key": facts.mode_key,
        "new_class_id": facts.class_id,
        "new_minutes": credit.total,
        "new_morning_minutes": credit.morning,
    }
    return given, Seen(seen.status, now, credit.total, seen.came_at)


def require_takes(facts: SessionCopy, method: Method) -> None:
    """Raises CheckInRefused unless the session takes a check-in of this kind now."""
    refused = refusal(facts.state, method, Status.PRESENT)
    if refused is not None:
        raise CheckInRefused(refused)


def recorded_already(hand: Hand, dialect: Dialect, scan: Scan) -> Outcome | None:
    """What the member's row says, if there is one."""
    found = hand.one(_found(dialect), session_id=scan.session_id, member_id=scan.member_id)
    return Outcome(False, *found) if found else None


@lru_cache(maxsize=16)
def _insertion(on: date, elderly_age: int, dialect: Dialect) -> Prepared:
    member = bindparam("new_member_id", type_=Integer)
    return Prepared(insertion(on, elderly_age, dialect, member), [Attendance.is_extra], dialect)


def insertion(
    on: date,
    elderly_age: int,
    dialect: Dialect,
    member: ColumnElement[int],
    *conditions: ColumnElement[bool],
) -> Any:
    """INSERT … SELECT of the member's standing on the day, unless there is a row; gives back is_extra.

    Inserts nothing where a condition does not hold. `new_row` gives what it leaves open.
    """
    standing = members_as_of(on, elderly_age, member).subquery("standing")
    expected = exists().where(
        ExpectedAttendee.session_id == bindparam("new_session_id", type_=Integer),
        ExpectedAttendee.member_id == standing.c.member_id,
    )
    table = Attendance.__table__
    given = (
        "session_id", "status", "method", "device", "nonce", "occurred_at", "received_at", "came_at",
        "kind_key", "mode_key", "class_id", "minutes", "morning_minutes",
    )  # fmt: skip
    columns: dict[str, Any] = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in given}
    columns |= {
        "member_id": standing.c.member_id,
        "org_id": standing.c.org_id,
        "groups": standing.c.groups,
        "is_extra": ~expected,
        "is_held": bindparam("not_held", value=False, type_=Boolean),
        "office_date": bindparam("on_day", value=on, type_=table.c.office_date.type),
    }
    insert = postgresql_insert if dialect.name == "postgresql" else sqlite_insert
    # The WHERE keeps SQLite from reading ON CONFLICT as the ON of a join.
    rows = select(*columns.values()).select_from(standing).where(true(), *conditions)
    statement = insert(Attendance).from_select(list(columns), rows).on_conflict_do_nothing()
    return statement.returning(Attendance.is_extra)


@lru_cache(maxsize=4)
def _found(dialect: Dialect) -> Prepared:
    columns: list[Any] = [
        Attendance.status,
        Attendance.received_at,
        Attendance.minutes,
        Attendance.is_extra,
        Attendance.came_at,
        Attendance.left_at,
    ]
    query = select(*columns).where(
        Attendance.session_id == bindparam("session_id", type_=Integer),
        Attendance.member_id == bindparam("member_id", type_=Integer),
    )
    return Prepared(query, columns, dialect)
