"""Posts and tags are dated; a post changes the study hours asked for in its own years only."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from app.attendance.queries.member import member_hours
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound
from app.core.vocabulary import FOREVER, OrgKind, OrgSector, OrgTag, Post, Role
from app.members.commands import PostDraft, PostKey
from app.members.models import OrgPost, OrgTagRow
from app.members.queries.org_page import org_page
from app.members.queries.orgs import TreeFilter, found_in, meant_count, org_tree
from app.members.queries.tree import tree
from app.members.roster.org_books import tree_book
from app.members.roster.orgs import import_orgs, read_orgs
from app.members.services.orgs import move_org, rename_org
from app.members.services.posts import appoint, correct_post, erase_post
from app.members.services.tags import end_tag, erase_tag, set_tag
from app.reports.queries.place import place_in_scope
from app.reports.queries.study_hours import study_hours
from app.reports.rules import Snapshot
from tests.factories import LONG_AGO, NOW, make_member, make_org, make_staff

TODAY = date(2019, 6, 3)


@pytest.fixture
@writing()
def house(ctx: Flask) -> dict[str, Any]:
    """The general branch Z with the branches A (张三, 李四) and B (王五), under R; C (赵六) beside it."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    z = make_org("Z", root, kind=OrgKind.GENERAL_BRANCH)
    a, b, c = make_org("A", z), make_org("B", z), make_org("C", root)
    people = [make_member("张三", a), make_member("李四", a), make_member("王五", b), make_member("赵六", c)]
    user = make_staff("管理员", Role.ADMINISTRATOR, root)
    units = {"R": root, "Z": z, "A": a, "B": b, "C": c}
    return {**units, "ids": [p.id for p in people], "all": Scope((root.id,), user.id)}


def codes(error: InvalidInput) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in error.errors}


def posts() -> list[tuple[int, Post, date, date]]:
    rows = db.session.scalars(select(OrgPost).execution_options(populate_existing=True))
    return sorted((row.member_id, row.post, row.starts_on, row.ends_on) for row in rows)


def test_a_dated_post_changes_the_requirement_of_its_own_years_only(house: dict[str, Any]) -> None:
    member, everyone = house["ids"][0], house["all"]
    appoint(PostDraft("A", member, Post.SECRETARY, date(2018, 3, 1), date(2019, 3, 1)), everyone, NOW)

    def asked(year: int) -> tuple[int, int]:
        last = date(year, 12, 31)
        place = place_in_scope(db.session(), everyone, "A", TODAY)
        items = study_hours(db.session(), year, Snapshot(last, 60), place).items
        return (
            next(item.required_hours for item in items if item.member == member),
            member_hours(db.session(), member, year, last).required_hours,
        )

    assert [asked(year) for year in (2017, 2018, 2019)] == [(32, 32), (56, 56), (32, 32)]
    correct_post(
        "A", PostKey(member, Post.SECRETARY, date(2018, 3, 1)), date(2019, 1, 1), None, everyone, NOW
    )
    assert [asked(year) for year in (2017, 2018, 2019)] == [(32, 32), (32, 32), (56, 56)]
    erase_post("A", PostKey(member, Post.SECRETARY, date(2019, 1, 1)), everyone, NOW)
    assert [asked(year) for year in (2017, 2018, 2019)] == [(32, 32)] * 3


def test_a_second_secretary_is_refused_until_the_first_ends_on_that_day(house: dict[str, Any]) -> None:
    first, second, *_ = house["ids"]
    appoint(PostDraft("A", first, Post.SECRETARY, LONG_AGO), house["all"], NOW)
    with pytest.raises(InvalidInput) as refused:
        appoint(PostDraft("A", second, Post.SECRETARY, TODAY), house["all"], NOW)
    assert codes(refused.value) == {("post", "taken")}
    assert "张三" in str(refused.value.errors[0].detail)
    for _again in range(2):
        appoint(PostDraft("A", second, Post.SECRETARY, TODAY), house["all"], NOW, replace=True)
    assert posts() == [
        (first, Post.SECRETARY, LONG_AGO, TODAY), (second, Post.SECRETARY, TODAY, FOREVER),
    ]  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        appoint(PostDraft("A", first, Post.SECRETARY, date(2019, 5, 1)), house["all"], NOW, replace=True)
    assert {code for _field, code in codes(refused.value)} == {"taken", "overlaps"}


def test_several_members_may_sit_in_one_committee_but_none_twice(house: dict[str, Any]) -> None:
    first, second, *_ = house["ids"]
    for member in (first, second):
        appoint(PostDraft("A", member, Post.COMMITTEE_MEMBER, LONG_AGO), house["all"], NOW)
    with pytest.raises(InvalidInput) as refused:
        appoint(PostDraft("A", first, Post.COMMITTEE_MEMBER, TODAY), house["all"], NOW)
    assert codes(refused.value) == {("from", "overlaps")}


