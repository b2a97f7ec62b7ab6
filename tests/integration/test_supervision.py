"""Instructors and teams: exactly the assigned units on exactly the assigned days, changed by who may."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import InstructorAssignment, TeamOfficial
from app.accounts.queries import staff_by_api_token, staff_by_login
from app.accounts.services import set_active, sign_in
from app.accounts.supervision import services
from app.accounts.supervision.commands import OfficialDraft, Overseer, OverseerKind, RowKey, Span
from app.accounts.supervision.queries import (
    OverseerFilter,
    instructors,
    overseer_page,
    overseers_of_unit,
    teams,
)
from app.accounts.supervision.rules import MOST_UNITS
from app.core.access import Scope, Staff
from app.core.audit import AuditEntry
from app.core.clock import office_date
from app.core.db import db
from app.core.errors import AppError, InvalidInput, NotFound, WrongState
from app.core.vocabulary import FOREVER, OrgKind, Role
from app.members.queries.tree import tree
from app.members.services.orgs import move_org
from tests.factories import (
    LONG_AGO,
    NOW,
    count,
    make_account,
    make_instructor,
    make_official,
    make_org,
    make_staff,
    make_team,
    make_token,
)
from tests.query_counter import count_queries

TODAY = date(2019, 6, 3)  # the office's day of NOW
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def tree_of(ctx: Flask) -> dict[str, Any]:
    """R above A (with A1 below) and B."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    a = make_org("A", root, kind=OrgKind.GENERAL_BRANCH)
    return {"R": root, "A": a, "A1": make_org("A1", a), "B": make_org("B", root)}


@pytest.fixture
def everyone(tree_of: dict[str, Any]) -> Scope:
    return Scope((tree_of["R"].id,), None)


def seen(user: Any, on: date = TODAY) -> set[str]:
    """Codes of the units that the user's API token shows on a day."""
    staff = staff_by_api_token(db.session(), make_token(user), on)
    assert staff is not None
    return {row.code for row in tree(db.session(), staff.scope("members.read"), on)}


def refused(act: Any) -> dict[str, str]:
    """field → code of a refusal."""
    with pytest.raises(InvalidInput) as caught:
        act()
    return {error.field: error.code for error in caught.value.errors}


def instructor(row: Any) -> Overseer:
    return Overseer(OverseerKind.INSTRUCTOR, row.id)


def team(row: Any) -> Overseer:
    return Overseer(OverseerKind.TEAM, row.id)


def test_an_instructor_sees_the_assigned_units_and_what_is_below_them(tree_of: dict[str, Any]) -> None:
    user = make_account("li")
    make_instructor("李", tree_of["A"], user=user)
    assert seen(user) == {"A", "A1"}


def test_an_assignment_begins_and_ends_with_its_days(tree_of: dict[str, Any]) -> None:
    user = make_account("li")
    make_instructor("李", tree_of["B"], user=user, starts_on=TODAY, ends_on=TOMORROW)
    days = [TODAY - timedelta(days=1), TODAY, TOMORROW]
    assert [seen(user, day) for day in days] == [set(), {"B"}, set()]


def test_the_day_turns_at_midnight_in_the_office(tree_of: dict[str, Any]) -> None:
    """Not at midnight UTC: the day that requests ask with is the office's."""
    user = make_account("li")
    make_instructor("李", tree_of["B"], user=user, starts_on=TODAY, ends_on=TOMORROW)
    shanghai = ZoneInfo("Asia/Shanghai")
    last = datetime(2019, 6, 3, 15, 59, 59, tzinfo=UTC)
    assert seen(user, office_date(last, shanghai)) == {"B"}
    assert seen(user, office_date(last + timedelta(seconds=1), shanghai)) == set()


def test_an_official_sees_the_teams_units_only_while_in_the_team(tree_of: dict[str, Any]) -> None:
    user = make_account("wang")
    supervising = make_team("一组", tree_of["A"], starts_on=TODAY, ends_on=TODAY + timedelta(days=3))
    make_official(supervising, "王", user=user, starts_on=TOMORROW, ends_on=TODAY + timedelta(days=9))
    days = [TODAY + timedelta(days=n) for n in range(4)]
    assert [seen(user, day) for day in days] == [set(), {"A", "A1"}, {"A", "A1"}, set()]


