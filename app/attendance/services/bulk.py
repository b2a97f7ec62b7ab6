"""Records many people of a session at once, and takes that back; whoever is recorded already stays so.

The same rules as `record_attendance`, in a few statements for every five hundred people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, AttendanceChange
from app.attendance.queries.bulk import nonce_of, unchanged
from app.attendance.queries.recordable import recordable
from app.attendance.queries.session import RosterPart, roster
from app.attendance.reasons import BULK
from app.attendance.rules import arrival
from app.attendance.services.admission import held_session, require_takes
from app.attendance.services.settle_make_ups import Hand, hold_make_ups, settle_rows
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_tz
from app.core.db import Base, is_postgresql, writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import ExcuseReason, Method, SessionState, Status
from app.members.queries.as_of import Standing, members_as_of
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.queries.sessions import scoped_session
from app.trainings.rules import Stay
from app.trainings.services.facts import credit_of

Row = TypeVar("Row")
# The largest hall and a whole district fit; a slip of a program does not.
MOST_AT_ONCE = 20_000
# Bounded by how many values one statement of SQLite may carry: some twenty a row.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Noted:
    """What is to be recorded of one person."""

    status: Status
    excuse: ExcuseReason | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One action of one user: its rows carry the key, so that a repeat is the same action and undo
    finds exactly them. `method` is staff_entry or paper."""

    session_id: int
    key: str
    method: Method = Method.STAFF_ENTRY

    @property
    def nonce(self) -> str:
        return nonce_of(self.key)


@dataclass(frozen=True, slots=True)
class Rest:
    """Everybody expected and not recorded whom `search` finds ("": all), but for those `excepted`.

    shown: how many the user agreed to; None: however many there are.
    """

    noted: Noted
    search: str = ""
    excepted: frozenset[int] = frozenset()
    shown: int | None = None


@dataclass(frozen=True, slots=True)
class Ticked:
    """What became of an action, counted the same however often it is sent.

    recorded: rows that carry its key. kept: ids of those who had been recorded otherwise and stay so.
    nowhere: ids of those who belonged to no branch on the session's day, and are not recorded.
    """

    recorded: int
    kept: tuple[int, ...] = ()
    nowhere: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entering:
    """What every row of the action has in common."""

    row: TrainingSession
    act: Act
    scope: Scope
    now: datetime
    tz: ZoneInfo

    @property
    def occurred_at(self) -> datetime:
        """A sheet says that people came to the session, not when somebody typed it in."""
        return min(self.now, self.row.starts_at) if self.act.method is Method.PAPER else self.now


