"""The numbers of a yearly bulletin: figures of other reports, gathered, and who stood behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, null, select
from sqlalchemy.orm import Session

from app.accounts.models import (
    Instructor,
    InstructorAssignment,
    SupervisionTeam,
    TeamAssignment,
    TeamOfficial,
)
from app.core.vocabulary import CountMark, LecturerRole, OrgTag
from app.members.models import OrgPlacement, OrgTagRow, OrgUnit
from app.members.queries.tree import placed_on
from app.reports.queries.coverage import Coverage, coverage
from app.reports.queries.cut import cut_rows
from app.reports.queries.person_times import PersonTimes, person_times
from app.reports.queries.place import Place, held_in, inside, inside_on, kind_names, mode_names
from app.reports.rules import By, CoverageBy, Period, Slice, Snapshot
from app.reports.rules_bulletin import Backing, mark_of_sum
from app.trainings.models import Lecturer, SessionLecturer, TrainingSession


@dataclass(frozen=True, slots=True)
class BulletinNumbers:
    """Results of the year's queries. kinds, modes: every one by key, with its name, in the office's order.

    marks: of the head counts of each kind, and of all of them under ""; None: some nearly, some over.
    """

    period: Period
    on: date
    kinds: dict[str, str]
    modes: dict[str, str]
    by_kind: PersonTimes
    by_mode: PersonTimes
    coverage: Coverage
    marks: dict[str, CountMark | None]
    backing: dict[Backing, int]


@dataclass(frozen=True, slots=True)
class BackingLine:
    """A person or a unit behind a number; `count`: sessions, units looked after, or officials."""

    id: int
    name: str
    detail: str | None
    count: int | None


def bulletin_numbers(session: Session, period: Period, snapshot: Snapshot, place: Place) -> BulletinNumbers:
    """The figures of a year as every other report has them; nothing is counted another way here."""
    return BulletinNumbers(
        period,
        snapshot.on,
        kind_names(session),
        mode_names(session),
        person_times(session, period, place, By.KIND),
        person_times(session, period, place, By.MODE),
        coverage(session, period, snapshot, place, CoverageBy.GROUP),
        _marks(session, period, place),
        backing_counts(session, period, snapshot.on, place),
    )


def backing_counts(
    session: Session, period: Period, on: date, place: Place, *only: Backing
) -> dict[Backing, int]:
    """How many lines `backing_lines` has, of each sort or of those named, in one query."""
    wanted = only or tuple(Backing)
    counts = [
        select(func.count())
        .select_from(_backing(which, period, on, place).subquery(which.value))
        .scalar_subquery()
        .label(which.value)
        for which in wanted
    ]
    return dict(zip(wanted, session.execute(select(*counts)).one(), strict=True))


def backing_lines(
    session: Session, which: Backing, period: Period, on: date, place: Place, cut: Slice
) -> tuple[int, tuple[BackingLine, ...]]:
    """How many, and the asked part of them by name."""
    found = _backing(which, period, on, place).subquery("found")
    rows, _more = cut_rows(session, select(found), (found.c.name, found.c.id), cut)
    lines = tuple(BackingLine(row.id, row.name, row.detail, row.count) for row in rows)
    return backing_counts(session, period, on, place, which)[which], lines


def _marks(session: Session, period: Period, place: Place) -> dict[str, CountMark | None]:
    query = (
        select(TrainingSession.kind_key, TrainingSession.declared_mark)
        .where(
            *held_in(period),
            TrainingSession.declared_person_times > 0,
            inside(place, TrainingSession.host_org_id, TrainingSession.office_date),
        )
        .distinct()
    )
    found: dict[str, set[CountMark]] = {"": set()}
    for key, mark in session.execute(query):
        found.setdefault(key, set()).add(mark)
        found[""].add(mark)
    return {key: mark_of_sum(marks) for key, marks in found.items()}


def _backing(which: Backing, period: Period, on: date, place: Place) -> Any:
    """(id, name, detail, count) of each person or unit, once.

    lecturers, exemplars: with a part other than presiding in a held session that the place hosted.
    instructors, teams, officials: looking after a unit of the place on the day. Branches: by their tags
    of the day.
    """
    if which in (Backing.LECTURERS, Backing.EXEMPLARS):
        return _speakers(which is Backing.EXEMPLARS, period, place)
    if which in (Backing.GUIDED, Backing.MODEL):
        return _tagged(OrgTag.GUIDED if which is Backing.GUIDED else OrgTag.MODEL, on, place)
    if which is Backing.INSTRUCTORS:
        return (
            select(Instructor.id, Instructor.name, Instructor.work_place.label("detail"), _units())
            .join(InstructorAssignment, InstructorAssignment.instructor_id == Instructor.id)
            .where(*_looks_after(InstructorAssignment, on, place))
            .group_by(Instructor.id)
        )
    if which is Backing.TEAMS:
        return (
            select(SupervisionTeam.id, SupervisionTeam.name, null().label("detail"), _units())
            .join(TeamAssignment, TeamAssignment.team_id == SupervisionTeam.id)
            .where(*_looks_after(TeamAssignment, on, place))
            .group_by(SupervisionTeam.id)
        )
    at_work = select(TeamAssignment.team_id).where(*_looks_after(TeamAssignment, on, place))
    return (
        select(
            TeamOfficial.id,
            TeamOfficial.name,
            SupervisionTeam.name.label("detail"),
            null().label("count"),
        )
        .join(SupervisionTeam, SupervisionTeam.id == TeamOfficial.team_id)
        .where(TeamOfficial.starts_on <= on, TeamOfficial.ends_on > on, TeamOfficial.team_id.in_(at_work))
    )


def _units() -> Any:
    return func.count().label("count")


def _looks_after(table: Any, on: date, place: Place) -> list[Any]:
    return [table.starts_on <= on, table.ends_on > on, inside_on(place, table.org_id, on)]


def _speakers(exemplars: bool, period: Period, place: Place) -> Any:
    return (
        select(
            Lecturer.id,
            Lecturer.name,
            Lecturer.title.label("detail"),
            func.count(SessionLecturer.session_id.distinct()).label("count"),
        )
        .join(SessionLecturer, SessionLecturer.lecturer_id == Lecturer.id)
        .join(TrainingSession, TrainingSession.id == SessionLecturer.session_id)
        .where(
            *held_in(period),
            inside(place, TrainingSession.host_org_id, TrainingSession.office_date),
            SessionLecturer.role != LecturerRole.HOST,
            Lecturer.is_exemplar.is_(exemplars),
        )
        .group_by(Lecturer.id)
    )


def _tagged(tag: OrgTag, on: date, place: Place) -> Any:
    return (
        select(OrgUnit.id, OrgUnit.name, OrgUnit.code.label("detail"), null().label("count"))
        .join(OrgTagRow, OrgTagRow.org_id == OrgUnit.id)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .where(
            OrgTagRow.tag == tag,
            OrgTagRow.starts_on <= on,
            OrgTagRow.ends_on > on,
            inside_on(place, OrgUnit.id, on),
        )
    )
