"""Renaming, moving, closing and merging units: from a day on, and never before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Instructor, InstructorAssignment
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound
from app.core.vocabulary import (
    FOREVER,
    AudienceKind,
    Group,
    OrgKind,
    OrgSector,
    OrgTag,
    Post,
    Role,
    SessionState,
)
from app.members.commands import OrgChanges, OrgDraft
from app.members.models import GroupMembership, Membership, OrgFormerNature, OrgPost, OrgTagRow, OrgUnit
from app.members.queries.as_of import standing_of
from app.members.queries.orgs import former_names
from app.members.queries.tree import closed_units, org_by_code, subtree_ids
from app.members.services.closing import close_org, merge_orgs, reopen_org
from app.members.services.orgs import change_org, create_org, move_org, rename_org
from app.members.services.transfers import end_membership, transfer_member
from app.reports.queries.coverage import CoverageBy, coverage
from app.reports.queries.duties import duties
from app.reports.queries.ledger import ledger
from app.reports.queries.person_times import person_times
from app.reports.queries.place import place_in_scope
from app.reports.rules import By, Period, Snapshot
from app.trainings.models import AudienceRule, ExpectedAttendee, TrainingSession
from tests.factories import (
    LONG_AGO,
    NOW,
    attend,
    make_member,
    make_org,
    make_session,
    make_staff,
    put_in_group,
)
from tests.tree_checker import tree_faults

TODAY = date(2019, 6, 3)
TOMORROW = NOW + timedelta(days=1)
SPRING = Period(date(2019, 1, 1), date(2019, 5, 31))
YEAR = Period(date(2019, 1, 1), date(2019, 12, 31))


@pytest.fixture
@writing()
def district(ctx: Flask) -> dict[str, Any]:
    """R has the streets S1 (branches A with group A1, and B) and S2 (branch C); A's two members came once."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    s1 = make_org("S1", root, kind=OrgKind.COMMITTEE)
    s2 = make_org("S2", root, kind=OrgKind.COMMITTEE)
    a = make_org("A", s1, sector=OrgSector.VILLAGE)
    units = {
        "R": root, "S1": s1, "S2": s2, "A": a, "B": make_org("B", s1), "C": make_org("C", s2),
        "A1": make_org("A1", a, kind=OrgKind.GROUP),
    }  # fmt: skip
    people = [make_member("张三", a), make_member("李四", units["A1"]), make_member("王五", units["C"])]
    held = make_session(a, starts_at=datetime(2019, 5, 6, 1, 0, tzinfo=UTC))
    for person in people[:2]:
        attend(held, person)
    user = make_staff("管理员", Role.ADMINISTRATOR, root)
    return {**units, "people": people, "held": held, "all": Scope((root.id,), user.id), "app": ctx}


def codes(error: InvalidInput) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in error.errors}


def below(code: str, on: date) -> set[str]:
    db.session.rollback()
    unit = db.session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()
    ids = subtree_ids([unit.id], on)
    return set(db.session.scalars(select(OrgUnit.code).where(OrgUnit.id.in_(ids))))


def figures(scope: Scope, code: str | None, period: Period, on: date) -> dict[str, Any]:
    """What every report says of a place; labels left out, names may change."""
    db.session.rollback()
    session = db.session()
    place = place_in_scope(session, scope, code, TODAY)
    snapshot = Snapshot(on, 60)
    times = person_times(session, period, place, By.ORG)
    covered = coverage(session, period, snapshot, place, CoverageBy.GROUP)
    by_org = coverage(session, period, snapshot, place, CoverageBy.ORG)
    return {
        "person_times": [replace(row, label="") for row in (times.total, *times.rows)],
        "coverage": [(row.key, row.members, row.covered) for row in (covered.total, *covered.rows)],
        "coverage by org": [(row.key, row.members, row.covered) for row in by_org.rows],
        "duties": [(row.org_code, row.months) for row in duties(session, period.first.year, place, on).rows],
        "ledger": ledger(session, period, place).count,
    }


