"""SELECTs of one session's ledger: its counts, and the roster with everyone's status."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.vocabulary import ATTENDED_STATUSES, ExcuseReason, Group, Method, Status
from app.members.models import Member, OrgUnit
from app.members.queries.staff_names import STAFF
from app.trainings.models import ExpectedAttendee


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """People at one session. attended includes extra; unrecorded: expected and without a row."""

    expected: int = 0
    attended: int = 0
    extra: int = 0
    made_up: int = 0
    excused: int = 0
    absent: int = 0
    unrecorded: int = 0
    # Of those attended; says something only where the session asks for it.
    not_signed_out: int = 0


class RosterPart(StrEnum):
    """Which people of a roster are wanted; named after the counts."""

    ALL = "all"
    EXPECTED = "expected"
    ATTENDED = "attended"
    EXTRA = "extra"
    # Whatever was recorded of those not expected: absent and excused too.
    BESIDE = "beside"
    MADE_UP = "made_up"
    EXCUSED = "excused"
    ABSENT = "absent"
    UNRECORDED = "unrecorded"
    NOT_SIGNED_OUT = "not_signed_out"


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person of a session's roster; status None: not recorded. Branch as of the session's day."""

    member_id: int
    name: str
    org_name: str
    groups: int
    is_extra: bool
    status: Status | None
    excuse_reason: ExcuseReason | None
    method: Method | None
    occurred_at: datetime | None
    recorded_by_id: int | None
    # Known only for those who came late or signed out; the minutes follow.
    came_at: datetime | None
    left_at: datetime | None
    minutes: int | None
    # Who of the staff; None: the member, or nobody yet.
    recorded_by: str | None

    @property
    def has_come(self) -> bool:
        return self.status in ATTENDED_STATUSES

    @property
    def is_exempt(self) -> bool:
        """Of those expected only: who comes beside them may be another branch's, whose affair it is."""
        return not self.is_extra and bool(self.groups & Group.EXEMPT.bit)


def session_counts(session: Session, session_ids: Sequence[int]) -> dict[int, SessionCounts]:
    """Counts of each session, in two queries however many there are."""
    if not session_ids:
        return {}
    attended = Attendance.status.in_(ATTENDED_STATUSES)
    rows = session.execute(
        select(
            Attendance.session_id,
            func.sum(case((attended, 1), else_=0)),
            func.sum(case((and_(attended, Attendance.is_extra), 1), else_=0)),
            func.sum(case((Attendance.status == Status.MADE_UP, 1), else_=0)),
            func.sum(case((Attendance.status == Status.EXCUSED, 1), else_=0)),
            func.sum(case((Attendance.status == Status.ABSENT, 1), else_=0)),
            func.sum(case((and_(attended, Attendance.left_at.is_(None)), 1), else_=0)),
        )
        .where(Attendance.session_id.in_(session_ids))
        .group_by(Attendance.session_id)
    )
    names = ("attended", "extra", "made_up", "excused", "absent", "not_signed_out")
    recorded = {row[0]: dict(zip(names, (int(n) for n in row[1:]), strict=True)) for row in rows}
    expected = session.execute(
        select(
            ExpectedAttendee.session_id,
            func.count(),
            func.sum(case((Attendance.member_id.is_(None), 1), else_=0)),
        )
        .outerjoin(
            Attendance,
            and_(
                Attendance.session_id == ExpectedAttendee.session_id,
                Attendance.member_id == ExpectedAttendee.member_id,
            ),
        )
        .where(ExpectedAttendee.session_id.in_(session_ids))
        .group_by(ExpectedAttendee.session_id)
    )
    listed = {row[0]: {"expected": int(row[1]), "unrecorded": int(row[2])} for row in expected}
    return {
        session_id: SessionCounts(**listed.get(session_id, {}), **recorded.get(session_id, {}))
        for session_id in session_ids
    }


def roster(
    session: Session,
    session_id: int,
    *,
    search: str = "",
    status: Status | None = None,
    only_unrecorded: bool = False,
    part: RosterPart = RosterPart.ALL,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[RosterRow], int]:
    """Everyone expected or recorded at a session, by branch and name, and how many match.

    search: part of a name, or the beginning of its pinyin or initials.
    """
    people, query = _named_people(session_id)
    query = query.where(*_of_part(RosterPart.UNRECORDED if only_unrecorded else part, people.c))
    if status is not None:
        query = query.where(people.c.status == status)
    if search.strip():
        text = search.strip().lower()
        query = query.where(
            or_(
                Member.name.contains(text, autoescape=True),
                Member.pinyin.startswith(text, autoescape=True),
                Member.pinyin_initials.startswith(text, autoescape=True),
            )
        )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(OrgUnit.code, Member.pinyin, Member.id).limit(limit).offset(offset)
    return [_roster_row(row) for row in session.execute(query)], total