def tick_all(
    act: Act, people: Mapping[int, Noted], scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Ticked:
    """Record what is noted for those who have no row yet, all or nothing; members by id.

    Raises NotFound for somebody whom this user may not record there, CheckInRefused, and InvalidInput for
    more than MOST_AT_ONCE.
    """
    if len(people) > MOST_AT_ONCE:
        raise InvalidInput.field("items", "too_many", lazy("一次最多登记 %(n)s 人。", n=MOST_AT_ONCE))
    with writing() as session:
        row = held_session(session, act.session_id, scope, now)
        for status in {noted.status for noted in people.values()}:
            require_takes(session, row, act.method, status)
        entering, made = _Entering(row, act, scope, now, tz), 0
        nowhere: set[int] = set()
        # In one order: two users who tick the same people must not wait for each other in a ring.
        for some in _chunks(sorted(people)):
            if set(some) - recordable(session, row, some, scope, now):
                raise NotFound()
            standing = _standings(session, some, row, elderly_age)
            nowhere |= set(some) - set(standing)
            if row.state is SessionState.CLOSED:
                # Before the rows are made: whoever settles them may be about to make one.
                hold_make_ups(session, row.id, some)
            created = _insert(session, _rows(session, entering, people, standing))
            changes = [
                _change(act, member_id, None, people[member_id].status, scope, now) for member_id in created
            ]
            if changes:
                session.execute(insert(AttendanceChange), changes)
            made += len(created)
            if row.state is SessionState.CLOSED:
                settle_rows(session, row.id, created, Hand(scope.user_id, now, tz))
        if made:
            subject, how = f"session:{row.id}", act.method.value
            record_act(session, "attendance.bulk", subject, scope.user_id, now, people=made, method=how)
        return _outcome(session, act, set(people), nowhere)


def take_back_all(act: Act, scope: Scope, now: datetime) -> int:
    """Remove the rows of one action that nobody has changed since; returns how many.

    Raises NotFound, CheckInRefused. Again it removes nothing.
    """
    with writing() as session:
        row = held_session(session, act.session_id, scope, now)
        require_takes(session, row, Method.STAFF_ENTRY, Status.EXCUSED)
        hold_make_ups(session, row.id)
        query = select(Attendance.member_id, Attendance.status).where(*unchanged(act.session_id, act.nonce))
        found = session.execute(query.order_by(Attendance.member_id).with_for_update()).all()
        for some in _chunks(found):
            changes = [_change(act, each.member_id, each.status, None, scope, now) for each in some]
            session.execute(insert(AttendanceChange), changes)
            ids = [each.member_id for each in some]
            session.execute(
                delete(Attendance).where(
                    Attendance.session_id == act.session_id, Attendance.member_id.in_(ids)
                ),
                execution_options={"synchronize_session": False},
            )
            settle_rows(session, row.id, ids, Hand(scope.user_id, now, office_tz()))
        session.expire_all()
        if found:
            record_act(
                session, "attendance.bulk_undo", f"session:{row.id}", scope.user_id, now, people=len(found)
            )
        return len(found)


def tick_rest(
    act: Act,
    rest: Rest,
    scope: Scope,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
) -> Ticked:
    """Record the same of everybody expected who has no row yet, but for those named; all or nothing.

    Raises what `tick_all` raises, and WrongState when more are unrecorded than the user was shown.
    """
    with writing() as session:
        scoped_session(session, act.session_id, scope, now)
        ids = rest_ids(session, act.session_id, rest)
        if rest.shown is not None and len(ids) > rest.shown:
            raise WrongState(lazy("名单刚才有变化,请再看一眼人数。"))
        people = dict.fromkeys(ids, rest.noted)
        return tick_all(act, people, scope, now, tz=tz, elderly_age=elderly_age)


def rest_ids(session: Session, session_id: int, rest: Rest) -> list[int]:
    """Whom `tick_rest` would record now."""
    rows, _total = roster(session, session_id, search=rest.search, part=RosterPart.UNRECORDED)
    return [row.member_id for row in rows if row.member_id not in rest.excepted]


def _chunks(items: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _standings(
    session: Session, member_ids: Sequence[int], row: TrainingSession, elderly_age: int
) -> dict[int, Standing]:
    """As of the session's day, as for a single check-in."""
    query = members_as_of(row.office_date, elderly_age, member_ids=member_ids)
    return {each.member_id: Standing(*each) for each in session.execute(query)}


def _rows(
    session: Session, entering: _Entering, people: Mapping[int, Noted], standing: Mapping[int, Standing]
) -> list[dict[str, Any]]:
    query = select(ExpectedAttendee.member_id).where(
        ExpectedAttendee.session_id == entering.row.id, ExpectedAttendee.member_id.in_(standing)
    )
    expected = set(session.scalars(query))
    said = {noted: _said(entering, noted) for noted in {people[member_id] for member_id in standing}}
    return [
        {
            **said[people[member_id]],
            "member_id": member_id,
            "is_extra": member_id not in expected,
            "org_id": where.org_id,
            "groups": where.groups,
        }
        for member_id, where in sorted(standing.items())
    ]


def _said(entering: _Entering, noted: Noted) -> dict[str, Any]:
    """What a row says of everybody of whom the same is noted: status and minutes by the session's rules."""
    row, act, at = entering.row, entering.act, entering.occurred_at
    seen = arrival(noted.status, act.method, at, (row.starts_at, row.ends_at), row.late_after_minutes)
    credit = credit_of(row, entering.tz, Stay(seen.came_at, seen.left_at))
    return {
        "session_id": row.id,
        "status": seen.status,
        "excuse_reason": noted.excuse if seen.status is Status.EXCUSED else None,
        "method": act.method,
        "recorded_by_id": entering.scope.user_id,
        "device": None,
        "nonce": act.nonce,
        "occurred_at": at,
        "received_at": entering.now,
        "came_at": seen.came_at,
        "left_at": seen.left_at,
        "is_held": row.state is SessionState.CLOSED,
        "office_date": row.office_date,
        "kind_key": row.kind_key,
        "mode_key": row.mode_key,
        "class_id": row.class_id,
        "minutes": credit.total,
        "morning_minutes": credit.morning,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> list[int]:
    """Insert those who have no row; the ids of those whom this call inserted."""
    if not rows:
        return []
    # The unique key decides, not a prior SELECT: somebody may check in meanwhile.
    dialect = postgresql_insert if is_postgresql(session) else sqlite_insert
    table: Table = Base.metadata.tables[Attendance.__tablename__]
    statement = dialect(table).on_conflict_do_nothing().returning(table.c.member_id)
    return list(session.scalars(statement, rows))


def _change(
    act: Act, member_id: int, before: Status | None, after: Status | None, scope: Scope, now: datetime
) -> dict[str, Any]:
    return {
        "session_id": act.session_id,
        "member_id": member_id,
        "status_before": before,
        "status_after": after,
        "reason": BULK,
        "changed_by_id": scope.user_id,
        "changed_at": now,
    }


def _outcome(session: Session, act: Act, wanted: set[int], nowhere: set[int]) -> Ticked:
    query = select(Attendance.member_id, Attendance.nonce).where(Attendance.session_id == act.session_id)
    rows = session.execute(query).all()
    recorded = sum(1 for row in rows if row.nonce == act.nonce)
    kept = sorted(row.member_id for row in rows if row.nonce != act.nonce and row.member_id in wanted)
    return Ticked(recorded, tuple(kept), tuple(sorted(nowhere - set(kept))))