def test_assignments_and_roles_of_one_person_add_up(tree_of: dict[str, Any]) -> None:
    user = make_staff("both", Role.SECRETARY, tree_of["A1"])
    make_instructor("李", tree_of["A"], user=user)
    for name in ("一组", "二组"):
        make_official(make_team(name, tree_of["B"]), "李", user=user)
    staff = staff_by_api_token(db.session(), make_token(user), TODAY)
    assert staff is not None
    assert staff.scope("members.read").org_ids == tuple(sorted(tree_of[code].id for code in ("A", "A1", "B")))
    assert staff.scope("members.write").org_ids == (tree_of["A1"].id,), "what is assigned is read only"
    assert seen(user) == {"A", "A1", "B"}
    assert staff.main_role is Role.SECRETARY


def test_a_closed_account_is_nobody_whatever_is_assigned(tree_of: dict[str, Any]) -> None:
    user = make_account("li")
    make_instructor("李", tree_of["A"], user=user)
    token = make_token(user)
    set_active(user.id, False, None, NOW)
    assert staff_by_api_token(db.session(), token, TODAY) is None


def test_a_user_without_anything_is_let_in_and_sees_nothing(tree_of: dict[str, Any]) -> None:
    user = make_account("former")
    make_instructor("李", tree_of["A"], user=user, ends_on=TODAY)
    staff = staff_by_api_token(db.session(), make_token(user), TODAY)
    assert staff is not None
    assert (staff.main_role, staff.may("members.read"), staff.may("sessions.write")) == (
        Role.SUPERVISOR,
        True,
        False,
    )
    assert seen(user) == set()


def test_who_is_signed_in_costs_one_query(tree_of: dict[str, Any], everyone: Scope) -> None:
    made = services.save_instructor(None, "李", "", everyone, NOW)
    person = Overseer(OverseerKind.INSTRUCTOR, made)
    services.assign_units(person, ["A", "B"], Span(TODAY), everyone, NOW)
    services.open_account(person, "li", "correct horse", everyone, NOW)
    token = sign_in("li", "correct horse", "127.0.0.1", NOW)
    with count_queries() as queries:
        staff = staff_by_login(db.session(), token, NOW, TODAY)
    assert isinstance(staff, Staff)
    assert {grant.org_id for grant in staff.grants} == {tree_of["A"].id, tree_of["B"].id}
    assert queries.count == 1


def test_units_are_assigned_many_at_a_time_and_a_repeat_does_no_harm(
    tree_of: dict[str, Any], everyone: Scope
) -> None:
    row = make_instructor("李")
    done = services.assign_units(instructor(row), ["A1", "B", "B"], Span(TODAY), everyone, NOW)
    again = services.assign_units(instructor(row), ["A1", "B"], Span(TOMORROW), everyone, NOW)
    assert ((done.added, done.unchanged), (again.added, again.unchanged)) == ((2, 0), (0, 2))
    assert count(InstructorAssignment) == 2
    acts = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "instructor.assign")).all()
    assert [act.detail["orgs"] for act in acts] == [sorted([tree_of["A1"].id, tree_of["B"].id])]


@pytest.mark.parametrize(
    ("codes", "span", "wrong"),
    [
        ([], Span(TODAY), {"org_codes": "required"}),
        (["B", "nowhere"], Span(TODAY), {"org_codes": "unknown"}),
        (["B"], Span(TODAY + timedelta(days=93)), {"from": "out_of_range"}),
        (["B"], Span(date(1899, 12, 31)), {"from": "out_of_range"}),
        (["B"], Span(TODAY, TODAY), {"to": "before_from"}),
        (["A", "B"], Span(TODAY - timedelta(days=1)), {"org_codes": "overlaps"}),
    ],
)
def test_a_wrong_order_is_refused_whole(
    tree_of: dict[str, Any], everyone: Scope, codes: list[str], span: Span, wrong: dict[str, str]
) -> None:
    row = make_instructor("李", tree_of["A"], starts_on=TODAY)
    assert refused(lambda: services.assign_units(instructor(row), codes, span, everyone, NOW)) == wrong
    assert count(InstructorAssignment) == 1


def test_whoever_has_too_many_units_is_given_the_one_above_them(
    tree_of: dict[str, Any], everyone: Scope
) -> None:
    codes = [make_org(f"X{n}", tree_of["B"]).code for n in range(MOST_UNITS)]
    row = make_team("一组", tree_of["A"])
    act = lambda: services.assign_units(team(row), codes, Span(TODAY), everyone, NOW)  # noqa: E731
    assert refused(act) == {"org_codes": "too_many"}
    services.assign_units(team(row), codes[1:], Span(TODAY), everyone, NOW)
    user = make_account("wang")
    make_official(row, "王", user=user)
    assert len(seen(user)) == MOST_UNITS + 1, "the database takes so many places in one condition"


