"""The ledger of classes: one line a class, or a session that belongs to none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.i18n import localised
from app.core.vocabulary import ATTENDED_STATUSES, COUNTED_STATUSES
from app.members.models import OrgUnit
from app.reports.queries.cut import cut_rows
from app.reports.queries.place import Place, held_in, inside
from app.reports.rules import FIRST_PAGE, Key, Period, Slice
from app.trainings.models import (
    ExpectedAttendee,
    Lecturer,
    SessionKind,
    SessionLecturer,
    TrainingClass,
    TrainingSession,
    Venue,
)
from app.trainings.queries.sessions import delivered_credit

# The id of a line: a class's own, or minus a session's that has no class.
_LINE = func.coalesce(TrainingSession.class_id, -TrainingSession.id)


@dataclass(frozen=True, slots=True)
class LedgerItem:
    """A class or single session with its held sessions of the period.

    line: the class's id, or minus the session's. expected, attended: distinct members; attended
    without make-ups. person_times: counted rows, a member once a session, of any branch.
    """

    line: int
    kind_key: str
    kind_label: str
    title: str
    first_on: date
    last_on: date
    venues: tuple[str, ...]
    host_code: str
    host_name: str
    lecturers: tuple[str, ...]
    sessions: int
    minutes: int
    expected: int
    attended: int
    person_times: int
    declared_person_times: int

    @property
    def number(self) -> str:
        """B12 for class 12 (班次), C34 for session 34 alone (场次)."""
        return f"B{self.line}" if self.line > 0 else f"C{-self.line}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """`count` lines, the asked part of them by first day."""

    count: int
    items: tuple[LedgerItem, ...]
    next: Key | None


def ledger(
    session: Session,
    period: Period,
    place: Place,
    cut: Slice = FIRST_PAGE,
) -> Ledger:
    """Held sessions of the period whose host lay within the place on their day, gathered by class."""
    held = [*held_in(period), inside(place, TrainingSession.host_org_id, TrainingSession.office_date)]
    lines = (
        select(
            _LINE.label("line"),
            func.min(TrainingSession.id).label("session_id"),
            func.min(TrainingSession.office_date).label("first_on"),
            func.max(TrainingSession.office_date).label("last_on"),
            func.count().label("sessions"),
            func.sum(delivered_credit(session)).label("minutes"),
            func.coalesce(func.sum(TrainingSession.declared_person_times), 0).label("declared"),
        )
        .where(*held)
        .group_by(_LINE)
        .subquery("lines")
    )
    count = session.scalar(select(func.count()).select_from(lines)) or 0
    rows, following = _lines(session, lines, cut)
    # Everything at once needs no list of lines, which could be longer than a statement may be.
    wanted = [] if cut.limit is None else [_LINE.in_([row.line for row in rows])]
    facts = _Facts.read(session, [*held, *wanted])
    items = tuple(_item(row, facts) for row in rows)
    return Ledger(count, items, (rows[-1].first_on.isoformat(), rows[-1].session_id) if following else None)


def _lines(session: Session, lines: Any, cut: Slice) -> tuple[list[Any], bool]:
    is_class = lines.c.line > 0
    query = (
        select(
            lines,
            SessionKind.key.label("kind_key"),
            SessionKind.name_zh,
            SessionKind.name_en,
            case((is_class, TrainingClass.title), else_=TrainingSession.title).label("title"),
            OrgUnit.code.label("host_code"),
            OrgUnit.name.label("host_name"),
        )
        .select_from(lines)
        .join(TrainingSession, TrainingSession.id == lines.c.session_id)
        .outerjoin(TrainingClass, TrainingClass.id == lines.c.line)
        .join(
            SessionKind,
            SessionKind.key == case((is_class, TrainingClass.kind_key), else_=TrainingSession.kind_key),
        )
        .join(
            OrgUnit,
            OrgUnit.id == case((is_class, TrainingClass.host_org_id), else_=TrainingSession.host_org_id),
        )
    )
    if cut.after is not None:
        cut = Slice(cut.limit, (date.fromisoformat(cut.after[0]), cut.after[1]), cut.offset)  # type: ignore[arg-type]
    return cut_rows(session, query, (lines.c.first_on, lines.c.session_id), cut)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What stands beside the lines, by line."""

    venues: dict[int, tuple[str, ...]]
    lecturers: dict[int, tuple[str, ...]]
    expected: dict[int, int]
    came: dict[int, tuple[int, int]]

    @classmethod
    def read(cls, session: Session, which: list[ColumnElement[bool]]) -> _Facts:
        """which: conditions on sessions."""
        venues = (
            select(_LINE, Venue.name)
            .join(Venue, Venue.id == TrainingSession.venue_id)
            .where(*which)
            .group_by(_LINE, Venue.name)
            .order_by(func.min(TrainingSession.starts_at))
        )
        lecturers = (
            select(_LINE, Lecturer.name)
            .join(SessionLecturer, SessionLecturer.session_id == TrainingSession.id)
            .join(Lecturer, Lecturer.id == SessionLecturer.lecturer_id)
            .where(*which)
            .group_by(_LINE, Lecturer.id, Lecturer.name)
            .order_by(func.min(TrainingSession.starts_at), func.min(SessionLecturer.position), Lecturer.id)
        )
        expected = (
            select(_LINE, func.count(ExpectedAttendee.member_id.distinct()))
            .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
            .where(*which)
            .group_by(_LINE)
        )
        attended = case((Attendance.status.in_(ATTENDED_STATUSES), Attendance.member_id))
        came = (
            select(_LINE, func.count(attended.distinct()), func.count())
            .join(
                Attendance,
                and_(
                    Attendance.session_id == TrainingSession.id,
                    Attendance.is_held.is_(True),
                    Attendance.status.in_(COUNTED_STATUSES),
                ),
            )
            .where(*which)
            .group_by(_LINE)
        )
        return cls(
            _names(session.execute(venues)),
            _names(session.execute(lecturers)),
            {line: int(people) for line, people in session.execute(expected)},
            {line: (people, times) for line, people, times in session.execute(came)},
        )


def _names(rows: Any) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    for line, name in rows:
        found[line].append(name)
    return {line: tuple(names) for line, names in found.items()}


def _item(row: Any, facts: _Facts) -> LedgerItem:
    attended, person_times = facts.came.get(row.line, (0, 0))
    return LedgerItem(
        line=row.line,
        kind_key=row.kind_key,
        kind_label=localised(row.name_zh, row.name_en),
        title=row.title,
        first_on=row.first_on,
        last_on=row.last_on,
        venues=facts.venues.get(row.line, ()),
        host_code=row.host_code,
        host_name=row.host_name,
        lecturers=facts.lecturers.get(row.line, ()),
        sessions=row.sessions,
        minutes=int(row.minutes),
        expected=facts.expected.get(row.line, 0),
        attended=attended,
        person_times=person_times,
        declared_person_times=int(row.declared),
    )
