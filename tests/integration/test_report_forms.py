"""The report forms by branch, group, form and lecturer, and the attendance rate, against a plain recount."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.attendance.models import Attendance
from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import (
    ATTENDED_STATUSES,
    COUNTED_STATUSES,
    FOREVER,
    VISIT_MODES,
    Group,
    LecturerRole,
    Method,
    OrgKind,
    OrgSector,
    Role,
    SessionState,
    Status,
)
from app.members.models import Membership, OrgPlacement
from app.members.queries.as_of import Standing, members_as_of
from app.reports.queries import (
    Behind,
    Each,
    Place,
    Speaking,
    attendance_rate,
    branch_summary,
    coverage,
    expected_behind,
    form_summary,
    group_summary,
    lecturer_summary,
    members_behind,
    person_times,
    place_in_scope,
    rows_behind,
    session_rate,
    sessions_behind,
    study_hours,
    year_hours,
)
from app.reports.queries.drill import MembersAsked
from app.reports.rules import (
    EVERYTHING,
    By,
    CoverageBy,
    ExpectedPart,
    Level,
    Period,
    RateBy,
    Snapshot,
    share,
)
from app.trainings.models import (
    ExpectedAttendee,
    Lecturer,
    SessionLecturer,
    TrainingClass,
    TrainingSession,
)
from tests.factories import NOW, make_member, make_org, make_session, make_staff, put_in_group

TODAY = date(2020, 6, 1)
YEAR = Period.of_year(2019)
# Neither whole months nor one rule's day: nothing of it is in a summary.
SPRING = Period(date(2019, 2, 14), date(2019, 8, 20))
MOVED_ON = date(2019, 7, 1)
BRANCHES = ("B1", "B2", "B3")
KINDS = ("theme_day", "central_training", "group_study")
MODES = ("in_person", "home_visit", "online")


@dataclass
class District:
    """Units by code, and what the recount needs of the tree, written down by hand."""

    units: dict[str, Any]

    def place(self, code: str | None = None, **more: Any) -> Place:
        scope = Scope((self.units["R"].id,), None)
        return place_in_scope(db.session(), scope, code, TODAY, **more)

    def code(self, org_id: int) -> str:
        return next(code for code, unit in self.units.items() if unit.id == org_id)

    def branch(self, org_id: int) -> str:
        """The row of the summary by branch: a party group is its branch's."""
        code = self.code(org_id)
        return "B1" if code == "G1" else code

    def lineage(self, org_id: int, day: date) -> list[str]:
        above = {"C1": "R", "C2": "R", "B1": "C1", "B2": "C1", "B3": "C2", "G1": "B1", "R": ""}
        if day >= MOVED_ON:
            above["B2"] = "C2"
        found = [self.code(org_id)]
        while above[found[-1]]:
            found.append(above[found[-1]])
        return found

    def holds(self, code: str | None, org_id: int, day: date) -> bool:
        return code is None or code in self.lineage(org_id, day)


@pytest.fixture
def district(ctx: Flask) -> District:
    """Two committees, three branches of which one changes committees, a party group; eighteen members."""
    with writing() as session:
        root = make_org("R", kind=OrgKind.COMMITTEE)
        units = {"R": root} | {code: make_org(code, root, kind=OrgKind.COMMITTEE) for code in ("C1", "C2")}
        units["B1"] = make_org("B1", units["C1"], sector=OrgSector.VILLAGE)
        units["B2"] = make_org("B2", units["C1"])
        units["B3"] = make_org("B3", units["C2"], sector=OrgSector.NON_PUBLIC)
        units["G1"] = make_org("G1", units["B1"], kind=OrgKind.GROUP)
        placed = session.scalars(select(OrgPlacement).where(OrgPlacement.org_id == units["B2"].id)).one()
        placed.ends_on = MOVED_ON
        session.add(
            OrgPlacement(
                org_id=placed.org_id,
                parent_id=units["C2"].id,
                path=f"/{root.id}/{units['C2'].id}/{placed.org_id}/",
                starts_on=MOVED_ON,
            )
        )
        chance = random.Random(29)
        _people(session, units, chance)
        _sessions(session, units, chance)
    return District(units)


