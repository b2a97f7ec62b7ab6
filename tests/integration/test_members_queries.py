"""Who is found in which list: scope, search, groups, order, and the member's own page."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import FOREVER, Group, OrgKind, OrgSector, OrgTag, Post
from app.members.models import OrgPost, OrgTagRow
from app.members.pinyin import name_pinyin
from app.members.queries.member_page import member_page
from app.members.queries.members import MemberFilter, member_ids, member_list, member_list_page
from app.members.queries.org_page import org_page
from app.members.queries.orgs import org_tree
from app.members.services.transfers import transfer_member
from tests.factories import LONG_AGO, NOW, make_member, make_org, put_in_group

TODAY = date(2019, 6, 3)


def named(name: str, org: Any, **more: Any) -> Any:
    full, initials = name_pinyin(name)
    return make_member(name, org, pinyin=full, initials=initials, **more)


@pytest.fixture
def roll(ctx: Flask) -> dict[str, Any]:
    """Root R with A and B below, A1 below A, and a few members."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    a, b = make_org("A", root), make_org("B", root, sector=OrgSector.VILLAGE)
    a1 = make_org("A1", a, kind=OrgKind.GROUP)
    members = {
        "own": named("张三丰", a, phone="13900000001"),
        "child": named("张三", a1, phone="13900010002"),
        "parent": named("李四", root, phone="13900020001"),
        "sibling": named("王%五_", b, birth_date=date(1940, 1, 1)),
    }
    return {"R": root, "A": a, "B": b, "A1": a1, **members}


def found(scope: Scope, **wanted: Any) -> list[str]:
    what = MemberFilter(wanted.pop("on", TODAY), 60, **wanted)
    rows = member_list(db.session(), scope, what, limit=50)
    page = member_list_page(db.session(), scope, what, limit=50, offset=0)
    assert (list(page.rows), page.total, page.at_least) == (rows, len(rows), False)
    return [row.name for row in rows]


@pytest.mark.parametrize(
    ("root", "names"),
    [
        ("A", ["张三", "张三丰"]),
        ("A1", ["张三"]),
        ("B", ["王%五_"]),
        ("R", ["李四", "王%五_", "张三", "张三丰"]),
    ],
)
def test_a_scope_sees_its_own_unit_and_those_below(roll: dict[str, Any], root: str, names: list[str]) -> None:
    assert found(Scope((roll[root].id,), None)) == names


def test_two_scopes_add_up_and_none_sees_nobody(roll: dict[str, Any]) -> None:
    assert found(Scope((roll["A1"].id, roll["B"].id), None)) == ["王%五_", "张三"]
    assert found(Scope((), None)) == []


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("张", ["张三", "张三丰"]),
        ("张三丰", ["张三丰"]),
        ("张 三丰", ["张三丰"]),
        ("三", []),
        ("zhang", ["张三", "张三丰"]),
        ("Zhang San F", ["张三丰"]),
        ("zsf", ["张三丰"]),
        ("ls", ["李四"]),
        ("an", []),
        ("0001", ["李四", "张三丰"]),
        ("０００２", ["张三"]),
        ("139", []),
        ("13900000001", []),
        ("%", []),
        ("_", []),
        ("王%", ["王%五_"]),
        ("王_", []),
        ("\\", []),
        ("'; --", []),
        ("张" * 200, []),
        ("   ", ["李四", "王%五_", "张三", "张三丰"]),
    ],
)
def test_a_search_finds_beginnings_and_the_end_of_a_phone(
    roll: dict[str, Any], q: str, names: list[str]
) -> None:
    assert found(Scope((roll["R"].id,), None), q=q) == names


def test_filters_add_up_and_phones_come_masked(roll: dict[str, Any]) -> None:
    everyone = Scope((roll["R"].id,), None)
    assert found(everyone, org_id=roll["A"].id, q="zs") == ["张三", "张三丰"]
    assert found(everyone, group=Group.RURAL) == ["王%五_"]
    assert found(everyone, group=Group.RURAL, org_id=roll["A"].id) == []
    assert found(Scope((roll["A"].id,), None), org_id=roll["B"].id) == []
    rows = member_list(db.session(), everyone, MemberFilter(TODAY, 60, q="0002"), limit=1)
    assert rows[0].phone_masked == "139****0002"
    assert (rows[0].org_code, rows[0].groups) == ("A1", ())
    elder = member_list(db.session(), everyone, MemberFilter(TODAY, 60, group=Group.ELDERLY), limit=1)[0]
    assert elder.groups == (Group.ELDERLY, Group.RURAL)
    assert elder.phone_masked is None


def test_the_list_is_that_of_the_date_asked(roll: dict[str, Any]) -> None:
    everyone, accepted = Scope((roll["R"].id,), None), date(2019, 3, 1)
    transfer_member(roll["child"].id, "B", accepted, everyone, NOW)
    of_a = Scope((roll["A"].id,), None)
    assert found(of_a, on=accepted - timedelta(days=1)) == ["张三", "张三丰"]
    assert found(of_a, on=accepted) == ["张三丰"]


