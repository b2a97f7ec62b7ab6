"""Places on expected lists behind a number: who came, who made it up, who was not there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.vocabulary import ATTENDED_STATUSES, COUNTED_STATUSES, Status
from app.members.models import Member, OrgUnit
from app.reports.queries.attendance_rate import expected_in
from app.reports.queries.cut import cut_rows
from app.reports.queries.drill.behind import Behind, Each, Lines, MemberLine
from app.reports.queries.place import Place, held_in, inside
from app.reports.rules import ExpectedPart, Slice
from app.trainings.models import ExpectedAttendee, TrainingClass, TrainingSession


def expected_behind(session: Session, behind: Behind, part: ExpectedPart, each: Each, cut: Slice) -> Lines:
    """Places on the lists of held sessions, with the status of the member's row; None: not recorded.

    With Each.MEMBER one line a member, whose status is none in particular.
    """
    gathered = _gathered(behind, part, each)
    count, rows = session.execute(
        select(func.count(), func.coalesce(func.sum(gathered.c.rows), 0)).select_from(gathered)
    ).one()
    title = func.coalesce(TrainingClass.title, TrainingSession.title)
    query = (
        select(
            gathered,
            Member.name,
            OrgUnit.name.label("org_name"),
            TrainingSession.title,
            title.label("training"),
        )
        .select_from(gathered)
        .join(Member, Member.id == gathered.c.member_id)
        .join(OrgUnit, OrgUnit.id == gathered.c.org_id)
        .join(TrainingSession, TrainingSession.id == gathered.c.session_id)
        .outerjoin(TrainingClass, TrainingClass.id == TrainingSession.class_id)
    )
    order = (gathered.c.first_on, gathered.c.session_id, gathered.c.member_id)
    found, _more = cut_rows(session, query, order, cut)
    single = each is Each.ROW
    items = tuple(
        MemberLine(
            member=row.member_id,
            name=row.name,
            org_name=row.org_name,
            title=row.title if single else row.training,
            session_id=row.session_id if single else None,
            first_on=row.first_on,
            last_on=row.last_on,
            status=Status(row.status) if single and row.status else None,
            rows=row.rows,
        )
        for row in found
    )
    return Lines(count, items, {"rows": int(rows)})


def _gathered(behind: Behind, part: ExpectedPart, each: Each) -> Any:
    columns: tuple[Any, ...] = (
        ExpectedAttendee.member_id,
        ExpectedAttendee.org_id,
        TrainingSession.id.label("session_id"),
        TrainingSession.office_date.label("first_on"),
        TrainingSession.office_date.label("last_on"),
        Attendance.status,
        literal(1).label("rows"),
    )
    if each is Each.MEMBER:
        columns = (
            ExpectedAttendee.member_id,
            func.max(ExpectedAttendee.org_id).label("org_id"),
            func.max(TrainingSession.id).label("session_id"),
            func.min(TrainingSession.office_date).label("first_on"),
            func.max(TrainingSession.office_date).label("last_on"),
            func.max(Attendance.status).label("status"),
            func.count().label("rows"),
        )
    same_person = (Attendance.session_id == ExpectedAttendee.session_id) & (
        Attendance.member_id == ExpectedAttendee.member_id
    )
    query = (
        select(*columns)
        .select_from(TrainingSession)
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .outerjoin(Attendance, same_person)
        .where(*_conditions(behind, part))
    )
    if each is Each.MEMBER:
        query = query.group_by(ExpectedAttendee.member_id)
    return query.subquery("gathered")


def _conditions(behind: Behind, part: ExpectedPart) -> list[ColumnElement[bool]]:
    if behind.by_host:
        hosted = inside(behind.place, TrainingSession.host_org_id, TrainingSession.office_date)
        found = [*held_in(behind.period), hosted, *expected_in(behind.period, _ANYWHERE, behind.line)]
    else:
        found = expected_in(behind.period, behind.place, behind.line)
    wanted: list[tuple[Any, Any]] = [
        (behind.member_id, ExpectedAttendee.member_id),
        (behind.kind, TrainingSession.kind_key),
        (behind.mode, TrainingSession.mode_key),
    ]
    found += [column == value for value, column in wanted if value is not None]
    if behind.group is not None:
        found.append(ExpectedAttendee.groups.bitwise_and(behind.group.bit) != 0)
    counted = Attendance.is_held.is_(True) & Attendance.status.in_(COUNTED_STATUSES)
    conditions: dict[ExpectedPart, ColumnElement[bool]] = {
        ExpectedPart.ATTENDED: counted & Attendance.status.in_(ATTENDED_STATUSES),
        ExpectedPart.MADE_UP: counted & (Attendance.status == Status.MADE_UP),
        ExpectedPart.MISSING: Attendance.member_id.is_(None) | ~counted,
    }
    return found if part is ExpectedPart.ALL else [*found, conditions[part]]


_ANYWHERE = Place((), None, "", is_everything=True)