def test_an_assignment_ends_is_corrected_and_taken_back(tree_of: dict[str, Any], everyone: Scope) -> None:
    row = make_instructor("李", tree_of["A"], starts_on=TODAY)
    key = RowKey("A", TODAY)
    services.change_assignment(instructor(row), key, Span(TODAY, TOMORROW), everyone, NOW)
    services.assign_units(instructor(row), ["A"], Span(TODAY + timedelta(days=5)), everyone, NOW)
    spans = select(InstructorAssignment.starts_on, InstructorAssignment.ends_on).order_by("starts_on")
    assert list(db.session.execute(spans)) == [(TODAY, TOMORROW), (TODAY + timedelta(days=5), FOREVER)]
    longer = Span(TODAY, TODAY + timedelta(days=6))
    assert refused(lambda: services.change_assignment(instructor(row), key, longer, everyone, NOW)) == {
        "from": "overlaps"
    }
    earlier = Span(TODAY - timedelta(days=3), TODAY + timedelta(days=5))
    services.change_assignment(instructor(row), key, earlier, everyone, NOW)
    services.delete_assignment(instructor(row), RowKey("A", earlier.starts_on), everyone, NOW)
    assert list(db.session.execute(spans)) == [(TODAY + timedelta(days=5), FOREVER)]
    with pytest.raises(NotFound):
        services.delete_assignment(instructor(row), RowKey("A", earlier.starts_on), everyone, NOW)


def test_an_administrator_of_a_part_changes_what_lies_within_only(tree_of: dict[str, Any]) -> None:
    of_a = Scope((tree_of["A"].id,), None)
    elsewhere = make_instructor("外", tree_of["B"])
    both = make_instructor("双", tree_of["A1"], tree_of["B"])
    own = make_instructor("内", tree_of["A1"])
    unassigned = make_instructor("新")
    wanted = OverseerFilter(TODAY, unassigned=True)
    rows, total = instructors(db.session(), of_a, wanted, limit=10)
    assert {(row.name, row.units) for row in rows} == {("双", 1), ("内", 1), ("新", 0)}
    assert total == 3
    for act in (
        lambda: services.assign_units(instructor(elsewhere), ["A1"], Span(TODAY), of_a, NOW),
        lambda: services.save_instructor(elsewhere.id, "改", "", of_a, NOW),
        lambda: services.delete_assignment(instructor(both), RowKey("B", date(2000, 1, 1)), of_a, NOW),
    ):
        with pytest.raises(NotFound):
            act()
    make_account("spy")
    for forbidden in (
        lambda: services.link_account(instructor(both), "spy", of_a, NOW),
        lambda: services.save_instructor(both.id, "改", "", of_a, NOW),
    ):
        with pytest.raises(WrongState):
            forbidden()
    assert refused(lambda: services.assign_units(instructor(own), ["B"], Span(TODAY), of_a, NOW)) == {
        "org_codes": "unknown"
    }
    services.assign_units(instructor(both), ["A"], Span(TODAY), of_a, NOW)
    services.assign_units(instructor(unassigned), ["A"], Span(TODAY), of_a, NOW)
    services.link_account(instructor(own), "spy", of_a, NOW)


def test_readers_do_not_see_who_has_no_unit_of_theirs(tree_of: dict[str, Any]) -> None:
    make_instructor("新")
    make_instructor("甲", tree_of["A1"])
    make_team("一组", tree_of["R"])
    of_a = Scope((tree_of["A"].id,), None)
    rows, _ = instructors(db.session(), of_a, OverseerFilter(TODAY), limit=10)
    assert [row.name for row in rows] == ["甲"]
    assert teams(db.session(), of_a, OverseerFilter(TODAY), limit=10) == ([], 0)


def test_an_account_is_linked_once_and_unlinked(tree_of: dict[str, Any], everyone: Scope) -> None:
    first, second = make_instructor("李", tree_of["A"]), make_instructor("赵", tree_of["B"])
    user = make_account("li")
    services.link_account(instructor(first), "LI", everyone, NOW)
    assert seen(user) == {"A", "A1"}
    act = lambda name: services.link_account(instructor(second), name, everyone, NOW)  # noqa: E731
    assert refused(lambda: act("li")) == {"username": "taken"}
    assert refused(lambda: act("nobody")) == {"username": "unknown"}
    services.link_account(instructor(first), " ", everyone, NOW)
    assert seen(user) == set()