def _people(session: Any, units: dict[str, Any], chance: random.Random) -> None:
    """Some move, some change groups in the middle of the year, one belongs to the district itself."""
    approver = make_staff("approver", Role.ADMINISTRATOR, units["R"])
    for number in range(18):
        home = units[("B1", "B2", "B3", "G1", "B2", "B3")[number % 6] if number else "R"]
        # Every third turns sixty within the year.
        born = date(1959, 1 + number % 12, 3) if number % 3 == 0 else date(1985, 5, 5)
        member = make_member(f"党员{number}", home, birth_date=born)
        if number % 4 == 1:
            put_in_group(member, Group.MOBILE, starts_on=date(2018, 9 + number % 3, 1))
        if number % 5 == 2:
            put_in_group(
                member, Group.EXEMPT, starts_on=date(2019, 5, 1), ends_on=FOREVER, approved_by_id=approver.id
            )
        if number % 6 == 4:
            row = session.scalars(select(Membership).where(Membership.member_id == member.id)).one()
            row.ends_on = date(2019, 6, 1)
            there = units[chance.choice(BRANCHES)]
            session.add(Membership(member_id=member.id, org_id=there.id, starts_on=date(2019, 6, 1)))
    session.flush()


def _sessions(session: Any, units: dict[str, Any], chance: random.Random) -> None:
    classes = [
        TrainingClass(title=title, kind_key="central_training", host_org_id=units["R"].id, created_at=NOW)
        for title in ("一班", "二班")
    ]
    lecturers = [
        Lecturer(name="讲师甲", title="党校 教授"),
        Lecturer(name="典型乙", is_exemplar=True),
        Lecturer(name="讲师丙"),
    ]
    session.add_all([*classes, *lecturers])
    session.flush()
    states = [SessionState.CLOSED] * 6 + [SessionState.OPEN, SessionState.CANCELLED]
    for number in range(32):
        in_class = chance.choice([None, None, *classes])
        # Two sessions on one day now and then, so that the caps bite; the last one is in another year.
        day = datetime(2019, 1 + number // 3, 5 + 9 * (number % 2), 1, tzinfo=UTC)
        held = make_session(
            units[chance.choice(list(units))],
            kind=chance.choice(KINDS),
            mode=chance.choice(MODES),
            starts_at=day if number < 31 else datetime(2018, 12, 30, 1, tzinfo=UTC),
            minutes=chance.choice([90, 200, 230]),
            state=chance.choice(states) if number % 8 else SessionState.CLOSED,
            declared_person_times=chance.choice([None, None, 40]),
            class_id=in_class.id if in_class else None,
        )
        session.flush()
        for lecturer in chance.sample(lecturers, chance.randrange(3)):
            role = chance.choice(list(LecturerRole))
            session.add(SessionLecturer(session_id=held.id, lecturer_id=lecturer.id, role=role))
        if number % 9 != 4:  # else nobody knows how many came
            _turnout(session, held, chance)


def _turnout(session: Any, held: Any, chance: random.Random) -> None:
    # Published before somebody moved: the list keeps the branch and groups it was fixed with.
    early = _standings(session, held.office_date - timedelta(days=40))
    for member_id, standing in sorted(_standings(session, held.office_date).items()):
        is_expected = chance.random() < 0.6
        if is_expected:
            then = early[member_id]
            session.add(
                ExpectedAttendee(
                    session_id=held.id, member_id=member_id, org_id=then.org_id, groups=then.groups
                )
            )
        if chance.random() < (0.8 if is_expected else 0.2):
            session.add(_row(held, standing, chance, is_extra=not is_expected))


def _standings(session: Any, on: date) -> dict[int, Standing]:
    return {found[0]: Standing(*found) for found in session.execute(members_as_of(on, 60))}


def _row(held: Any, standing: Standing, chance: random.Random, *, is_extra: bool) -> Attendance:
    status = chance.choice([Status.PRESENT, Status.LATE, *Status])
    counts_elsewhere = status is Status.PRESENT and chance.random() < 0.15
    return Attendance(
        session_id=held.id,
        member_id=standing.member_id,
        status=status,
        is_extra=is_extra,
        method=Method.STAFF_ENTRY,
        occurred_at=held.starts_at,
        received_at=held.starts_at,
        made_up_for_id=held.id if counts_elsewhere else None,
        is_held=held.state is SessionState.CLOSED and not counts_elsewhere,
        office_date=held.office_date,
        kind_key=held.kind_key,
        mode_key=held.mode_key,
        class_id=held.class_id,
        minutes=held.credited_minutes,
        morning_minutes=held.credited_minutes - chance.choice([0, 30]),
        org_id=standing.org_id,
        groups=standing.groups,
    )


@dataclass
class Recount:
    """Everything read into Python; what follows counts in plain loops."""

    district: District
    period: Period
    code: str | None
    on: date

    def __post_init__(self) -> None:
        session = db.session()
        self.held = {
            one.id: one
            for one in session.scalars(select(TrainingSession))
            if one.state is SessionState.CLOSED and self.period.first <= one.office_date <= self.period.last
        }
        self.all_rows = [
            row
            for row in session.scalars(select(Attendance))
            if row.session_id in self.held and row.is_held and row.status in COUNTED_STATUSES
        ]
        self.rows = [row for row in self.all_rows if self._holds(row.org_id, row.office_date)]
        self.status = {(row.session_id, row.member_id): row.status for row in self.all_rows}
        self.listed = [
            one
            for one in session.scalars(select(ExpectedAttendee))
            if one.session_id in self.held and self._holds(one.org_id, self.held[one.session_id].office_date)
        ]
        self.hosted = [one for one in self.held.values() if self._holds(one.host_org_id, one.office_date)]
        standings = [Standing(*found) for found in session.execute(members_as_of(self.on, 60))]
        self.members = [one for one in standings if self._holds(one.org_id, self.on)]
        self.reached = {row.member_id for row in self.all_rows}
        self.hours = self._hours()

    def _holds(self, org_id: int, day: date) -> bool:
        return self.district.holds(self.code, org_id, day)

    def _hours(self) -> dict[int, float]:
        days: dict[tuple[int, date], list[Attendance]] = defaultdict(list)
        for row in self.all_rows:
            days[row.member_id, row.office_date].append(row)
        hours: dict[int, float] = defaultdict(float)
        for (member, _day), rows in days.items():
            morning = min(240, sum(row.morning_minutes for row in rows))
            afternoon = min(240, sum(row.minutes - row.morning_minutes for row in rows))
            hours[member] += min(480, morning + afternoon) / 60
        return hours

    def rate(self, keep: Callable[[Any], bool]) -> tuple[int, int, int]:
        """Expected, attended, made up."""
        listed = [one for one in self.listed if keep(one)]
        statuses = [self.status.get((one.session_id, one.member_id)) for one in listed]
        return (
            len(listed),
            sum(status in ATTENDED_STATUSES for status in statuses),
            statuses.count(Status.MADE_UP),
        )

    def summary(
        self, row: Callable[[Any], bool], expected: Callable[[Any], bool], member: Callable[[Any], bool]
    ) -> tuple[Any, ...]:
        """A line of the summary by branch or by group."""
        rows = [one for one in self.rows if row(one)]
        members = [one for one in self.members if member(one)]
        required = [one for one in members if not one.groups & Group.EXEMPT.bit]
        return (
            len(members),
            len(required),
            sum(one.member_id in self.reached for one in members),
            sum(one.member_id in self.reached for one in required),
            len({one.member_id for one in rows}),
            len(rows),
            round(sum(self.hours[one.member_id] for one in members), 2),
            *self.rate(expected),
        )

    def came_to(self, sessions: Iterable[Any]) -> tuple[int, int, int]:
        """Rows, members and head counts of these sessions, of whatever branch."""
        ids = {one.id for one in sessions}
        rows = [row for row in self.all_rows if row.session_id in ids]
        declared = sum(self.held[one].declared_person_times or 0 for one in ids)
        return len(rows), len({row.member_id for row in rows}), declared


def anything(_one: Any) -> bool:
    return True


def line(row: Any) -> tuple[Any, ...]:
    reached, turnout = row.reached, row.turnout
    return (
        reached.members,
        reached.required,
        reached.covered,
        reached.required_covered,
        row.people,
        row.person_times,
        row.hours,
        turnout.expected,
        turnout.attended,
        turnout.made_up,
    )


def test_the_summary_by_branch_is_a_plain_recount(district: District) -> None:
    session = db.session()
    for period, code in product((YEAR, SPRING), (None, "C1", "B1")):
        snapshot = Snapshot(period.last, 60)
        place = district.place(code)
        plain = Recount(district, period, code, snapshot.on)
        result = branch_summary(session, period, snapshot, place, Level.BRANCH)
        assert line(result.total) == pytest.approx(plain.summary(anything, anything, anything))
        for row in result.rows:

            def same(one: Any, key: str = row.key) -> bool:
                return district.branch(one.org_id) == key

            assert line(row) == pytest.approx(plain.summary(same, same, same)), (code, row.key)
        assert sum(row.person_times for row in result.rows) == result.total.person_times
        below = branch_summary(session, period, snapshot, place, Level.BELOW)
        assert line(below.total) == pytest.approx(line(result.total))
        assert sum(row.turnout.expected for row in below.rows) == result.total.turnout.expected
        assert sum(row.reached.members for row in below.rows) == result.total.reached.members
        _agree_with_the_single_figures(result, period, snapshot, place)


def _agree_with_the_single_figures(result: Any, period: Period, snapshot: Snapshot, place: Place) -> None:
    session = db.session()
    alone = person_times(session, period, place, By.KIND).total
    assert (result.total.people, result.total.person_times) == (alone.members, alone.person_times)
    reached = coverage(session, period, snapshot, place, CoverageBy.GROUP).total
    assert result.total.reached == reached
    if period == YEAR:
        assert result.total.hours == year_hours(session, 2019, snapshot, place)


def test_rows_are_in_the_tree_s_order_and_lead_to_as_many_lines_as_they_say(district: District) -> None:
    session, snapshot = db.session(), Snapshot(SPRING.last, 60)
    result = branch_summary(session, SPRING, snapshot, district.place("C2"), Level.BRANCH)
    assert [row.key for row in result.rows] == ["B2", "B3"]
    whole = branch_summary(session, SPRING, snapshot, district.place(), Level.BRANCH)
    assert [row.key for row in whole.rows] == ["R", "B1", "B2", "B3"]
    assert [row.label.endswith("(本级)") for row in whole.rows] == [True, False, False, False]
    for row in result.rows:
        # B2 came to C2 in July: what it did before is not behind C2's number.
        place = district.place(row.key, within="C2")
        behind = Behind(place, SPRING)
        assert rows_behind(session, behind, Each.ROW, EVERYTHING).count == row.person_times
        assert rows_behind(session, behind, Each.MEMBER, EVERYTHING).count == row.people
        counts = {
            part: expected_behind(session, behind, part, Each.ROW, EVERYTHING).count for part in ExpectedPart
        }
        assert counts == {
            ExpectedPart.ALL: row.turnout.expected,
            ExpectedPart.ATTENDED: row.turnout.attended,
            ExpectedPart.MADE_UP: row.turnout.made_up,
            ExpectedPart.MISSING: row.turnout.missing,
        }
        members = members_behind(session, SPRING, snapshot, place, MembersAsked(required=True), EVERYTHING)
        assert members.count == row.reached.required
    assert whole.rows[2].person_times > result.rows[0].person_times


def test_the_summary_by_group_counts_each_whole_and_everybody_once(district: District) -> None:
    session = db.session()
    for period, code in product((YEAR, SPRING), (None, "C1")):
        snapshot = Snapshot(period.last, 60)
        plain = Recount(district, period, code, snapshot.on)
        result = group_summary(session, period, snapshot, district.place(code))
        assert line(result.total) == pytest.approx(plain.summary(anything, anything, anything))
        assert [row.key for row in result.rows] == [group.value for group in Group]
        for row in result.rows:

            def same(one: Any, bit: int = Group(row.key).bit) -> bool:
                return bool(one.groups & bit)

            assert line(row) == pytest.approx(plain.summary(same, same, same)), (code, row.key)
    assert result.rows[0].people > 0


def test_the_attendance_rate_leaves_extras_out_and_follows_the_list(district: District) -> None:
    for code in (None, "C1", "B1"):
        _rate_is_a_recount(district, code)


def _rate_is_a_recount(district: District, code: str | None) -> None:
    session, place = db.session(), district.place(code)
    plain = Recount(district, YEAR, code, YEAR.last)

    def of(one: Any) -> Any:
        return plain.held[one.session_id]

    keys: dict[RateBy, Callable[[Any], Any]] = {
        RateBy.KIND: lambda one: of(one).kind_key,
        RateBy.MODE: lambda one: of(one).mode_key,
        RateBy.MONTH: lambda one: of(one).office_date.isoformat()[:7],
        RateBy.CLASS: lambda one: str(of(one).class_id or -of(one).id),
    }
    for by, key in keys.items():
        result = attendance_rate(session, YEAR, place, by)
        for row in result.rows:
            found = (row.expected, row.attended, row.made_up)
            assert found == plain.rate(_equals(key, row.key)), (by, row.key)
        assert sum(row.expected for row in result.rows) == result.total.expected
    total = result.total
    assert (total.expected, total.attended, total.made_up) == plain.rate(anything)
    assert total.attendance_rate == share(total.attended + total.made_up, total.expected)
    assert total.attendance_rate_without == share(total.attended, total.expected)
    # Of one session, whether it belongs to a class or not.
    for session_id in {one.session_id for one in plain.listed}:
        one = session_rate(session, YEAR, place, session_id)
        found = (one.expected, one.attended, one.made_up)
        assert found == plain.rate(_equals(lambda listed: listed.session_id, session_id))


def _equals(key: Callable[[Any], Any], value: Any) -> Callable[[Any], bool]:
    return lambda one: bool(key(one) == value)


def test_the_summaries_by_form_and_by_lecturer_and_home_hours_are_a_plain_recount(district: District) -> None:
    for code in (None, "C1"):
        plain = Recount(district, YEAR, code, YEAR.last)
        _forms_are_a_recount(plain, district.place(code))
        _lecturers_are_a_recount(plain, district.place(code))
    _home_hours_are_a_recount(district)


def _forms_are_a_recount(plain: Recount, place: Place) -> None:
    session = db.session()
    forms = form_summary(session, YEAR, place)
    for row in [*forms.rows, forms.total]:
        hosted = [one for one in plain.hosted if row.kind in ("", one.kind_key)]
        hosted = [one for one in hosted if row.mode in ("", one.mode_key)]
        rows = [one for one in plain.rows if row.kind in ("", one.kind_key)]
        rows = [one for one in rows if row.mode in ("", one.mode_key)]
        counted = {one.session_id for one in plain.all_rows}
        unknown = [one for one in hosted if one.declared_person_times is None and one.id not in counted]
        assert (
            row.sessions,
            row.person_times,
            row.class_person_times,
            row.members,
            row.declared_person_times,
            row.uncounted,
        ) == (
            len(hosted),
            len(rows),
            len({(one.class_id, one.member_id) for one in rows if one.class_id}),
            len({one.member_id for one in rows}),
            sum(one.declared_person_times or 0 for one in hosted),
            len(unknown),
        ), (row.kind, row.mode)
    listed = sessions_behind(session, Behind(place, YEAR, uncounted_only=True), Each.ROW, EVERYTHING)
    assert listed.count == forms.total.uncounted


def _lecturers_are_a_recount(plain: Recount, place: Place) -> None:
    session = db.session()
    spoken = [one for one in session.scalars(select(SessionLecturer)) if one.session_id in plain.held]
    hosted = {one.id for one in plain.hosted}
    spoken = [one for one in spoken if one.session_id in hosted]
    result = lecturer_summary(session, YEAR, place)
    assert {(row.lecturer, row.role) for row in result.rows} == {
        (one.lecturer_id, one.role) for one in spoken
    }
    assert [row.is_exemplar for row in result.rows] == sorted(row.is_exemplar for row in result.rows)
    for row in [*result.rows, result.total]:
        is_total = row.role is None
        mine = [one for one in spoken if is_total or (one.lecturer_id, one.role) == (row.lecturer, row.role)]
        sessions = [plain.held[session_id] for session_id in {one.session_id for one in mine}]
        assert row.sessions == len(sessions)
        assert row.minutes == sum(one.credited_minutes for one in sessions)
        numbers = (row.person_times, row.members, row.declared_person_times)
        assert numbers == plain.came_to(sessions), (row.name, row.role)
        speaking = Speaking() if is_total else Speaking(row.lecturer, row.role)
        behind = Behind(place, YEAR, by_host=True, speaking=speaking)
        assert rows_behind(session, behind, Each.ROW, EVERYTHING).count == row.person_times
        assert sessions_behind(session, behind, Each.ROW, EVERYTHING).count == row.sessions


def _home_hours_are_a_recount(district: District) -> None:
    session = db.session()
    items = study_hours(session, 2019, Snapshot(YEAR.last, 60), district.place(), cut=EVERYTHING).items
    plain = Recount(district, YEAR, None, YEAR.last)
    plain.all_rows = [row for row in plain.all_rows if row.mode_key in VISIT_MODES]
    at_home = plain._hours()
    assert {item.member: item.home_hours for item in items} == {
        item.member: round(at_home.get(item.member, 0.0), 2) for item in items
    }
    assert any(item.home_hours for item in items)