def test_a_cursor_goes_through_everyone_once(roll: dict[str, Any]) -> None:
    everyone, what = Scope((roll["R"].id,), None), MemberFilter(TODAY, 60)
    for _ in range(3):
        named("张三", roll["A"])
    seen, after = [], None
    while rows := member_list(db.session(), everyone, what, limit=2, after=after):
        seen += [row.id for row in rows]
        after = rows[-1].sort_key
    assert len(seen) == len(set(seen)) == 7
    assert set(seen) == set(db.session.scalars(member_ids(everyone, what)))


def test_a_search_by_prefix_walks_an_index(roll: dict[str, Any]) -> None:
    """Both databases must be able to answer from the index; PostgreSQL is asked not to scan a small table."""
    conditions = "pinyin >= 'zhang' AND pinyin < 'zhang\U0010ffff'"
    session = db.session()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(session.scalars(text(f"EXPLAIN SELECT id FROM members WHERE {conditions}")))
    else:
        rows = session.execute(text(f"EXPLAIN QUERY PLAN SELECT id FROM members WHERE {conditions}"))
        plan = " ".join(row[3] for row in rows)
    assert "ix_members_pinyin" in plan
    assert "SCAN members" not in plan


def test_a_member_page_shows_branches_groups_and_posts_latest_first(roll: dict[str, Any]) -> None:
    everyone, member = Scope((roll["R"].id,), None), roll["own"]
    transfer_member(member.id, "B", date(2019, 3, 1), everyone, NOW)
    put_in_group(member, Group.MOBILE, starts_on=date(2019, 1, 1), direction="out", to_place="深圳")
    put_in_group(member, Group.EXEMPT, starts_on=date(2019, 2, 1))
    with writing() as session:
        session.add(OrgPost(member_id=member.id, org_id=roll["B"].id, post=Post.SECRETARY, starts_on=TODAY))
    page = member_page(db.session(), member.id, everyone, TODAY, 60)
    assert page is not None
    assert [(b.org_code, b.since, b.last_day) for b in page.branches] == [
        ("B", date(2019, 3, 1), None),
        ("A", LONG_AGO, date(2019, 2, 28)),
    ]
    assert page.branch == page.branches[0]
    assert [(g.group, g.waits, g.counts_from) for g in page.group_rows] == [
        (Group.EXEMPT, True, None),
        (Group.MOBILE, False, date(2019, 7, 1)),
    ]
    assert (page.groups, page.groups_by_rule) == ((Group.RURAL,), (Group.RURAL,))
    assert [post.post for post in page.posts] == [Post.SECRETARY]
    assert page.person.phone_masked == "139****0001"
    assert member_page(db.session(), member.id, Scope((roll["A"].id,), None), TODAY, 60) is None


def test_the_tree_counts_each_subtree_and_starts_at_the_scope(roll: dict[str, Any]) -> None:
    (root,) = org_tree(db.session(), Scope((roll["R"].id,), None), TODAY)
    assert (root.code, root.members) == ("R", 4)
    assert [(node.code, node.members) for node in root.children] == [("A", 2), ("B", 1)]
    (a,) = org_tree(db.session(), Scope((roll["A"].id,), None), TODAY)
    assert (a.code, [child.code for child in a.children]) == ("A", ["A1"])


def test_a_unit_page_counts_groups_of_its_subtree(roll: dict[str, Any]) -> None:
    everyone = Scope((roll["R"].id,), None)
    with writing() as session:
        for first, last in ((date(2018, 1, 1), date(2019, 1, 1)), (date(2019, 2, 1), FOREVER)):
            session.add(OrgTagRow(org_id=roll["B"].id, tag=OrgTag.MODEL, starts_on=first, ends_on=last))
        session.add(
            OrgPost(
                member_id=roll["sibling"].id, org_id=roll["B"].id, post=Post.SECRETARY, starts_on=LONG_AGO
            )
        )
    page = org_page(db.session(), "B", everyone, TODAY, 60)
    assert page is not None
    assert (page.members, page.tags_now, page.above) == (1, (OrgTag.MODEL,), (("R", "组织R"),))
    assert {group for group, n in page.by_group if n} == {Group.ELDERLY, Group.RURAL}
    assert [holder.name for holder in page.posts] == ["王%五_"]
    root = org_page(db.session(), "R", everyone, TODAY, 60)
    assert root is not None
    assert root.members == 4
    assert [child.code for child in root.children] == ["A", "B"]
    # Within a scope, what lies above is not named.
    own = org_page(db.session(), "A1", Scope((roll["A"].id,), None), TODAY, 60)
    assert own is not None
    assert own.above == (("A", "组织A"),)
    assert org_page(db.session(), "R", Scope((roll["A"].id,), None), TODAY, 60) is None