def test_a_refused_new_account_leaves_nothing_behind(tree_of: dict[str, Any], everyone: Scope) -> None:
    row = make_instructor("李", tree_of["A"])
    make_account("taken")

    def act(name: str, password: str) -> None:
        services.open_account(instructor(row), name, password, everyone, NOW)

    assert refused(lambda: act("taken", "correct horse")) == {"username": "taken"}
    assert refused(lambda: act("li", "short")) == {"password": "too_short"}
    act("li", "correct horse")
    (found,), _ = instructors(db.session(), everyone, OverseerFilter(TODAY), limit=2)
    assert (found.username, found.units) == ("li", 1)


def test_officials_come_and_go_and_one_leads_at_a_time(tree_of: dict[str, Any], everyone: Scope) -> None:
    made = services.save_team(None, "一组", everyone, NOW)
    assert refused(lambda: services.save_team(None, " 一组 ", everyone, NOW)) == {"name": "taken"}
    leader = OfficialDraft("王", Span(TODAY, TOMORROW), "区纪委", is_leader=True)
    first = services.add_official(made, leader, everyone, NOW)
    assert services.add_official(made, leader, everyone, NOW) == first, "a repeat adds nobody"
    clash = OfficialDraft("赵", Span(TODAY), is_leader=True)
    assert refused(lambda: services.add_official(made, clash, everyone, NOW)) == {"is_leader": "taken"}
    second = services.add_official(made, OfficialDraft("赵", Span(TOMORROW), is_leader=True), everyone, NOW)
    rows, _ = teams(db.session(), everyone, OverseerFilter(TODAY, unassigned=True), limit=5)
    assert [(row.leader, row.officials) for row in rows] == [("王", 1)]
    services.change_official(made, first, OfficialDraft("王", Span(TODAY, TOMORROW)), everyone, NOW)
    services.delete_official(made, second, everyone, NOW)
    left = db.session.scalars(select(TeamOfficial)).one()
    assert (left.name, left.is_leader, left.work_place) == ("王", False, None)
    with pytest.raises(NotFound):
        services.delete_official(made + 1, first, everyone, NOW)


def test_only_who_never_had_a_unit_or_official_can_be_deleted(
    tree_of: dict[str, Any], everyone: Scope
) -> None:
    services.delete_overseer(instructor(make_instructor("错")), everyone, NOW)
    with_official = make_team("一组")
    make_official(with_official, "王")
    for kept in (instructor(make_instructor("李", tree_of["A"])), team(with_official)):
        with pytest.raises(WrongState) as caught:
            services.delete_overseer(kept, everyone, NOW)
        assert caught.value.code == "in_use"


@pytest.mark.parametrize("name", ["", "  ", "长" * 81, "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused(everyone: Scope, name: str) -> None:
    with pytest.raises(AppError):
        services.save_instructor(None, name, "", everyone, NOW)


def test_a_unit_names_who_looks_after_it_or_after_what_is_above(tree_of: dict[str, Any]) -> None:
    near = make_instructor("近", tree_of["A1"], tree_of["A"])
    make_instructor("旧", tree_of["A1"], ends_on=TODAY)
    make_official(make_team("一组", tree_of["R"]), "王")
    scope = Scope((tree_of["A"].id,), None)
    rows = overseers_of_unit(db.session(), tree_of["A1"].id, scope, TODAY)
    assert [(row.name, row.through, row.is_open) for row in rows] == [
        ("近", None, True),
        ("一组", "组织R", False),
    ]
    assert rows[0].overseer == instructor(near)
    assert overseers_of_unit(db.session(), 999, scope, TODAY) == ()


def test_a_move_that_is_to_come_decides_nothing_yet(tree_of: dict[str, Any], everyone: Scope) -> None:
    row, later = (
        make_instructor("李", tree_of["A1"]),
        make_org("C", tree_of["R"], kind=OrgKind.GENERAL_BRANCH),
    )
    scopes = {"A": Scope((tree_of["A"].id,), None), "C": Scope((later.id,), None)}
    move_org("A1", "C", TODAY + timedelta(days=30), everyone, NOW)
    wanted = OverseerFilter(TODAY)
    assert overseer_page(db.session(), instructor(row), scopes["A"], wanted) is not None
    assert overseer_page(db.session(), instructor(row), scopes["C"], wanted) is None
    key = RowKey("A1", LONG_AGO)
    with pytest.raises(NotFound):
        services.delete_assignment(instructor(row), key, scopes["C"], NOW)
    services.delete_assignment(instructor(row), key, scopes["A"], NOW)
    assert count(InstructorAssignment) == 0
