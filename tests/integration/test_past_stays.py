"""What happens to people and branches after a session leaves every figure of that session as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.attendance.models import Attendance
from app.attendance.queries.session import roster, session_counts
from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import Group, OrgKind, OrgSector, Role
from app.members.commands import GroupSpan
from app.members.queries.as_of import standing_of
from app.members.roster.orgs import import_orgs, read_orgs
from app.members.services.branch_history import correct_branch_start
from app.members.services.exemptions import approve_exempt
from app.members.services.groups import remove_group, set_group
from app.members.services.transfer_requests import accept_transfer, ask_transfer
from app.members.services.transfers import end_membership, transfer_member
from app.reports import queries
from app.reports.queries import Place, place_in_scope
from app.reports.rules import EVERYTHING, By, CoverageBy, Period, Snapshot
from app.trainings.models import ExpectedAttendee, TrainingClass
from tests.factories import attend, make_member, make_org, make_session, make_staff, put_in_group

HELD = datetime(2019, 9, 10, 1, tzinfo=UTC)
TODAY = date(2020, 6, 1)
NOW = datetime(2020, 6, 1, 1, tzinfo=UTC)
LATER = date(2020, 2, 1)
YEAR = Period.of_year(2019)
DAYS = (date(2019, 9, 9), HELD.date(), date(2019, 12, 31))


@dataclass
class District:
    """Root R; east E with the village branch E1, west W with the company branch W1; two who came, one not."""

    orgs: dict[str, Any]
    people: dict[str, Any]
    session_id: int
    scopes: dict[str, Scope]

    @property
    def came(self) -> int:
        member_id: int = self.people["came"].id
        return member_id


@pytest.fixture
def district(ctx: Flask) -> District:
    root = make_org("R", kind=OrgKind.COMMITTEE)
    east, west = (make_org(code, root, kind=OrgKind.COMMITTEE) for code in "EW")
    village = make_org("E1", east, sector=OrgSector.VILLAGE)
    company = make_org("W1", west, sector=OrgSector.NON_PUBLIC)
    # Sixty on 1 February 2020.
    people = {
        "came": make_member("来了", village, birth_date=date(1960, 2, 1)),
        "beside": make_member("列席", company),
        "stayed": make_member("没来", village),
    }
    put_in_group(people["came"], Group.LOST_CONTACT, starts_on=date(2019, 1, 1))
    with writing() as session:
        training = TrainingClass(
            title="轮训班", kind_key="central_training", host_org_id=root.id, created_at=HELD
        )
        session.add(training)
    held = make_session(village, starts_at=HELD, kind="central_training", class_id=training.id)
    make_session(village, starts_at=HELD, kind="theme_day", declared_person_times=30)
    for name in ("came", "stayed"):
        expect(held, people[name])
    for name in ("came", "beside"):
        attend(held, people[name], is_extra=name == "beside")
    users = [make_staff(name, Role.ADMINISTRATOR, root).id for name in ("first", "second")]
    scopes = {"first": Scope((root.id,), users[0]), "second": Scope((root.id,), users[1])}
    scopes |= {"E": Scope((east.id,), users[0]), "W": Scope((west.id,), users[1])}
    orgs = {"R": root, "E": east, "W": west, "E1": village, "W1": company}
    return District(orgs, people, held.id, scopes)


def expect(held: Any, member: Any) -> None:
    with writing() as session:
        standing = standing_of(session, member.id, held.office_date, 60)
        assert standing is not None
        session.add(
            ExpectedAttendee(
                session_id=held.id, member_id=member.id, org_id=standing.org_id, groups=standing.groups
            )
        )


def places(district: District) -> list[Place]:
    return [place_in_scope(db.session(), district.scopes["first"], code, TODAY) for code in "REW"]


def figures(district: District) -> list[Any]:
    """Every figure of the session and of its year, as a list that says where two of them differ."""
    session, found = db.session(), []
    for place in places(district):
        found += [queries.person_times(session, YEAR, place, by) for by in By]
        for day in DAYS:
            snapshot = Snapshot(day, 60)
            found += [queries.coverage(session, YEAR, snapshot, place, by) for by in CoverageBy]
            found.append(queries.uncovered(session, YEAR, snapshot, place, cut=EVERYTHING))
        found.append(queries.study_hours(session, 2019, Snapshot(DAYS[-1], 60), place, cut=EVERYTHING))
        found.append(queries.year_hours(session, 2019, Snapshot(DAYS[-1], 60), place))
        found.append(queries.ledger(session, YEAR, place, EVERYTHING))
        found.append(queries.duties(session, 2019, place, TODAY, EVERYTHING))
    found.append(session_counts(session, [district.session_id]))
    found.append(roster(session, district.session_id))
    found.append(session.execute(select(ExpectedAttendee.__table__)).all())
    found.append(session.execute(select(Attendance.__table__)).all())
    return found


def later(district: District) -> dict[str, int]:
    """Members of each side, and of some groups, on a later day."""
    snapshot, (root, *_) = Snapshot(TODAY, 60), places(district)
    by_org = queries.coverage(db.session(), YEAR, snapshot, root, CoverageBy.ORG)
    by_group = queries.coverage(db.session(), YEAR, snapshot, root, CoverageBy.GROUP)
    counts = {row.key: row.members for row in (*by_org.rows, *by_group.rows)}
    return {key: n for key, n in {**counts, "required": by_org.total.required}.items() if n}


def transfer(district: District) -> None:
    transfer_member(district.came, "W1", LATER, district.scopes["first"], NOW)


def transfer_by_request(district: District) -> None:
    request_id = ask_transfer(district.came, "W1", district.scopes["E"], NOW)
    accept_transfer(request_id, date(2020, 5, 20), district.scopes["W"], NOW)


def branch_move(district: District) -> None:
    table = "code,name,kind,parent_code\nE1,组织E1,branch,W\n"
    plan = import_orgs(read_orgs(table.encode()), TODAY, NOW, as_of=LATER)
    assert plan.moved == {"E1"}


def leaving(district: District) -> None:
    end_membership(district.came, LATER, district.scopes["first"], NOW)


def new_group(district: District) -> None:
    set_group(GroupSpan(district.came, Group.NEW_ORG, LATER), district.scopes["first"], NOW)


def group_ended(district: District) -> None:
    remove_group(district.came, Group.LOST_CONTACT, district.scopes["first"], NOW, on=LATER)


def out_of_the_rule(district: District) -> None:
    set_group(GroupSpan(district.came, Group.RURAL, LATER, is_in=False), district.scopes["first"], NOW)


def absence(district: District) -> None:
    # Entered late: six months before LATER the year was not over, but nobody was mobile in it.
    set_group(GroupSpan(district.came, Group.MOBILE, date(2019, 8, 1)), district.scopes["first"], NOW)


def exemption(district: District) -> None:
    set_group(GroupSpan(district.came, Group.EXEMPT, LATER), district.scopes["first"], NOW)
    approve_exempt(district.came, LATER, district.scopes["second"], NOW)


BEFORE = {"E": 2, "W": 1, "elderly": 1, "rural": 2, "new_org": 1, "lost_contact": 1, "required": 3}
MOVED = {"E": 1, "W": 2, "rural": 1, "new_org": 2}


@pytest.mark.parametrize(
    ("happens", "changes"),
    [
        (transfer, MOVED),
        (transfer_by_request, MOVED),
        (branch_move, {"E": 0, "W": 3}),
        (leaving, {"E": 1, "elderly": 0, "rural": 1, "lost_contact": 0, "required": 2}),
        (new_group, {"new_org": 2}),
        (group_ended, {"lost_contact": 0}),
        (out_of_the_rule, {"rural": 1}),
        (absence, {"mobile": 1}),
        (exemption, {"exempt": 1, "required": 2}),
    ],
)
def test_what_happens_later_changes_no_figure_of_the_past(
    district: District, happens: Callable[[District], None], changes: dict[str, int]
) -> None:
    before = figures(district)
    assert later(district) == BEFORE
    happens(district)
    db.session.expire_all()
    for was, is_now in zip(before, figures(district), strict=True):
        assert is_now == was
    # The later day is asked of what holds then.
    assert later(district) == {key: n for key, n in {**BEFORE, **changes}.items() if n}


def test_a_birthday_after_the_session_makes_nobody_elderly_in_it(district: District) -> None:
    place = places(district)[0]
    times = {row.key: row for row in queries.person_times(db.session(), YEAR, place, By.GROUP).rows}
    assert (times["elderly"].person_times, times["rural"].person_times) == (0, 1)

    def elderly(on: date) -> tuple[int, int]:
        found = queries.coverage(db.session(), YEAR, Snapshot(on, 60), place, CoverageBy.GROUP)
        row = next(row for row in found.rows if row.key == "elderly")
        return row.members, row.covered

    assert [elderly(day) for day in (*DAYS, date(2020, 1, 31), date(2020, 2, 1))] == [(0, 0)] * 4 + [(1, 1)]


def test_a_correction_moves_the_days_between_but_not_what_was_recorded(district: District) -> None:
    """Decision 0016: the row keeps the branch it was recorded with; membership on a day is corrected."""
    transfer_member(district.came, "W1", date(2019, 10, 1), district.scopes["first"], NOW)
    session, (root, *_) = db.session(), places(district)
    snapshot = Snapshot(HELD.date(), 60)

    def members() -> dict[str, int]:
        found = queries.coverage(session, YEAR, snapshot, root, CoverageBy.ORG)
        return {row.key: row.members for row in found.rows}

    recorded = [queries.person_times(session, YEAR, root, by) for by in By]
    assert members() == {"E": 2, "W": 1}
    correct_branch_start(district.came, date(2019, 10, 1), date(2019, 9, 1), district.scopes["first"], NOW)
    assert members() == {"E": 1, "W": 2}
    assert [queries.person_times(session, YEAR, root, by) for by in By] == recorded
