"""Person-times and coverage against a plain recount in Python, on invented small worlds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.attendance.models import Attendance
from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import COUNTED_STATUSES, Group, OrgKind, OrgSector, Role, SessionState, Status
from app.members.models import Membership
from app.reports.queries import (
    Place,
    coverage,
    ledger,
    person_times,
    place_in_scope,
    study_hours,
    uncovered,
    year_hours,
)
from app.reports.rules import EVERYTHING, By, CoverageBy, Period, Slice, Snapshot, share
from app.trainings.models import TrainingClass, TrainingSession
from tests import databases
from tests.factories import NOW, attend, make_member, make_org, make_session, make_staff, put_in_group

TODAY = date(2020, 6, 1)
YEAR = Period.of_year(2019)
ON = date(2019, 12, 31)
OLD, YOUNG = date(1940, 5, 5), date(1985, 5, 5)
KINDS, MODES = ("theme_day", "central_training"), ("in_person", "home_visit")
UNITS = ("R", "C1", "C2", "B1", "B2", "B3")
PARENTS = {"R": None, "C1": "R", "C2": "R", "B1": "C1", "B2": "C1", "B3": "C2"}
SECTORS = {"B1": OrgSector.VILLAGE, "B3": OrgSector.NON_PUBLIC}
BRANCHES = ("B1", "B2", "B3")


@dataclass(frozen=True)
class Person:
    branch: str
    is_old: bool
    is_mobile: bool
    is_exempt: bool
    moves_to: str | None


@dataclass(frozen=True)
class Held:
    host: str
    month: int
    kind: str
    mode: str
    class_number: int | None
    state: SessionState
    declared: int | None


PEOPLE = st.builds(
    Person,
    st.sampled_from(BRANCHES),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.sampled_from(BRANCHES)),
)
SESSIONS = st.builds(
    Held,
    st.sampled_from(UNITS),
    st.sampled_from([0, 1, 6, 8, 12]),  # 0: December of the year before
    st.sampled_from(KINDS),
    st.sampled_from(MODES),
    st.one_of(st.none(), st.integers(0, 1)),
    st.sampled_from([SessionState.CLOSED] * 4 + [SessionState.OPEN, SessionState.CANCELLED]),
    st.one_of(st.none(), st.integers(0, 300)),
)
WORLDS = st.tuples(
    st.lists(PEOPLE, min_size=1, max_size=6),
    st.lists(SESSIONS, min_size=1, max_size=7),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5), st.sampled_from(list(Status))), max_size=24),
)


def build(world: Any) -> dict[str, Any]:
    """Store a world; branches change on 1 July 2019 for those who move. Returns units by code."""
    people, sessions, rows = world
    with writing() as session:
        units: dict[str, Any] = {}
        for code, parent in PARENTS.items():
            kind = OrgKind.BRANCH if code in BRANCHES else OrgKind.COMMITTEE
            units[code] = make_org(
                code, units[parent] if parent else None, kind=kind, sector=SECTORS.get(code)
            )
        approver = make_staff("管理员", Role.ADMINISTRATOR, units["R"])
        members = [make_person(session, person, units, approver) for person in people]
        classes = [
            TrainingClass(title=title, kind_key="central_training", host_org_id=units["R"].id, created_at=NOW)
            for title in ("一班", "二班")
        ]
        session.add_all(classes)
        session.flush()
        held = [make_held(one, units, classes) for one in sessions]
        session.flush()
        seen = set()
        for session_number, member_number, status in rows:
            pair = (session_number % len(held), member_number % len(members))
            if pair not in seen:
                seen.add(pair)
                attend(held[pair[0]], members[pair[1]], status=status)
    return units


def start_over(app: Flask, world: Any) -> None:
    """Each example begins with an empty database, nobody reading in it, and its own world."""
    db.session.rollback()
    databases.empty(app)
    build(world)


def make_person(session: Any, person: Person, units: dict[str, Any], approver: Any) -> Any:
    birth = OLD if person.is_old else YOUNG
    member = make_member("党员", units[person.branch], birth_date=birth)
    if person.is_mobile:
        put_in_group(member, Group.MOBILE)
    if person.is_exempt:
        put_in_group(member, Group.EXEMPT, approved_by_id=approver.id)
    if person.moves_to and person.moves_to != person.branch:
        session.flush()
        row = session.scalars(select(Membership).where(Membership.member_id == member.id)).one()
        row.ends_on = date(2019, 7, 1)
        session.add(
            Membership(member_id=member.id, org_id=units[person.moves_to].id, starts_on=date(2019, 7, 1))
        )
        session.flush()
    return member


def make_held(one: Held, units: dict[str, Any], classes: list[TrainingClass]) -> Any:
    day = datetime(2019, one.month, 10, 1, tzinfo=UTC) if one.month else datetime(2018, 12, 31, 1, tzinfo=UTC)
    return make_session(
        units[one.host],
        kind=one.kind,
        mode=one.mode,
        starts_at=day,
        minutes=90,
        state=one.state,
        declared_person_times=one.declared,
        class_id=None if one.class_number is None else classes[one.class_number].id,
    )


def below(code: str) -> set[str]:
    """The unit and everything under it."""
    return {unit for unit in UNITS if code in lineage(unit)}


def lineage(code: str | None) -> list[str]:
    return [code, *lineage(PARENTS[code])] if code else []


def place(code: str | None) -> Place:
    root = place_in_scope(db.session(), Scope(tuple(all_ids().values())[:1], None), None, TODAY)
    return root if code is None else place_in_scope(db.session(), Scope(root.org_ids, None), code, TODAY)


def all_ids() -> dict[str, int]:
    from app.members.models import OrgUnit

    return {unit.code: unit.id for unit in db.session.scalars(select(OrgUnit).order_by(OrgUnit.id))}


def recount(units: dict[str, int], codes: set[str], keep: Any, hosted: Any) -> tuple[int, ...]:
    """The seven numbers of a line, counted row by row."""
    inside = {units[code] for code in codes}
    rows = [
        row
        for row in db.session.scalars(select(Attendance))
        if row.is_held
        and row.status in COUNTED_STATUSES
        and YEAR.first <= row.office_date <= YEAR.last
        and row.org_id in inside
        and keep(row)
    ]
    sessions = [
        one
        for one in db.session.scalars(select(TrainingSession))
        if one.state is SessionState.CLOSED
        and YEAR.first <= one.office_date <= YEAR.last
        and hosted(one, inside, rows)
    ]
    return (
        len(sessions),
        len({one.class_id for one in sessions if one.class_id}),
        len(rows),
        len({(row.class_id, row.member_id) for row in rows if row.class_id}),
        len({row.member_id for row in rows}),
        sum(row.minutes for row in rows),
        sum(one.declared_person_times or 0 for one in sessions),
    )


def numbers(row: Any) -> tuple[int, ...]:
    return (
        row.sessions,
        row.classes,
        row.person_times,
        row.class_person_times,
        row.members,
        row.minutes,
        row.declared_person_times,
    )


def hosted_there(one: Any, inside: set[int], _rows: Any) -> bool:
    return one.host_org_id in inside


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=WORLDS, code=st.sampled_from([None, "C1", "B1"]))
def test_person_times_are_what_a_recount_row_by_row_gives(ctx: Flask, world: Any, code: str | None) -> None:
    start_over(ctx, world)
    units, here = all_ids(), place(code)
    codes = below(code or "R")
    session = db.session()
    by_kind = person_times(session, YEAR, here, By.KIND)
    assert numbers(by_kind.total) == recount(units, codes, lambda _row: True, hosted_there)
    splits: dict[By, Any] = {
        By.KIND: lambda key: (
            lambda row: row.kind_key == key,
            lambda one, inside, rows: hosted_there(one, inside, rows) and one.kind_key == key,
        ),
        By.MODE: lambda key: (
            lambda row: row.mode_key == key,
            lambda one, inside, rows: hosted_there(one, inside, rows) and one.mode_key == key,
        ),
        By.MONTH: lambda key: (
            lambda row: row.office_date.isoformat()[:7] == key,
            lambda one, inside, rows: (
                hosted_there(one, inside, rows) and one.office_date.isoformat()[:7] == key
            ),
        ),
    }
    for by, split in splits.items():
        result = person_times(session, YEAR, here, by)
        assert result.total == by_kind.total
        for row in result.rows:
            assert numbers(row) == recount(units, codes, *split(row.key)), (by, row.key)
        assert sum(row.person_times for row in result.rows) == result.total.person_times
        assert sum(row.sessions for row in result.rows) == result.total.sessions


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=WORLDS, code=st.sampled_from([None, "C1", "B1"]))
def test_groups_are_those_of_the_session_day_and_overlap(ctx: Flask, world: Any, code: str | None) -> None:
    start_over(ctx, world)
    result = person_times(db.session(), YEAR, place(code), By.GROUP)
    assert [row.key for row in result.rows] == [group.value for group in Group]
    for row in result.rows:
        bit = Group(row.key).bit
        attended = lambda one, _inside, rows: one.id in {row.session_id for row in rows}  # noqa: E731
        found = recount(all_ids(), below(code or "R"), lambda found, b=bit: found.groups & b, attended)
        assert numbers(row) == (*found[:6], 0), row.key
        assert row.members <= result.total.members


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=WORLDS, code=st.sampled_from([None, "C1", "B1"]))
def test_rows_by_organisation_share_the_total_out(ctx: Flask, world: Any, code: str | None) -> None:
    start_over(ctx, world)
    units, top = all_ids(), code or "R"
    result = person_times(db.session(), YEAR, place(code), By.ORG)
    children = [unit for unit in UNITS if PARENTS[unit] == top]
    assert [row.key for row in result.rows if row.key != top] == children
    for row in result.rows:
        codes = {top} if row.key == top else below(row.key)
        assert numbers(row) == recount(units, codes, lambda _row: True, hosted_there), row.key
    assert sum(row.person_times for row in result.rows) == result.total.person_times
    assert sum(row.sessions for row in result.rows) == result.total.sessions


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=WORLDS, code=st.sampled_from([None, "C1", "B1"]))
def test_coverage_is_what_a_recount_member_by_member_gives(ctx: Flask, world: Any, code: str | None) -> None:
    start_over(ctx, world)
    session, here, units = db.session(), place(code), all_ids()
    names = {org_id: unit for unit, org_id in units.items()}
    reached = {
        row.member_id
        for row in session.scalars(select(Attendance))
        if row.is_held and row.status in COUNTED_STATUSES and row.office_date.year == 2019
    }
    members = []
    first_id = session.scalar(select(Membership.member_id).order_by(Membership.member_id)) or 0
    for number, person in enumerate(world[0]):
        branch = person.moves_to or person.branch
        groups = {Group.ELDERLY} if person.is_old else set()
        groups |= {Group.MOBILE} if person.is_mobile else set()
        groups |= {Group.EXEMPT} if person.is_exempt else set()
        groups |= {Group.RURAL} if branch == "B1" else set()
        groups |= {Group.NEW_ORG} if branch == "B3" else set()
        if branch in below(code or "R"):
            members.append((first_id + number, branch, groups))

    def counted(which: Any) -> tuple[int, int, int, int]:
        chosen = [one for one in members if which(one)]
        owed = [one for one in chosen if Group.EXEMPT not in one[2]]
        return (
            len(chosen),
            sum(1 for one in chosen if one[0] in reached),
            len(owed),
            sum(1 for one in owed if one[0] in reached),
        )

    def shown(row: Any) -> tuple[int, int, int, int]:
        assert row.coverage == share(row.covered, row.members)
        assert row.required_coverage is None or row.required_coverage <= 1
        return (row.members, row.covered, row.required, row.required_covered)

    snapshot = Snapshot(ON, 60)
    by_group = coverage(session, YEAR, snapshot, here, CoverageBy.GROUP)
    assert shown(by_group.total) == counted(lambda _one: True)
    for row in by_group.rows:
        assert shown(row) == counted(lambda one, key=row.key: key in one[2]), row.key
    exempt = by_group.rows[-1]
    assert (exempt.required, exempt.required_coverage) == (0, None)
    by_org = coverage(session, YEAR, snapshot, here, CoverageBy.ORG)
    assert by_org.total == by_group.total
    for row in by_org.rows:
        assert shown(row) == counted(lambda one, k=row.key: one[1] in below(k)), row.key
    listed = uncovered(session, YEAR, snapshot, here, None, EVERYTHING)
    missing = {one[0] for one in members if one[0] not in reached}
    assert {item.member for item in listed.items} == missing
    assert listed.count == len(missing) == by_group.total.uncovered
    assert names[units["R"]] == "R"


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=WORLDS)
def test_lists_cut_into_parts_are_the_whole_list(ctx: Flask, world: Any) -> None:
    start_over(ctx, world)
    session, here, snapshot = db.session(), place(None), Snapshot(ON, 60)

    def parts(read: Any) -> list[Any]:
        found: list[Any] = []
        after = None
        while True:
            part = read(Slice(2, after))
            found += part.items
            after = part.next
            if after is None:
                return found

    for read in (
        lambda cut: uncovered(session, YEAR, snapshot, here, None, cut),
        lambda cut: study_hours(session, 2019, snapshot, here, False, cut),
        lambda cut: ledger(session, YEAR, here, cut),
    ):
        everything = read(EVERYTHING)
        assert parts(read) == list(everything.items)
        assert everything.count == len(everything.items)
    assert study_hours(session, 2019, snapshot, here).hours == year_hours(session, 2019, snapshot, here)