# ---- names, kinds and sectors -----------------------------------------------------------------------------


def test_a_new_name_from_a_day_keeps_the_old_one_and_a_correction_does_not(district: dict[str, Any]) -> None:
    everyone = district["all"]
    rename_org("A", "甲村党支部", everyone, NOW)
    assert former_names(db.session()) == {}
    rename_org("A", "甲新村党支部", everyone, NOW, since=date(2019, 3, 1))
    assert former_names(db.session()) == {district["A"].id: ("甲村党支部",)}
    # The same day once more replaces it, and back to the old name undoes it.
    rename_org("A", "甲大村党支部", everyone, NOW, since=date(2019, 3, 1))
    assert former_names(db.session()) == {district["A"].id: ("甲村党支部",)}
    rename_org("A", "甲村党支部", everyone, NOW, since=date(2019, 3, 1))
    assert former_names(db.session()) == {}


@pytest.mark.parametrize(
    ("since", "code"),
    [
        (TODAY + timedelta(days=1), "future"),
        (LONG_AGO, "too_early"),
        (date(2019, 2, 28), "too_early"),
    ],
)
def test_a_name_cannot_begin_in_the_future_or_before_the_one_it_follows(
    district: dict[str, Any], since: date, code: str
) -> None:
    rename_org("A", "甲村党支部", district["all"], NOW, since=date(2019, 3, 1))
    with pytest.raises(InvalidInput) as refused:
        rename_org("A", "乙", district["all"], NOW, since=since)
    assert codes(refused.value) == {("name_from", code)}


def test_a_sector_that_changes_leaves_groups_and_coverage_of_the_past_alone(district: dict[str, Any]) -> None:
    everyone, member = district["all"], district["people"][0]
    before = figures(everyone, None, SPRING, date(2019, 5, 31))
    change_org("A", OrgChanges(sector=OrgSector.NON_PUBLIC, changed_from=TODAY), everyone, NOW)
    assert figures(everyone, None, SPRING, date(2019, 5, 31)) == before
    yesterday = standing_of(db.session(), member.id, TODAY - timedelta(days=1), 60)
    today = standing_of(db.session(), member.id, TODAY, 60)
    assert yesterday is not None
    assert today is not None
    assert Group.from_bits(yesterday.groups) == (Group.RURAL,)
    assert Group.from_bits(today.groups) == (Group.NEW_ORG,)


def test_a_sector_that_was_wrong_all_along_is_corrected_at_all_dates(district: dict[str, Any]) -> None:
    change_org("A", OrgChanges(sector=OrgSector.RETIRED), district["all"], NOW)
    standing = standing_of(db.session(), district["people"][0].id, date(2010, 1, 1), 60)
    assert standing is not None
    assert Group.from_bits(standing.groups) == (Group.RETIRED,)
    assert db.session.scalars(select(OrgFormerNature)).all() == []


def test_a_branch_that_becomes_a_general_branch_keeps_its_duties_of_last_year(
    district: dict[str, Any],
) -> None:
    make_session(district["B"], starts_at=datetime(2018, 5, 6, 1, 0, tzinfo=UTC))
    last_year = Period.of_year(2018)
    before = figures(district["all"], "S1", last_year, date(2018, 12, 31))
    assert "B" in dict(before["duties"])
    change_org("B", OrgChanges(kind=OrgKind.GENERAL_BRANCH, changed_from=TODAY), district["all"], NOW)
    assert figures(district["all"], "S1", last_year, date(2018, 12, 31)) == before
    assert "B" not in dict(figures(district["all"], "S1", YEAR, TODAY)["duties"])