@pytest.mark.parametrize(("who", "wrong"), [(2, None), (3, {("member", "not_here")})])
def test_a_post_goes_to_members_of_the_branch_or_of_its_general_branch(
    house: dict[str, Any], who: int, wrong: set[tuple[str, str]] | None
) -> None:
    draft = PostDraft("A", house["ids"][who], Post.SECRETARY, TODAY)
    if wrong is None:
        appoint(draft, house["all"], NOW)
        return
    with pytest.raises(InvalidInput) as refused:
        appoint(draft, house["all"], NOW)
    assert codes(refused.value) == wrong


def test_a_branch_secretary_appoints_within_the_own_branch_only(house: dict[str, Any]) -> None:
    of_a = Scope((house["A"].id,), None)
    appoint(PostDraft("A", house["ids"][1], Post.DEPUTY_SECRETARY, TODAY), of_a, NOW)
    with pytest.raises(InvalidInput) as refused:
        appoint(PostDraft("A", house["ids"][2], Post.SECRETARY, TODAY), of_a, NOW)
    assert codes(refused.value) == {("member", "unknown")}
    with pytest.raises(NotFound):
        appoint(PostDraft("B", house["ids"][2], Post.SECRETARY, TODAY), of_a, NOW)


def test_tags_begin_end_and_are_taken_back_by_date(house: dict[str, Any]) -> None:
    everyone = house["all"]
    for _again in range(2):
        set_tag("A", OrgTag.MODEL, date(2019, 1, 1), None, everyone, NOW)
    with pytest.raises(InvalidInput) as refused:
        set_tag("A", OrgTag.MODEL, date(2019, 2, 1), None, everyone, NOW)
    assert codes(refused.value) == {("from", "overlaps")}
    end_tag("A", OrgTag.MODEL, everyone, NOW)
    with pytest.raises(NotFound):
        end_tag("A", OrgTag.MODEL, everyone, NOW)
    rows = db.session.scalars(select(OrgTagRow)).all()
    assert [(row.starts_on, row.ends_on) for row in rows] == [(date(2019, 1, 1), TODAY)]
    (node,) = org_tree(db.session(), everyone, TODAY - timedelta(days=1))
    assert meant_count(found_in((node,), TreeFilter(tag=OrgTag.MODEL), {})) == 1
    erase_tag("A", OrgTag.MODEL, date(2019, 1, 1), everyone, NOW)
    assert db.session.scalars(select(OrgTagRow)).all() == []


def test_a_search_finds_a_unit_by_its_former_name_and_keeps_the_way_to_it(house: dict[str, Any]) -> None:
    rename_org("A", "新名支部", house["all"], NOW, since=TODAY)
    nodes = org_tree(db.session(), house["all"], TODAY)
    found = found_in(nodes, TreeFilter(q="组织 a"), {house["A"].id: ("组织A",)})
    way = []
    while found:
        (node,) = found
        way.append((node.code, node.is_meant))
        found = node.children
    assert way == [("R", False), ("Z", False), ("A", True)]


def test_the_page_tells_where_a_unit_was_before(house: dict[str, Any]) -> None:
    move_org("A", "R", TODAY, house["all"], NOW)
    rename_org("A", "新名支部", house["all"], NOW, since=TODAY)
    page = org_page(db.session(), "A", house["all"], TODAY, 60)
    assert page is not None
    assert [(time.code, time.starts_on) for time in page.parents] == [("R", TODAY), ("Z", LONG_AGO)]
    assert [(time.name, time.last_day) for time in page.names] == [("组织A", TODAY - timedelta(days=1))]


def test_an_exported_tree_imports_without_any_change(house: dict[str, Any]) -> None:
    make_org("D", house["R"], sector=OrgSector.NON_PUBLIC)
    book = tree_book(tree(db.session(), house["all"], TODAY))
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    assert [cell.value for cell in next(iter(sheet.rows))] == ["编码", "名称", "类型", "上级编码", "行业"]
    plan = import_orgs(read_orgs(book), TODAY, NOW, scope=house["all"])
    assert plan.counts.line() == "created=0 updated=0 unchanged=6 rejected=0"


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("C,组织C,党支部,R", "unit_elsewhere"),
        ("N,新支部,党支部,R", "parent_unknown"),
        ("N,新党委,党委,", "parent_missing"),
        ("A,组织A,党支部,R", "parent_unknown"),
        ("N,新支部,党支部,Z", None),
        ("Z,改名总支,党总支,R", None),
    ],
)
def test_an_import_within_a_scope_touches_nothing_outside(
    house: dict[str, Any], row: str, wrong: str | None
) -> None:
    of_z = Scope((house["Z"].id,), None)
    plan = import_orgs(read_orgs(f"code,name,kind,parent_code\n{row}\n".encode()), TODAY, NOW, scope=of_z)
    found = [problem.code for problems in plan.rejected.values() for problem in problems]
    assert found == ([wrong] if wrong else [])
