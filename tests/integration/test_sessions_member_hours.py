"""A member's own hours and ledger say the same as the report of study hours."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from app.attendance.queries.member import member_attendance, member_hours
from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import Group, Post, Role, SessionState, Status
from app.members.models import OrgPost
from app.reports.queries import place_in_scope, study_hours
from app.reports.rules import Snapshot
from tests.factories import LONG_AGO, attend, make_member, make_org, make_session, make_staff, put_in_group

YEAR = 2019
ON = date(2019, 12, 31)


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC)


def test_both_caps_make_up_and_central_trainings_are_counted_as_the_report_does(ctx: Flask) -> None:
    root = make_org("Q")
    branch = make_org("QA", root)
    member, exempt, other = (make_member(name, branch) for name in ("张一", "张二", "张三"))
    with writing() as session:
        session.add(OrgPost(member_id=member.id, org_id=branch.id, post=Post.SECRETARY, starts_on=LONG_AGO))
    put_in_group(exempt, Group.EXEMPT, approved_by_id=make_staff("admin", Role.ADMINISTRATOR, root).id)
    morning = make_session(branch, starts_at=at(date(2019, 3, 1), 8), minutes=270)
    second = make_session(branch, starts_at=at(date(2019, 3, 1), 9), minutes=120, kind="central_training")
    evening = make_session(branch, starts_at=at(date(2019, 3, 1), 13), minutes=400)
    made_up = make_session(branch, starts_at=at(date(2019, 4, 1), 9), minutes=100)
    running = make_session(branch, starts_at=at(date(2019, 5, 1), 9), minutes=100, state=SessionState.OPEN)
    last_year = make_session(branch, starts_at=at(date(2018, 5, 1), 9), minutes=100)
    for row, minutes in ((morning, 270), (second, 120), (evening, 0), (running, 100), (last_year, 100)):
        attend(row, member, morning_minutes=minutes)
    attend(made_up, member, status=Status.MADE_UP)
    attend(made_up, other, status=Status.ABSENT)

    place = place_in_scope(db.session(), Scope((root.id,), None), None, ON)
    report = {row.member: row for row in study_hours(db.session(), YEAR, Snapshot(ON, 60), place).items}
    for person in (member, exempt, other):
        own, theirs = member_hours(db.session(), person.id, YEAR, ON), report[person.id]
        assert (
            own.hours,
            own.make_up_hours,
            own.required_hours,
            own.shortfall_hours,
            own.central_classes,
        ) == (
            theirs.hours,
            theirs.make_up_hours,
            theirs.required_hours,
            theirs.shortfall_hours,
            theirs.central_classes,
        )
    own = member_hours(db.session(), member.id, YEAR, ON)
    # 240 of the morning and 240 of the afternoon, and 100 made up: 580 minutes.
    assert (own.minutes, own.hours, own.make_up_hours) == (580, 9.67, 1.67)
    assert (own.required_hours, own.required_central_classes, own.central_classes) == (56, 1, 1)
    assert member_hours(db.session(), exempt.id, YEAR, ON).required_hours == 0


def test_the_ledger_of_a_member_comes_latest_first_and_says_what_counts(ctx: Flask) -> None:
    branch = make_org("QA")
    member = make_member("张一", branch)
    rows = [
        make_session(branch, title=f"第{n}场", starts_at=at(date(2019, n, 1), 9), state=state)
        for n, state in ((1, SessionState.CLOSED), (2, SessionState.CLOSED), (3, SessionState.OPEN))
    ]
    for row, status in zip(rows, (Status.PRESENT, Status.EXCUSED, Status.PRESENT), strict=True):
        attend(row, member, status=status)
    found = member_attendance(db.session(), member.id, limit=2)
    assert [(row.title, row.is_counted) for row in found] == [("第3场", False), ("第2场", False)]
    assert [row.title for row in member_attendance(db.session(), member.id, limit=2, offset=2)] == ["第1场"]
    assert member_attendance(db.session(), member.id)[2].is_counted is True


@pytest.mark.parametrize("year", [2018, 2020])
def test_a_year_without_study_has_no_hours(ctx: Flask, year: int) -> None:
    branch = make_org("QA")
    member = make_member("张一", branch)
    attend(make_session(branch, starts_at=at(date(2019, 6, 1), 9)), member)
    hours = member_hours(db.session(), member.id, year)
    assert (hours.hours, hours.shortfall_hours) == (0.0, 32.0)