@pytest.mark.parametrize(
    ("code", "kind", "wrong"),
    [("A", OrgKind.GROUP, "cannot_hold"), ("A1", OrgKind.BRANCH, "cannot_hang")],
)
def test_a_kind_must_fit_what_is_above_and_below(
    district: dict[str, Any], code: str, kind: OrgKind, wrong: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        change_org(code, OrgChanges(kind=kind, changed_from=TODAY), district["all"], NOW)
    assert codes(refused.value) == {("kind", wrong)}


def test_no_branch_is_built_below_a_branch(district: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        create_org(OrgDraft("X", "支部下的支部", OrgKind.BRANCH, "A"), district["all"], NOW)
    assert codes(refused.value) == {("kind", "cannot_hang")}


def test_a_new_unit_has_a_place_no_sooner_than_the_one_above_it(district: dict[str, Any]) -> None:
    create_org(
        OrgDraft("S3", "新街道", OrgKind.COMMITTEE, "R", opened_on=date(2019, 2, 1)), district["all"], NOW
    )
    create_org(OrgDraft("D", "老支部", OrgKind.BRANCH, "S3"), district["all"], NOW)
    assert tree_faults(db.session()) == []
    assert "D" in below("S3", date(2019, 2, 1))


# ---- moving -----------------------------------------------------------------------------------------------


def test_a_move_leaves_every_report_of_the_past_and_counts_under_the_new_parent_from_then_on(
    district: dict[str, Any],
) -> None:
    everyone, may = district["all"], date(2019, 5, 31)
    places = (None, "S1", "S2", "A")
    before = {code: figures(everyone, code, SPRING, may) for code in places}
    assert move_org("A", "S2", TODAY, everyone, NOW) == 2
    assert tree_faults(db.session()) == []
    assert {code: figures(everyone, code, SPRING, may) for code in places} == before
    attend(make_session(district["A"], starts_at=NOW), district["people"][0])
    today = Period(TODAY, TODAY)
    assert figures(everyone, "S1", today, TODAY)["person_times"][0].person_times == 0
    assert figures(everyone, "S2", today, TODAY)["person_times"][0].person_times == 1
    assert figures(everyone, "S2", today, TODAY)["coverage"][0] == ("", 3, 1)


def test_a_move_back_on_the_same_day_is_as_if_nothing_had_been(district: dict[str, Any]) -> None:
    move_org("A", "S2", TODAY, district["all"], NOW)
    assert move_org("A", "S2", TODAY, district["all"], NOW) == 0
    move_org("A", "S1", TODAY, district["all"], NOW)
    assert tree_faults(db.session()) == []
    assert below("S1", TODAY) == {"S1", "A", "A1", "B"}
    row = org_by_code(db.session(), "A1", district["all"], LONG_AGO)
    assert row is not None
    assert row.path == "/" + "".join(f"{district[code].id}/" for code in ("R", "S1", "A", "A1"))


def test_what_is_planned_below_a_unit_stays_planned_when_the_unit_moves(district: dict[str, Any]) -> None:
    july = date(2019, 7, 1)
    move_org("A", "S2", july, district["all"], NOW)
    move_org("S1", "S2", TODAY, district["all"], NOW)
    assert tree_faults(db.session()) == []
    assert below("S1", TODAY) == {"S1", "A", "A1", "B"}
    assert below("S1", july) == {"S1", "B"}
    assert below("S2", july) == {"S2", "C", "S1", "B", "A", "A1"}


@pytest.mark.parametrize(
    ("code", "parent", "on", "wrong"),
    [
        ("S1", "A", TODAY, ("parent_code", "cannot_hold")),
        ("S1", "S1", TODAY, ("parent_code", "loop")),
        ("A", "S1", TODAY, ("parent_code", "same_parent")),
        ("A", "nowhere", TODAY, ("parent_code", "unknown")),
        ("A", "A1", TODAY, ("parent_code", "cannot_hold")),
        ("A", "S2", date(1999, 12, 31), ("on", "too_early")),
        ("A", "S2", TODAY + timedelta(days=93), ("on", "out_of_range")),
    ],
)
def test_a_move_that_cannot_be_is_refused_at_its_field(
    district: dict[str, Any], code: str, parent: str, on: date, wrong: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        move_org(code, parent, on, district["all"], NOW)
    assert codes(refused.value) == {wrong}
    assert tree_faults(db.session()) == []


def test_a_move_below_ones_own_unit_is_refused_even_when_it_is_only_planned_to_be_there(
    district: dict[str, Any],
) -> None:
    move_org("S2", "S1", date(2019, 7, 1), district["all"], NOW)
    with pytest.raises(InvalidInput) as refused:
        move_org("S1", "S2", TODAY, district["all"], NOW)
    assert codes(refused.value) == {("parent_code", "loop")}


def test_a_move_needs_a_parent_that_is_there_on_the_day(district: dict[str, Any]) -> None:
    create_org(
        OrgDraft("S3", "新街道", OrgKind.COMMITTEE, "R", opened_on=date(2019, 5, 1)), district["all"], NOW
    )
    with pytest.raises(InvalidInput) as refused:
        move_org("A", "S3", date(2019, 4, 30), district["all"], NOW)
    assert codes(refused.value) == {("parent_code", "no_parent")}


def test_units_outside_the_scope_neither_move_nor_take_in(district: dict[str, Any]) -> None:
    of_s1 = Scope((district["S1"].id,), None)
    with pytest.raises(NotFound):
        move_org("C", "S1", TODAY, of_s1, NOW)
    with pytest.raises(InvalidInput) as refused:
        move_org("A", "S2", TODAY, of_s1, NOW)
    assert codes(refused.value) == {("parent_code", "unknown")}


# ---- closing ----------------------------------------------------------------------------------------------


def test_a_unit_with_members_or_units_below_is_not_closed_and_the_error_says_what_is_left(
    district: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput) as refused:
        close_org("A", TODAY, district["all"], NOW)
    assert codes(refused.value) == {("on", "has_members"), ("on", "has_units")}
    said = " ".join(str(error.detail) for error in refused.value.errors)
    assert "还有 1 名党员" in said
    assert "组织A1" in said


def test_a_closed_unit_ends_with_all_that_is_dated_in_it_and_stays_in_reach(district: dict[str, Any]) -> None:
    with writing() as session:
        session.add(OrgTagRow(org_id=district["B"].id, tag=OrgTag.MODEL, starts_on=LONG_AGO))
        instructor = Instructor(name="指导员", created_at=NOW)
        session.add(instructor)
        session.flush()
        session.add(
            InstructorAssignment(instructor_id=instructor.id, org_id=district["B"].id, starts_on=LONG_AGO)
        )
    session_id = make_session(district["B"], starts_at=datetime(2019, 5, 6, 1, 0, tzinfo=UTC)).id
    close_org("B", TODAY, district["all"], NOW)
    close_org("B", TODAY, district["all"], NOW)
    assert tree_faults(db.session()) == []
    assert org_by_code(db.session(), "B", district["all"], TODAY) is None
    assert org_by_code(db.session(), "B", district["all"], TODAY - timedelta(days=1)) is not None
    assert db.session.scalars(select(OrgTagRow.ends_on)).all() == [TODAY]
    assert db.session.scalars(select(InstructorAssignment.ends_on)).all() == [TODAY]
    # Those above still reach what it held; those beside do not.
    (closed,) = closed_units(db.session(), Scope((district["S1"].id,), None), TODAY)
    assert (closed.row.code, closed.closed_on, closed.merged_into) == ("B", TODAY, None)
    assert closed_units(db.session(), Scope((district["S2"].id,), None), TODAY) == []
    within = TrainingSession.host_org_id.in_(subtree_ids([district["S1"].id], TODAY))
    held = set(db.session.scalars(select(TrainingSession.id).where(within)))
    assert session_id in held
    assert figures(district["all"], "B", SPRING, date(2019, 5, 31))["ledger"] == 1


def test_a_unit_is_not_closed_before_what_it_has_recorded_or_planned(district: dict[str, Any]) -> None:
    everyone, (first, second, _) = district["all"], district["people"]
    for person in (first, second):
        transfer_member(person.id, "B", date(2019, 5, 20), everyone, NOW)
    close_org("A1", date(2019, 5, 25), everyone, NOW)
    with pytest.raises(InvalidInput) as refused:
        close_org("A", date(2019, 5, 6), everyone, NOW)
    assert ("on", "has_members") in codes(refused.value)
    assert ("on", "in_use") in codes(refused.value)
    planned = make_session(district["A"], title="七月党课", state=SessionState.PUBLISHED, starts_at=TOMORROW)
    with pytest.raises(InvalidInput) as refused:
        close_org("A", TODAY, everyone, NOW)
    assert [str(error.detail) for error in refused.value.errors] == [
        "还有 1 个场次由本组织主办:2019年6月4日 七月党课。请先取消或改由其他组织主办。"
    ]
    with writing() as session:
        session.get_one(TrainingSession, planned.id).state = SessionState.CANCELLED
    close_org("A", TODAY, everyone, NOW)
    assert tree_faults(db.session()) == []


@pytest.mark.parametrize(
    ("code", "on", "wrong"),
    [
        ("R", TODAY, "root"),
        ("B", TODAY + timedelta(days=1), "future"),
        ("B", LONG_AGO, "too_early"),
    ],
)
def test_a_day_that_cannot_be_the_last_is_refused(
    district: dict[str, Any], code: str, on: date, wrong: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        close_org(code, on, district["all"], NOW)
    assert ("on", wrong) in codes(refused.value)


def test_a_closing_taken_back_leaves_the_unit_where_its_street_is_now(district: dict[str, Any]) -> None:
    with writing() as session:
        session.add(OrgTagRow(org_id=district["B"].id, tag=OrgTag.GUIDED, starts_on=LONG_AGO))
    close_org("B", date(2019, 5, 1), district["all"], NOW)
    move_org("S1", "S2", date(2019, 5, 15), district["all"], NOW)
    reopen_org("B", district["all"], NOW)
    assert tree_faults(db.session()) == []
    assert "B" in below("S1", date(2019, 5, 1))
    assert "B" in below("S2", TODAY)
    assert db.session.scalars(select(OrgTagRow.ends_on)).all() == [FOREVER]
    with pytest.raises(NotFound):
        reopen_org("B", district["all"], NOW)


def test_a_closing_taken_back_restores_the_tags_that_it_ended_and_no_others(district: dict[str, Any]) -> None:
    day, autumn, winter = date(2019, 5, 1), date(2019, 9, 1), date(2019, 12, 1)
    rows = [
        (OrgTag.GUIDED, LONG_AGO, day),
        (OrgTag.MODEL, LONG_AGO, autumn),
        (OrgTag.MODEL, winter, FOREVER),
    ]
    with writing() as session:
        for tag, starts_on, ends_on in rows:
            session.add(OrgTagRow(org_id=district["B"].id, tag=tag, starts_on=starts_on, ends_on=ends_on))

    def tags() -> list[tuple[OrgTag, date, date]]:
        db.session.rollback()
        return sorted((row.tag, row.starts_on, row.ends_on) for row in db.session.scalars(select(OrgTagRow)))

    close_org("B", TODAY, district["all"], NOW)
    reopen_org("B", district["all"], NOW)
    assert tags() == rows
    # Closed a second time, on the very day on which one had ended by itself.
    close_org("B", day, district["all"], NOW)
    assert tags() == [(OrgTag.GUIDED, LONG_AGO, day), (OrgTag.MODEL, LONG_AGO, day)]
    reopen_org("B", district["all"], NOW)
    assert tags() == rows


@pytest.mark.parametrize("into", ["C", None])
def test_mobile_members_that_a_unit_hosted_go_to_its_heir_or_are_without_a_host(
    district: dict[str, Any], into: str | None
) -> None:
    b, (here, over, _) = district["B"], district["people"]
    put_in_group(here, Group.MOBILE, direction="out", host_org_id=b.id)
    put_in_group(over, Group.MOBILE, direction="out", host_org_id=b.id, ends_on=TODAY)
    if into:
        merge_orgs("B", into, TODAY, district["all"], NOW)
    else:
        close_org("B", TODAY, district["all"], NOW)
    db.session.rollback()
    hosts = {row.member_id: row.host_org_id for row in db.session.scalars(select(GroupMembership))}
    # Who was back by then was hosted by the unit itself.
    assert hosts == {here.id: district[into].id if into else None, over.id: b.id}


def test_a_closing_below_a_closed_unit_cannot_be_taken_back(district: dict[str, Any]) -> None:
    transfer_member(district["people"][2].id, "B", TODAY, district["all"], NOW)
    close_org("C", TODAY, district["all"], NOW)
    close_org("S2", TODAY, district["all"], NOW)
    with pytest.raises(InvalidInput) as refused:
        reopen_org("C", district["all"], NOW)
    assert codes(refused.value) == {("on", "no_parent")}
    assert tree_faults(db.session()) == []


# ---- merging ----------------------------------------------------------------------------------------------


def test_a_merge_hands_everything_over_and_keeps_members_and_person_times_of_the_past(
    district: dict[str, Any],
) -> None:
    everyone, (first, second, third) = district["all"], district["people"]
    put_in_group(first, Group.MOBILE, direction="out")
    with writing() as session:
        session.add(
            OrgPost(member_id=first.id, org_id=district["A"].id, post=Post.SECRETARY, starts_on=LONG_AGO)
        )
        session.add(OrgTagRow(org_id=district["A"].id, tag=OrgTag.MODEL, starts_on=LONG_AGO))
    places, may = (None, "S1", "S2"), date(2019, 5, 31)
    before = {code: figures(everyone, code, SPRING, may) for code in places}
    assert merge_orgs("A", "C", TODAY, everyone, NOW) == 1
    assert tree_faults(db.session()) == []
    assert {code: figures(everyone, code, SPRING, may) for code in places} == before
    assert figures(everyone, "A", SPRING, may)["person_times"][0].person_times == 2
    assert below("C", TODAY) == {"C", "A1"}
    after = figures(everyone, "C", SPRING, TODAY)["coverage"][0]
    assert after == ("", 3, 2)
    standing = standing_of(db.session(), first.id, TODAY, 60)
    assert standing is not None
    assert standing.org_id == district["C"].id
    # Nobody has moved house: who is away is still away.
    assert Group.MOBILE in Group.from_bits(standing.groups)
    assert db.session.scalars(select(OrgPost.ends_on)).all() == [TODAY]
    assert db.session.scalars(select(OrgTagRow.ends_on)).all() == [TODAY]
    (closed,) = closed_units(db.session(), everyone, TODAY)
    assert closed.merged_into == ("C", "组织C")
    assert {second.id, third.id} == {
        m.member_id for m in db.session.scalars(select(Membership)) if m.ends_on == FOREVER
    } - {first.id}


def test_who_was_to_leave_or_move_on_later_still_does_after_a_merge(district: dict[str, Any]) -> None:
    everyone, july = district["all"], date(2019, 7, 1)
    leaving, going, coming = (make_member(name, district["A"]) for name in ("走", "转", "来"))
    end_membership(leaving.id, july, everyone, NOW)
    transfer_member(going.id, "C", july, everyone, NOW)
    transfer_member(coming.id, "C", date(2019, 5, 15), everyone, NOW)
    transfer_member(coming.id, "A", july, everyone, NOW)
    merge_orgs("A", "B", TODAY, everyone, NOW)
    assert tree_faults(db.session()) == []

    def spans(member: Any) -> list[tuple[date, date, int]]:
        rows = db.session.scalars(select(Membership).where(Membership.member_id == member.id))
        return sorted((row.starts_on, row.ends_on, row.org_id) for row in rows)

    a, b, c = (district[code].id for code in "ABC")
    assert spans(leaving) == [(LONG_AGO, TODAY, a), (TODAY, july, b)]
    assert spans(going) == [(LONG_AGO, TODAY, a), (TODAY, july, b), (july, FOREVER, c)]
    assert spans(coming) == [
        (LONG_AGO, date(2019, 5, 15), a), (date(2019, 5, 15), july, c), (july, FOREVER, b),
    ]  # fmt: skip


def test_sessions_to_come_their_guests_and_invitations_go_to_the_heir(district: dict[str, Any]) -> None:
    planned = make_session(district["A"], state=SessionState.PUBLISHED, starts_at=TOMORROW)
    elsewhere = make_session(district["C"], state=SessionState.PUBLISHED, starts_at=TOMORROW)
    member = district["people"][0]
    with writing() as session:
        for row in (planned, elsewhere):
            session.add(
                ExpectedAttendee(session_id=row.id, member_id=member.id, org_id=district["A"].id, groups=0)
            )
            session.add(AudienceRule(session_id=row.id, kind=AudienceKind.ORG, org_id=district["A"].id))
        session.add(AudienceRule(session_id=elsewhere.id, kind=AudienceKind.ORG, org_id=district["B"].id))
    merge_orgs("A", "B", TODAY, district["all"], NOW)
    db.session.rollback()
    b = district["B"].id
    assert db.session.get_one(TrainingSession, planned.id).host_org_id == b
    assert db.session.get_one(TrainingSession, district["held"].id).host_org_id == district["A"].id
    assert set(db.session.scalars(select(ExpectedAttendee.org_id))) == {b}
    rules = sorted((rule.session_id, rule.org_id) for rule in db.session.scalars(select(AudienceRule)))
    assert rules == sorted([(planned.id, b), (elsewhere.id, b)])


@pytest.mark.parametrize(
    ("code", "into", "on", "wrong"),
    [
        ("A", "A", TODAY, ("into", "itself")),
        ("A", "A1", TODAY, ("into", "below")),
        ("A", "S2", TODAY, ("into", "no_members")),
        ("S1", "C", TODAY, ("into", "cannot_hold")),
        ("A", "nowhere", TODAY, ("into", "unknown")),
        ("A", "B", date(2019, 5, 6), ("on", "in_use")),
        ("A", "B", TODAY + timedelta(days=1), ("on", "future")),
        ("R", "S1", TODAY, ("on", "root")),
    ],
)
def test_a_merge_that_cannot_be_is_refused_whole(
    district: dict[str, Any], code: str, into: str, on: date, wrong: tuple[str, str]
) -> None:
    before = sorted((m.member_id, m.org_id) for m in db.session.scalars(select(Membership)))
    with pytest.raises(InvalidInput) as refused:
        merge_orgs(code, into, on, district["all"], NOW)
    assert wrong in codes(refused.value)
    assert tree_faults(db.session()) == []
    assert sorted((m.member_id, m.org_id) for m in db.session.scalars(select(Membership))) == before
    assert set(db.session.scalars(select(OrgUnit.closed_on))) == {FOREVER}


def test_a_street_merges_into_another_with_all_its_branches(district: dict[str, Any]) -> None:
    assert merge_orgs("S1", "S2", TODAY, district["all"], NOW) == 0
    assert tree_faults(db.session()) == []
    assert below("S2", TODAY) == {"S2", "A", "A1", "B", "C"}
    assert below("S1", TODAY - timedelta(days=1)) == {"S1", "A", "A1", "B"}