def roster_row(session: Session, session_id: int, member_id: int) -> RosterRow | None:
    """One person of the roster; None for somebody who is neither expected nor recorded."""
    people, query = _named_people(session_id)
    row = session.execute(query.where(people.c.member_id == member_id)).first()
    return _roster_row(row) if row else None


def on_roster(session: Session, session_id: int, member_ids: Collection[int]) -> set[int]:
    """Those of `member_ids` who are expected or recorded at the session."""
    if not member_ids:
        return set()
    expected = select(ExpectedAttendee.member_id).where(
        ExpectedAttendee.session_id == session_id, ExpectedAttendee.member_id.in_(member_ids)
    )
    recorded = select(Attendance.member_id).where(
        Attendance.session_id == session_id, Attendance.member_id.in_(member_ids)
    )
    return set(session.scalars(union_all(expected, recorded)))


def recorder_names(session: Session, user_ids: Collection[int]) -> dict[int, str]:
    """Display names of the staff who recorded, by id."""
    if not user_ids:
        return {}
    rows = session.execute(select(STAFF.c.id, STAFF.c.display_name).where(STAFF.c.id.in_(user_ids)))
    return {row.id: row.display_name for row in rows}


def _of_part(part: RosterPart, people: Any) -> list[ColumnElement[bool]]:
    """The same conditions as the counts of `SessionCounts` that the parts are named after."""
    attended = people.status.in_(ATTENDED_STATUSES)
    of: dict[RosterPart, list[ColumnElement[bool]]] = {
        RosterPart.ALL: [],
        RosterPart.EXPECTED: [people.is_extra.is_(False)],
        RosterPart.ATTENDED: [attended],
        RosterPart.EXTRA: [attended, people.is_extra.is_(True)],
        RosterPart.BESIDE: [people.is_extra.is_(True)],
        RosterPart.MADE_UP: [people.status == Status.MADE_UP],
        RosterPart.EXCUSED: [people.status == Status.EXCUSED],
        RosterPart.ABSENT: [people.status == Status.ABSENT],
        RosterPart.UNRECORDED: [people.status.is_(None)],
        RosterPart.NOT_SIGNED_OUT: [attended, people.left_at.is_(None)],
    }
    return of[part]


def _named_people(session_id: int) -> tuple[Subquery, Select[*tuple[Any, ...]]]:
    people = _people(session_id).subquery("people")
    query = (
        select(people, Member.name, OrgUnit.name.label("org_name"), STAFF.c.display_name.label("recorded_by"))
        .join(Member, Member.id == people.c.member_id)
        .join(OrgUnit, OrgUnit.id == people.c.org_id)
        .outerjoin(STAFF, STAFF.c.id == people.c.recorded_by_id)
    )
    return people, query


def _people(session_id: int) -> Select[Any]:
    """Expected members with what was recorded for them, and those recorded without being expected."""
    recorded = (
        Attendance.status,
        Attendance.excuse_reason,
        Attendance.method,
        Attendance.occurred_at,
        Attendance.recorded_by_id,
        Attendance.came_at,
        Attendance.left_at,
        Attendance.minutes,
    )
    expected = (
        select(
            ExpectedAttendee.member_id,
            ExpectedAttendee.org_id,
            ExpectedAttendee.groups,
            literal(False).label("is_extra"),
            *recorded,
        )
        .outerjoin(
            Attendance,
            and_(
                Attendance.session_id == ExpectedAttendee.session_id,
                Attendance.member_id == ExpectedAttendee.member_id,
            ),
        )
        .where(ExpectedAttendee.session_id == session_id)
    )
    extra = (
        select(Attendance.member_id, Attendance.org_id, Attendance.groups, literal(True), *recorded)
        .outerjoin(
            ExpectedAttendee,
            and_(
                ExpectedAttendee.session_id == Attendance.session_id,
                ExpectedAttendee.member_id == Attendance.member_id,
            ),
        )
        .where(Attendance.session_id == session_id, ExpectedAttendee.member_id.is_(None))
    )
    both = union_all(expected, extra).subquery("both")
    return select(both)


def _roster_row(row: Any) -> RosterRow:
    return RosterRow(
        row.member_id,
        row.name,
        row.org_name,
        row.groups,
        bool(row.is_extra),
        Status(row.status) if row.status else None,
        ExcuseReason(row.excuse_reason) if row.excuse_reason else None,
        Method(row.method) if row.method else None,
        row.occurred_at,
        row.recorded_by_id,
        row.came_at,
        row.left_at,
        row.minutes,
        row.recorded_by,
    )


def recorded_under(session: Session, member_id: int, nonce: str) -> Attendance | None:
    """The member's row that a request with this nonce has made."""
    query = select(Attendance).where(Attendance.member_id == member_id, Attendance.nonce == nonce)
    return session.scalars(query).first()
