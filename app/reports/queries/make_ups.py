"""The list of what was missed and how it is made up: a line for each expected member and session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, MakeUp
from app.attendance.queries.absences import missed_rows
from app.core.vocabulary import Group, MakeUpState, Status
from app.members.models import Member, OrgUnit
from app.members.queries.masked import masked_phone
from app.reports.queries.cut import cut_rows
from app.reports.queries.place import Place, held_in, inside
from app.reports.rules import FIRST_PAGE, LongKey, Period, Slice, suggested_mode
from app.trainings.models import ExpectedAttendee, TrainingSession

_VIA = TrainingSession.__table__.alias("via")


class ListState(StrEnum):
    """How far making up has come: nothing planned, planned, done."""

    OPEN = "open"
    PLANNED = "planned"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class MakeUpItem:
    """A member whom a held session of the period expected and who missed it; branch and groups of its day.

    status: absent or excused, also once it was made up; None: not recorded. mode_key: how it is or was
    made up; via: the session in which; None: by itself.
    """

    member: int
    name: str
    org_code: str
    org_name: str
    groups: tuple[Group, ...]
    phone_masked: str | None
    session_id: int
    title: str
    kind_key: str
    office_date: date
    status: Status | None
    suggested_mode: str
    state: ListState
    mode_key: str | None
    via_id: int | None
    via_title: str | None
    via_on: date | None
    done_on: date | None


@dataclass(frozen=True, slots=True)
class MakeUps:
    """`count` of all, the asked part of them by branch, member and session, and the key to go on after."""

    count: int
    items: tuple[MakeUpItem, ...]
    next: LongKey | None


def make_ups(
    session: Session,
    period: Period,
    place: Place,
    state: ListState | None = None,
    group: Group | None = None,
    cut: Slice = FIRST_PAGE,
) -> MakeUps:
    """Expected members of held sessions who are absent, excused or not recorded, or have made it up.

    Of sessions of which nobody was recorded nobody is known to have missed them: they are left out.
    """
    wanted = [
        *held_in(period),
        inside(place, ExpectedAttendee.org_id, TrainingSession.office_date),
        _in_state(state),
    ]
    if group is not None:
        wanted.append(ExpectedAttendee.groups.bitwise_and(group.bit) != 0)
    # The count beside every line: the lists are gone through once, not once for it and once for the lines.
    query = _query().add_columns(func.count().over().label("all_lines"))
    everyone = query.where(*wanted).subquery("everyone")
    order = (everyone.c.org_code, everyone.c.member_id, everyone.c.session_id)
    rows, following = cut_rows(session, select(everyone), order, cut)
    items = tuple(_item(row) for row in rows)
    # Past the last page nothing tells it.
    count = rows[0].all_lines if rows else session.scalar(_joined(select(func.count())).where(*wanted)) or 0
    last = (items[-1].org_code, items[-1].member, items[-1].session_id) if following else None
    return MakeUps(count, items, last)


def _in_state(state: ListState | None) -> ColumnElement[bool]:
    missed, done = missed_rows(Attendance), MakeUp.state == MakeUpState.DONE
    if state is ListState.OPEN:
        return and_(missed, MakeUp.state.is_(None))
    if state is ListState.PLANNED:
        return MakeUp.state == MakeUpState.PLANNED
    if state is ListState.DONE:
        return done
    return or_(missed, done, MakeUp.state == MakeUpState.PLANNED)


def _joined(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Who was expected where, with what the ledger and the make-ups say of it."""

    def same(table: Any) -> ColumnElement[bool]:
        return and_(
            table.session_id == ExpectedAttendee.session_id, table.member_id == ExpectedAttendee.member_id
        )

    return (
        query.select_from(ExpectedAttendee)
        .join(TrainingSession, TrainingSession.id == ExpectedAttendee.session_id)
        .outerjoin(Attendance, same(Attendance))
        .outerjoin(MakeUp, same(MakeUp))
    )


def _query() -> Select[*tuple[Any, ...]]:
    return (
        _joined(
            select(
                ExpectedAttendee.member_id,
                Member.name.label("member_name"),
                OrgUnit.code.label("org_code"),
                OrgUnit.name.label("org_name"),
                ExpectedAttendee.groups,
                Member.phone_sealed,
                TrainingSession.id.label("session_id"),
                TrainingSession.title,
                TrainingSession.kind_key,
                TrainingSession.office_date,
                Attendance.status,
                MakeUp.state,
                MakeUp.status_before,
                MakeUp.mode_key,
                MakeUp.done_on,
                _VIA.c.id.label("via_id"),
                _VIA.c.title.label("via_title"),
                _VIA.c.office_date.label("via_on"),
            )
        )
        .join(Member, Member.id == ExpectedAttendee.member_id)
        .join(OrgUnit, OrgUnit.id == ExpectedAttendee.org_id)
        .outerjoin(_VIA, _VIA.c.id == MakeUp.via_session_id)
    )


def _item(row: Any) -> MakeUpItem:
    groups = Group.from_bits(row.groups)
    state = ListState(row.state.value) if row.state else ListState.OPEN
    return MakeUpItem(
        member=row.member_id,
        name=row.member_name,
        org_code=row.org_code,
        org_name=row.org_name,
        groups=groups,
        phone_masked=masked_phone(row.phone_sealed),
        session_id=row.session_id,
        title=row.title,
        kind_key=row.kind_key,
        office_date=row.office_date,
        status=row.status_before if state is ListState.DONE else row.status,
        suggested_mode=suggested_mode(groups),
        state=state,
        mode_key=row.mode_key,
        via_id=row.via_id,
        via_title=row.via_title,
        via_on=row.via_on,
        done_on=row.done_on,
    )
