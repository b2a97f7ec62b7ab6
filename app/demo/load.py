"""Writes the demo district into an empty database, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from app.accounts.models import (
    Instructor,
    InstructorAssignment,
    RoleGrant,
    StaffUser,
    SupervisionTeam,
    TeamAssignment,
    TeamOfficial,
)
from app.attendance.models import Attendance
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import Base, is_postgresql, writing
from app.core.errors import InvalidInput, WrongState
from app.core.i18n import lazy
from app.core.passwords import hash_password
from app.core.statistics import take_statistics
from app.core.vocabulary import COUNTED_STATUSES, OrgKind, Role
from app.demo import district_rows, oversight, session_rows
from app.demo.assemble import STEPS, DemoYear, build_year
from app.demo.branch_year import secretary_branch
from app.demo.today import Today, build_today
from app.members.models import GroupMembership, Member, Membership, OrgPlacement, OrgPost, OrgTagRow, OrgUnit
from app.trainings.models import (
    AudienceRule,
    ExpectedAttendee,
    Lecturer,
    SessionLecturer,
    TrainingClass,
    TrainingSession,
    Venue,
)

PASSWORD = "bulou-demo"  # noqa: S105  printed at every start: the demo holds nobody real
FEWEST_MEMBERS = 50
EARLIEST_YEAR = 2001
ROWS_AT_ONCE = 5_000
# Opens a progress bar of a length and a label; what it yields is told how far the work has moved on.
Bar = Callable[[int, str], AbstractContextManager[Callable[[int], object]]]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A demo account; `is_new` False: the name was in use before and the account was left as it was."""

    username: str
    role: Role
    org_code: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """What was loaded. `sessions` and `person_times` are those of the demo year."""

    members: int
    branches: int
    sessions: int
    person_times: int
    class_person_times: int
    around_today: int
    sign_ins: tuple[SignIn, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: how many members, which (past) year, which of the invented districts."""

    members: int
    year: int
    seed: int


# Tables that a district fills by the ten thousand.
_LARGE = (
    "members", "memberships", "expected_attendees", "attendance", "member_years", "member_year_kinds",
)  # fmt: skip


def load_demo(order: Order, now: datetime, tz: ZoneInfo, elderly_age: int, bar: Bar) -> Summary:
    """Invent the district and write it; all or nothing.

    Raises InvalidInput for a year that is not over (its sessions could not have been held) and
    WrongState when the database already holds members, organisations or sessions.
    """
    _check(order, office_date(now, tz))
    with writing() as session:
        _refuse_unless_empty(session)
    # Outside the transaction: others need not wait, and PostgreSQL ends transactions that idle.
    with bar(STEPS + 1, "district") as advance:
        demo = build_year(order.seed, order.members, order.year, tz, elderly_age, advance)
        today = build_today(order.seed, demo, now, tz)
        overseers = oversight.build_oversight(order.seed, demo.district)
        advance(1)
    with writing() as session:
        _refuse_unless_empty(session)
        sign_ins, staff = _write_staff(session, demo, oversight.first_leader(overseers).name, now)
        _write_all(session, demo, today, district_rows.Context(now, tz, staff), bar)
        _write_overseers(session, overseers, demo, staff)
        _write_grants(session, demo, sign_ins)
        _continue_ids(session)
        summary = _summary(demo, today, sign_ins)
        counts = {"members": summary.members, "sessions": summary.sessions}
        record_act(session, "demo.load", "org:1", None, now, year=order.year, seed=order.seed, **counts)
    take_statistics(*_LARGE)
    return summary


def _check(order: Order, today: date) -> None:
    if not EARLIEST_YEAR <= order.year < today.year:
        words = lazy(
            "年份要在 %(first)s 到 %(last)s 之间:示范的是已经过完的一年。",
            first=EARLIEST_YEAR,
            last=today.year - 1,
        )
        raise InvalidInput.field("year", "out_of_range", words)
    if order.members < FEWEST_MEMBERS:
        words = lazy("党员数至少为 %(n)s。", n=FEWEST_MEMBERS)
        raise InvalidInput.field("members", "out_of_range", words)


def _refuse_unless_empty(session: Session) -> None:
    for model in (Member, OrgUnit, TrainingSession, TrainingClass, Venue, Lecturer):
        if session.scalar(select(func.count()).select_from(model)):
            words = lazy("数据库里已有党员、组织或场次,示范数据只能装入空的数据库。")
            raise WrongState(words, code="not_empty")


def _write_staff(
    session: Session, demo: DemoYear, leader: str, now: datetime
) -> tuple[tuple[SignIn, ...], district_rows.Staff]:
    """The four demo accounts; one whose name is in use already is left alone."""
    own = secretary_branch(demo.district.branches)
    wanted = (
        ("admin", "张主任", Role.ADMINISTRATOR, "SF"),
        ("organiser", "陈干事", Role.ORGANISER, "SF"),
        ("secretary", "李书记", Role.SECRETARY, own.code),
        ("supervisor", leader, Role.SUPERVISOR, "SF01"),
    )
    ids, sign_ins = [], []
    for username, display_name, role, code in wanted:
        known = session.scalar(select(StaffUser.id).where(StaffUser.username == username))
        if known is None:
            hashed = hash_password(PASSWORD)
            user = StaffUser(
                username=username, display_name=display_name, password_hash=hashed, created_at=now
            )
            session.add(user)
            session.flush()
        ids.append(known or user.id)
        sign_ins.append(SignIn(username, role, code, known is None))
    admin_id, organiser_id, secretary_id, supervisor_id = ids
    theirs = supervisor_id if sign_ins[-1].is_new else None
    return tuple(sign_ins), district_rows.Staff(admin_id, organiser_id, secretary_id, own.id, theirs)


def _write_grants(session: Session, demo: DemoYear, sign_ins: tuple[SignIn, ...]) -> None:
    """After the tree, which the grants point into; the supervisor leads a team instead."""
    by_code = {unit.code: unit.id for unit in demo.district.units}
    for sign_in in sign_ins:
        if sign_in.is_new and sign_in.role is not Role.SUPERVISOR:
            known = select(StaffUser.id).where(StaffUser.username == sign_in.username)
            user_id = session.scalars(known).one()
            session.add(RoleGrant(user_id=user_id, role=sign_in.role, org_id=by_code[sign_in.org_code]))
    session.flush()


def _write_all(
    session: Session, demo: DemoYear, today: Today, context: district_rows.Context, bar: Bar
) -> None:
    """Every table, what is pointed at before what points at it."""
    district = demo.district
    numbered = session_rows.number(demo, today)
    with bar(session_rows.count(district, numbered), "rows") as advance:
        put = _Put(session, advance)
        put(OrgUnit, district_rows.units(district))
        put(OrgPlacement, district_rows.placements(district))
        put(OrgTagRow, district_rows.tags(district))
        put(Member, district_rows.members(district))
        put(Membership, district_rows.memberships(district))
        put(GroupMembership, district_rows.group_memberships(district, context))
        put(OrgPost, district_rows.posts(district))
        put(Venue, district_rows.venues())
        put(Lecturer, district_rows.lecturers(district))
        put(TrainingClass, session_rows.courses(demo, today, context))
        put(TrainingSession, session_rows.sessions(numbered, context))
        put(SessionLecturer, session_rows.session_lecturers(numbered))
        put(AudienceRule, session_rows.audience(numbered))
        put(ExpectedAttendee, session_rows.expected(numbered))
        put(Attendance, session_rows.attendance(numbered, context))


def _write_overseers(
    session: Session, overseers: oversight.Oversight, demo: DemoYear, staff: district_rows.Staff
) -> None:
    """Instructors and teams, who are few."""
    entered_at = district_rows.entered_at(demo.district)
    put = _Put(session, lambda _: None)
    put(Instructor, oversight.instructor_rows(overseers, entered_at))
    put(InstructorAssignment, oversight.instructed_rows(overseers))
    put(SupervisionTeam, oversight.team_rows(entered_at))
    put(TeamOfficial, oversight.official_rows(overseers, staff.supervisor_id))
    put(TeamAssignment, oversight.supervised_rows(overseers))


class _Put:
    """Inserts rows of one table in batches, past the ORM, and tells the bar."""

    def __init__(self, session: Session, advance: Callable[[int], object]) -> None:
        self.connection = session.connection()
        self.advance = advance

    def __call__(self, model: type[Base], found: Iterable[dict[str, Any]]) -> None:
        for batch in _batches(iter(found)):
            self.connection.execute(insert(model), batch)
            self.advance(len(batch))


def _batches(found: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(found, ROWS_AT_ONCE)):
        yield batch


def _continue_ids(session: Session) -> None:
    """PostgreSQL hands out ids from a counter, which does not see the ids that we wrote ourselves."""
    if not is_postgresql(session):
        return
    overseers = (Instructor, SupervisionTeam, TeamOfficial)
    for model in (OrgUnit, Member, Venue, Lecturer, TrainingClass, TrainingSession, *overseers):
        name = model.__tablename__
        session.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
            {"name": name, "last": session.scalar(select(func.max(model.id))) or 1},
        )


def _summary(demo: DemoYear, today: Today, sign_ins: tuple[SignIn, ...]) -> Summary:
    times = [
        held.plan.course is not None
        for held in demo.sessions
        for row in held.attendees
        if row.status in COUNTED_STATUSES
    ]
    return Summary(
        members=len(demo.district.people),
        branches=sum(unit.kind is OrgKind.BRANCH for unit in demo.district.units),
        sessions=len(demo.sessions),
        person_times=len(times),
        class_person_times=sum(times),
        around_today=len(today.sessions),
        sign_ins=sign_ins,
    )
