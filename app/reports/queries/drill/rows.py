"""Attendance rows behind a number: singly, or gathered by member, class or training."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.orm import Session, aliased

from app.attendance.models import Attendance
from app.core.vocabulary import Status
from app.members.models import Member, OrgUnit
from app.reports.queries.cut import cut_rows
from app.reports.queries.drill.behind import Behind, Each, Lines, MemberLine, row_conditions
from app.reports.rules import Slice
from app.trainings.models import TrainingClass, TrainingSession

# The row of a line's last session.
_LAST = aliased(Attendance)


def rows_behind(session: Session, behind: Behind, each: Each, cut: Slice) -> Lines:
    """Counted attendance rows, singly or gathered; the lines of person_times, class_person_times, members."""
    conditions = row_conditions(behind)
    if each is Each.CLASS:
        conditions.append(Attendance.class_id.is_not(None))
    training = func.coalesce(Attendance.class_id, -Attendance.session_id)
    keys: Any = {
        Each.ROW: [],
        Each.MEMBER: [Attendance.member_id],
        Each.CLASS: [Attendance.class_id, Attendance.member_id],
        Each.TRAINING: [training, Attendance.member_id],
    }[each]
    gathered = _single(conditions) if each is Each.ROW else _gathered(conditions, keys)
    # What an index says of the rows, so that none is read for it.
    bare = gathered if each is Each.ROW else _added_up(conditions, keys)
    sums = select(
        func.count(),
        func.coalesce(func.sum(bare.c.rows), 0),
        func.coalesce(func.sum(bare.c.minutes), 0),
    ).select_from(bare)
    count, rows, minutes = session.execute(sums).one()
    title = (
        TrainingSession.title
        if each is Each.ROW
        else func.coalesce(TrainingClass.title, TrainingSession.title)
    )
    query = (
        select(gathered, Member.name, OrgUnit.name.label("org_name"), title.label("title"))
        .select_from(gathered)
        .join(Member, Member.id == gathered.c.member_id)
        .join(_LAST, and_(_LAST.session_id == gathered.c.session_id, _LAST.member_id == gathered.c.member_id))
        .join(OrgUnit, OrgUnit.id == _LAST.org_id)
        .join(TrainingSession, TrainingSession.id == gathered.c.session_id)
        .outerjoin(TrainingClass, TrainingClass.id == gathered.c.class_id)
    )
    order = (gathered.c.first_on, gathered.c.session_id, gathered.c.member_id)
    found, _more = cut_rows(session, query, order, cut)
    items = tuple(_member_line(row, each) for row in found)
    return Lines(count, items, {"rows": int(rows), "minutes": int(minutes)})


def _single(conditions: list[ColumnElement[bool]]) -> Any:
    """Subquery of single rows in the shape of `_gathered`; nothing is grouped, so a page is found at once."""
    return (
        select(
            Attendance.member_id,
            Attendance.session_id,
            Attendance.class_id,
            Attendance.office_date.label("first_on"),
            Attendance.office_date.label("last_on"),
            Attendance.status,
            literal(1).label("rows"),
            Attendance.minutes,
        )
        .where(*conditions)
        .subquery("gathered")
    )


def _gathered(conditions: list[ColumnElement[bool]], keys: list[Any]) -> Any:
    """Subquery of one line for each of `keys`, which the member is one of. Of the branch the row `_LAST`
    tells: with it among these columns no index would have them all.
    """
    return (
        select(
            Attendance.member_id,
            func.max(Attendance.session_id).label("session_id"),
            func.max(Attendance.class_id).label("class_id"),
            func.min(Attendance.office_date).label("first_on"),
            func.max(Attendance.office_date).label("last_on"),
            func.max(Attendance.status).label("status"),
            func.count().label("rows"),
            func.sum(Attendance.minutes).label("minutes"),
        )
        .where(*conditions)
        .group_by(*keys)
        .subquery("gathered")
    )


def _added_up(conditions: list[ColumnElement[bool]], keys: list[Any]) -> Any:
    """Subquery of rows and minutes alone, of one line for each of `keys`."""
    query = select(func.count().label("rows"), func.sum(Attendance.minutes).label("minutes"))
    return query.where(*conditions).group_by(*keys).subquery("added_up")


def _member_line(row: Any, each: Each) -> MemberLine:
    return MemberLine(
        member=row.member_id,
        name=row.name,
        org_name=row.org_name,
        title="" if each is Each.MEMBER else row.title,
        session_id=row.session_id if each is Each.ROW else None,
        first_on=row.first_on,
        last_on=row.last_on,
        status=Status(row.status) if each is Each.ROW else None,
        rows=row.rows,
        minutes=int(row.minutes),
    )
