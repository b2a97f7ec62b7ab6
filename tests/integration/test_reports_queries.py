"""Figures by example: transfers, moved organisations, caps, duties, the ledger, and who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import NotFound
from app.core.vocabulary import Group, LecturerRole, OrgKind, OrgSector, Post, Role, SessionState, Status
from app.members.models import Membership, OrgPlacement, OrgPost, OrgUnit
from app.reports import queries
from app.reports.queries import Place, place_in_scope
from app.reports.rules import EVERYTHING, By, CoverageBy, Period, Snapshot
from app.trainings.models import DutyRule, ExpectedAttendee, Lecturer, SessionLecturer, TrainingClass
from tests.factories import NOW, attend, make_member, make_org, make_session, make_staff, put_in_group

TODAY = date(2020, 6, 1)
YEAR = Period.of_year(2019)
SNAPSHOT = Snapshot(date(2019, 12, 31), 60)


@dataclass
class District:
    root: Any
    east: Any
    west: Any
    village: Any
    market: Any

    def place(self, unit: Any = None, **more: Any) -> Place:
        return place_in_scope(db.session(), self.scope(), unit.code if unit else None, TODAY, **more)

    def scope(self, *units: Any) -> Scope:
        return Scope(tuple(unit.id for unit in units) or (self.root.id,), None)


@pytest.fixture
def district(ctx: Flask) -> District:
    root = make_org("R", kind=OrgKind.COMMITTEE)
    east, west = (make_org(code, root, kind=OrgKind.COMMITTEE) for code in ("E", "W"))
    village = make_org("E1", east, sector=OrgSector.VILLAGE)
    return District(root, east, west, village, make_org("W1", west, sector=OrgSector.NON_PUBLIC))


def on(month: int, day: int = 10, hour: int = 1) -> datetime:
    return datetime(2019, month, day, hour, tzinfo=UTC)


def move(member: Any, to: Any, day: date) -> None:
    with writing() as session:
        row = session.get_one(Membership, (member.id, date(2000, 1, 1)))
        row.ends_on = day
        session.add(Membership(member_id=member.id, org_id=to.id, starts_on=day))


def figures(place: Place, by: By = By.ORG) -> dict[str, tuple[int, int]]:
    result = queries.person_times(db.session(), YEAR, place, by)
    return {row.key: (row.sessions, row.person_times) for row in result.rows}


def test_a_later_transfer_rewrites_no_figure_of_the_past(district: District) -> None:
    member = make_member("甲", district.village)
    attend(make_session(district.village, starts_at=on(3)), member)
    before = queries.person_times(db.session(), YEAR, district.place(), By.ORG)
    move(member, district.market, date(2019, 7, 1))
    assert queries.person_times(db.session(), YEAR, district.place(), By.ORG) == before
    # Coverage asks where the member is on the day, and counts what was attended before.
    east, west = queries.coverage(db.session(), YEAR, SNAPSHOT, district.place(), CoverageBy.ORG).rows
    assert (east.members, east.coverage) == (0, None)
    assert (west.members, west.covered, west.coverage) == (1, 1, 1.0)


def test_a_branch_that_moves_counts_where_it_hung_on_the_session_day(district: District) -> None:
    member = make_member("甲", district.village)
    with writing() as session:
        row = session.get_one(OrgPlacement, (district.village.id, date(2000, 1, 1)))
        row.ends_on = date(2019, 6, 1)
        session.add(
            OrgPlacement(
                org_id=district.village.id,
                parent_id=district.west.id,
                starts_on=date(2019, 6, 1),
                path=f"/{district.root.id}/{district.west.id}/{district.village.id}/",
            )
        )
    for month in (3, 9, 10):
        attend(make_session(district.village, starts_at=on(month)), member)
    assert figures(district.place()) == {"E": (1, 1), "W": (2, 2)}
    # The row of a former child still opens, and only with what it did while it was one.
    assert figures(district.place(district.east)) == {"E1": (1, 1)}
    former = district.place(district.village, under="E")
    assert queries.person_times(db.session(), YEAR, former, By.KIND).total.person_times == 1
    with pytest.raises(NotFound):
        place_in_scope(db.session(), district.scope(district.east), "E1", TODAY)
    with pytest.raises(NotFound):
        place_in_scope(db.session(), district.scope(district.east), "W1", TODAY, under="E")


def test_what_the_district_itself_hosts_has_a_row_of_its_own(district: District) -> None:
    attend(make_session(district.root), make_member("甲", district.village))
    assert figures(district.place()) == {"R": (1, 0), "E": (0, 1), "W": (0, 0)}
    own = district.place(district.root, own=True)
    assert queries.person_times(db.session(), YEAR, own, By.KIND).total.sessions == 1
    assert figures(district.place(district.market)) == {"W1": (0, 0)}


def test_a_head_count_stands_beside_the_recorded_person_times(district: District) -> None:
    make_session(district.village, declared_person_times=300)
    attend(make_session(district.village, declared_person_times=20), make_member("甲", district.village))
    make_session(district.village, declared_person_times=50, state=SessionState.CANCELLED)
    total = queries.person_times(db.session(), YEAR, district.place(), By.KIND).total
    assert (total.sessions, total.person_times, total.declared_person_times) == (2, 1, 320)
    assert (
        queries.coverage(db.session(), YEAR, SNAPSHOT, district.place(), CoverageBy.GROUP).total.covered == 1
    )


def test_a_class_counts_a_member_once_however_many_sessions(district: District) -> None:
    training = make_class(district.root)
    members = [make_member(name, district.village) for name in "甲乙"]
    for month in (3, 4):
        row = make_session(district.root, starts_at=on(month), class_id=training.id)
        for member in members:
            attend(row, member)
    total = queries.person_times(db.session(), YEAR, district.place(), By.MONTH).total
    assert (total.classes, total.class_person_times, total.person_times, total.members) == (1, 2, 4, 2)


def make_class(host: Any, kind: str = "central_training") -> Any:
    with writing() as session:
        training = TrainingClass(title="轮训班", kind_key=kind, host_org_id=host.id, created_at=NOW)
        session.add(training)
    return training


def test_absent_excused_and_unfinished_sessions_reach_nobody(district: District) -> None:
    member = make_member("甲", district.village)
    attend(make_session(district.village), member, status=Status.ABSENT)
    attend(make_session(district.village), member, status=Status.EXCUSED)
    attend(make_session(district.village, state=SessionState.OPEN), member)
    place = district.place()
    assert queries.person_times(db.session(), YEAR, place, By.KIND).total.person_times == 0
    listed = queries.uncovered(db.session(), YEAR, SNAPSHOT, place)
    assert [(item.name, item.last_attended_on) for item in listed.items] == [("甲", None)]


def test_the_uncovered_list_says_when_and_how(district: District) -> None:
    old = make_member("甲", district.village, birth_date=date(1940, 1, 1), phone="13900000001")
    away = make_member("乙", district.market, birth_date=date(1940, 1, 1))
    put_in_group(away, Group.MOBILE, direction="out")
    put_in_group(away, Group.LOST_CONTACT)
    make_member("丙", district.market)
    attend(make_session(district.village, starts_at=on(3) - timedelta(days=365)), old)
    listed = queries.uncovered(db.session(), YEAR, SNAPSHOT, district.place())
    first, second, third = listed.items
    assert (first.name, first.phone_masked, first.last_attended_on, first.suggested_mode) == (
        "甲",
        "139****0001",
        date(2018, 3, 10),
        "home_visit",
    )
    assert (second.suggested_mode, second.is_lost, third.suggested_mode) == ("online", True, "night_school")
    only = queries.uncovered(db.session(), YEAR, SNAPSHOT, district.place(), Group.LOST_CONTACT)
    assert (only.count, [item.name for item in only.items]) == (1, ["乙"])


def test_hours_stop_at_the_half_day_and_at_the_day(district: District) -> None:
    member = make_member("甲", district.village)
    # One morning: 150 + 150 minutes, of which 240 count; and 300 in the afternoon, of which 240 count.
    for hour in (0, 1):
        attend(make_session(district.village, starts_at=on(3, hour=hour), minutes=150), member)
    late = make_session(district.village, starts_at=on(3, hour=6), minutes=300)
    attend(late, member, morning_minutes=0, status=Status.MADE_UP)
    attend(make_session(district.village, starts_at=on(4), minutes=50), member)
    (item,) = queries.study_hours(db.session(), 2019, SNAPSHOT, district.place()).items
    assert (item.hours, item.make_up_hours, item.required_hours, item.shortfall_hours) == (
        8.83,
        4.0,
        32,
        23.17,
    )


def test_what_is_required_follows_post_and_exemption(district: District) -> None:
    secretary, plain, frail = (make_member(name, district.village) for name in "甲乙丙")
    approver = make_staff("管理员", Role.ADMINISTRATOR, district.root)
    put_in_group(frail, Group.EXEMPT, approved_by_id=approver.id)
    with writing() as session:
        session.add(
            OrgPost(
                member_id=secretary.id,
                org_id=district.village.id,
                post=Post.SECRETARY,
                starts_on=date(2019, 5, 1),
            )
        )
    attend(make_session(district.village, minutes=32 * 60, credited_minutes=480), plain)
    place = district.place()
    result = queries.study_hours(db.session(), 2019, SNAPSHOT, place)
    assert {item.name: item.required_hours for item in result.items} == {"甲": 56, "乙": 32, "丙": 0}
    below = queries.study_hours(db.session(), 2019, SNAPSHOT, place, below=True)
    assert (below.count, [item.name for item in below.items]) == (2, ["甲", "乙"])
    before = queries.study_hours(db.session(), 2019, Snapshot(date(2019, 4, 30), 60), place)
    assert before.items[0].required_hours == 32


def test_a_post_holder_with_the_hours_but_too_few_central_trainings_lacks_too(district: District) -> None:
    chief, frail, plain = (make_member(name, district.village) for name in "甲乙丙")
    put_in_group(
        frail, Group.EXEMPT, approved_by_id=make_staff("管理员", Role.ADMINISTRATOR, district.root).id
    )
    with writing() as session:
        for member in (chief, frail):
            post = OrgPost(
                member_id=member.id,
                org_id=district.village.id,
                post=Post.SECRETARY,
                starts_on=date(2019, 1, 1),
            )
            session.add(post)
    for day in range(1, 9):
        row = make_session(
            district.village, starts_at=on(3, day=day, hour=0), minutes=480, credited_minutes=480
        )
        for member in (chief, plain):
            attend(row, member, morning_minutes=240)
    place = district.place()

    def lacking() -> list[tuple[str, float, int, int]]:
        found = queries.study_hours(db.session(), 2019, SNAPSHOT, place, below=True).items
        return [(i.name, i.shortfall_hours, i.central_classes, i.required_central) for i in found]

    assert lacking() == [("甲", 0.0, 0, 1)]
    attend(make_session(district.root, kind="central_training", starts_at=on(5)), chief)
    assert lacking() == []
    everyone = queries.study_hours(db.session(), 2019, SNAPSHOT, place).items
    assert [i.required_central for i in everyone] == [1, 0, 0]
    assert not any(i.lacks for i in everyone)


def test_central_trainings_count_once_a_class(district: District) -> None:
    member = make_member("甲", district.village)
    training = make_class(district.root)
    for month in (3, 4):
        row = make_session(district.root, kind="central_training", starts_at=on(month), class_id=training.id)
        attend(row, member)
    attend(make_session(district.root, kind="central_training", starts_at=on(5)), member)
    attend(make_session(district.village), member)
    (item,) = queries.study_hours(db.session(), 2019, SNAPSHOT, district.place()).items
    assert item.central_classes == 2


def test_a_party_group_meeting_counts_for_its_branch(district: District) -> None:
    party_group = make_org("E1G", district.village, kind=OrgKind.GROUP)
    make_session(party_group, kind="group_meeting", starts_at=on(2))
    make_session(district.village, kind="theme_day", starts_at=on(2))
    make_session(district.village, kind="theme_day", starts_at=on(2, 20))
    make_session(district.village, kind="theme_day", starts_at=on(3), state=SessionState.CANCELLED)
    make_session(district.village, kind="group_study", starts_at=on(4))
    result = queries.duties(db.session(), 2019, district.place(), TODAY)
    assert [row.org_code for row in result.rows] == ["E1", "W1"]
    east = result.rows[0]
    held = {duty.kind: (duty.months[1], duty.met, duty.due) for duty in east.duties}
    assert held["theme_day"] == (2, 1, 12)
    assert held["group_meeting"] == (1, 1, 12)
    assert held["branch_assembly"] == (0, 0, 4)
    assert (east.months[:4], east.months_met) == ((0, 3, 0, 0), 1)
    assert result.rows[1].rate == 0


def test_each_year_is_counted_by_its_own_rule_and_who_is_left_out_is_named(district: District) -> None:
    session = db.session()
    make_session(district.village, kind="seminar", starts_at=on(2))
    make_session(district.village, kind="seminar", starts_at=datetime(2020, 2, 10, 1, tzinfo=UTC))
    make_org("E0", district.east, starts_on=date(2020, 3, 1), name="新支部")
    gone = make_org("W0", district.west, name="旧支部")
    make_org("E1G", district.village, kind=OrgKind.GROUP)
    with writing() as write:
        write.add(DutyRule(kind_key="seminar", from_year=2020, frequency="quarterly"))
        write.add(DutyRule(kind_key="theme_day", from_year=2020, frequency=None))
        placed = write.get_one(OrgPlacement, (gone.id, date(2000, 1, 1)))
        placed.ends_on = date(2019, 5, 1)
        write.get_one(OrgUnit, gone.id).closed_on = date(2019, 5, 1)
    try:
        past, later = (
            queries.duties(session, year, district.place(), date(2021, 1, 1)) for year in (2019, 2020)
        )
        assert ("theme_day", "monthly") in [(kind.key, kind.frequency) for kind in past.kinds]
        assert "seminar" not in [kind.key for kind in past.kinds]
        assert "theme_day" not in [kind.key for kind in later.kinds]
        village = next(row for row in later.rows if row.org_code == "E1")
        assert [(d.met, d.due) for d in village.duties if d.kind == "seminar"] == [(1, 4)]
        for year, rows in ((2019, 0), (2020, 1)):
            behind = queries.Behind(district.place(), Period.of_year(year), duty_only=True)
            assert queries.sessions_behind(session, behind, queries.Each.ROW, EVERYTHING).count == rows
        assert [(b.org_name, b.closed_on, b.opens_on) for b in past.excluded] == [
            ("新支部", None, date(2020, 3, 1)),
            ("旧支部", date(2019, 5, 1), None),
        ]
        assert [row.org_code for row in past.rows] == ["E1", "W1"]
        assert [row.org_code for row in later.rows] == ["E0", "E1", "W1"]
        assert [branch.org_name for branch in later.excluded] == ["旧支部"]
        assert (past.groups, past.above) == (1, 3)
    finally:
        with writing() as write:
            write.execute(delete(DutyRule).where(DutyRule.from_year > 1921))


def test_the_ledger_gathers_a_class_in_one_line(district: District) -> None:
    training = make_class(district.root, "rotation_class")
    member, guest = make_member("甲", district.village), make_member("乙", district.market)
    rows = [
        make_session(district.root, kind="rotation_class", starts_at=on(month), class_id=training.id)
        for month in (3, 4)
    ]
    alone = make_session(district.village, title="主题党日", starts_at=on(5), declared_person_times=30)
    with writing() as session:
        lecturer = Lecturer(name="王老师")
        session.add(lecturer)
        session.flush()
        for row in rows:
            session.add(
                SessionLecturer(session_id=row.id, lecturer_id=lecturer.id, role=LecturerRole.SPEAKER)
            )
            session.add(
                ExpectedAttendee(session_id=row.id, member_id=member.id, org_id=district.village.id, groups=0)
            )
    attend(rows[0], member)
    attend(rows[1], member)
    attend(rows[1], guest, status=Status.MADE_UP)
    first, second = queries.ledger(db.session(), YEAR, district.place()).items
    assert (first.number, first.title, first.lecturers) == (f"B{training.id}", "轮训班", ("王老师",))
    assert (first.first_on, first.last_on) == (date(2019, 3, 10), date(2019, 4, 10))
    assert (first.sessions, first.minutes, first.expected, first.attended, first.person_times) == (
        2,
        240,
        1,
        1,
        3,
    )
    assert (second.number, second.declared_person_times, second.person_times) == (f"C{alone.id}", 30, 0)
    village = queries.ledger(db.session(), YEAR, district.place(district.village))
    assert [item.title for item in village.items] == ["主题党日"]


def test_a_place_outside_the_scope_is_not_there(district: District) -> None:
    scope = district.scope(district.east)
    place = place_in_scope(db.session(), scope, None, TODAY)
    assert (place.code, place.is_everything) == ("E", False)
    assert place_in_scope(db.session(), scope, "E1", TODAY).org_ids == (district.village.id,)
    for code in ("W", "W1", "R", "NONE"):
        with pytest.raises(NotFound):
            place_in_scope(db.session(), scope, code, TODAY)
    assert place_in_scope(db.session(), district.scope(), "R", TODAY).is_everything


def test_several_places_are_one_figure_with_a_row_each(district: District) -> None:
    for unit in (district.village, district.market):
        attend(make_session(unit), make_member("甲", unit))
    scope = district.scope(district.east, district.village, district.market)
    place = place_in_scope(db.session(), scope, None, TODAY)
    # A branch below a granted committee is no place of its own.
    assert set(place.org_ids) == {district.east.id, district.market.id}
    result = queries.person_times(db.session(), YEAR, place, By.ORG)
    assert {row.key: row.person_times for row in result.rows} == {"E": 1, "W1": 1}
    assert result.total.person_times == 2
    reached = queries.coverage(db.session(), YEAR, SNAPSHOT, place, CoverageBy.ORG)
    assert {row.key: row.covered for row in reached.rows} == {"E": 1, "W1": 1}


def test_without_sessions_the_present_year_is_shown(district: District) -> None:
    assert queries.default_period(db.session(), TODAY) == Period.of_year(2020)
    make_session(district.village)
    assert queries.default_period(db.session(), TODAY) == YEAR
