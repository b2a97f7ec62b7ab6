"""Searching and paging at any size find exactly what the definition says, wherever the database starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import FOREVER, Group, OrgKind, OrgSector
from app.members.models import GroupMembership, Member, Membership
from app.members.pinyin import name_pinyin
from app.members.queries import find
from app.members.queries.members import MemberFilter, member_ids, member_list, member_list_page
from app.members.queries.search import sought
from app.members.queries.tree import units_called, upper_units
from tests.factories import NOW, make_member, make_org

TODAY = date(2019, 6, 3)
SEARCHES = (
    None, "王", "王建", "王建国", "建国", "欧阳", "单", "吕", "阿依古丽·买买提", "w", "wang",
    "wang jian", "wj", "zs", "lü", "lv", "lu", "l", "shan", "oy", "a1", "0001", "12", "查无此人", "zz", "%",
    "_", "王%", " 王 建 国 ", "ＷＡＮＧ",
)  # fmt: skip
NAMES = (
    "王建国", "王建国", "王建", "汪建国", "王小明", "张三", "张山", "赵四", "欧阳建国", "单建国", "单于飞",
    "吕建", "卢建", "李建国", "阿依古丽•买买提", "Anna Smith", "a1", "王%五_", "钱王", "仇英", "解放",
)  # fmt: skip


def naive(session: Session, scope: Scope, wanted: MemberFilter) -> list[int]:
    """Everyone by the definition, sorted here."""
    key = sought(wanted.q, wanted.anywhere)[0].order if sought(wanted.q, wanted.anywhere) else Member.pinyin
    query = select(key, Member.id).where(Member.id.in_(member_ids(scope, wanted)))
    return [member_id for _, member_id in sorted(tuple(row) for row in session.execute(query))]


@pytest.fixture
@writing()
def crowd(ctx: Flask) -> dict[str, Any]:
    """Four branches of different sectors below two houses; 160 members who move, with rows by hand."""
    rng = Random(7)
    root = make_org("R", kind=OrgKind.COMMITTEE)
    a, b = make_org("A", root, kind=OrgKind.GENERAL_BRANCH), make_org("B", root, kind=OrgKind.GENERAL_BRANCH)
    sectors = (None, OrgSector.VILLAGE, OrgSector.NON_PUBLIC, OrgSector.RETIRED)
    branches = [make_org(f"X{i}", (a, b)[i % 2], sector=sector) for i, sector in enumerate(sectors)]
    phones = [None, "13900000001", "13911110001", "13900000002"]
    for i in range(160):
        name = rng.choice(NAMES)
        pinyin, initials = name_pinyin(name, rng.choice([None] * 9 + ["ouyang"]))
        day = date(1935, 1, 1) + timedelta(days=rng.randrange(24_000))
        member = make_member(
            name,
            rng.choice(branches),
            pinyin=pinyin,
            initials=initials,
            phone=phones[i % 4],
            birth_date=rng.choice([day, day, day, None]),
        )
        with writing() as session:
            _later(session, rng, member.id, branches)
    return {"R": root, "A": a, "B": b, **{unit.code: unit for unit in branches}}


def _later(session: Session, rng: Random, member_id: int, branches: list[Any]) -> None:
    """Some moved, some left, some are in or out of groups by hand, on days around the one asked."""
    days = [TODAY - timedelta(days=400), TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]
    if rng.random() < 0.3:
        row = session.scalars(select(Membership).where(Membership.member_id == member_id)).one()
        row.ends_on = rng.choice(days)
        if rng.random() < 0.6:
            session.add(
                Membership(member_id=member_id, starts_on=row.ends_on, org_id=rng.choice(branches).id)
            )
    for group in Group:
        if rng.random() < 0.25:
            starts = rng.choice(days)
            session.add(
                GroupMembership(
                    member_id=member_id,
                    group=group,
                    starts_on=starts,
                    ends_on=rng.choice([FOREVER, starts + timedelta(days=300)]),
                    is_in=rng.random() < 0.6,
                    created_at=NOW,
                )
            )


def questions(units: dict[str, Any]) -> Iterator[tuple[Scope, MemberFilter]]:
    scopes = [("R",), ("A",), ("X1",), ("A", "X0"), ("X0", "X3"), ()]
    orgs = [None, None, "B", "X2"]
    groups = [None, *Group]
    for i in range(240):
        rng = Random(i)
        codes, org = rng.choice(scopes), rng.choice(orgs)
        yield (
            Scope(tuple(units[code].id for code in codes), None),
            MemberFilter(
                TODAY,
                60,
                org_id=units[org].id if org else None,
                group=rng.choice(groups),
                q=SEARCHES[i % len(SEARCHES)],
                anywhere=rng.random() < 0.2,
            ),
        )


class Forced:
    """Makes every part start at one end, where it can, instead of at the shorter one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, start: Any) -> None:
        self.met = 0
        shorter = find._Sizes.start

        def chosen(sizes: Any, need: int | None) -> Any:
            rows, usual = shorter(sizes, need)
            if start is find._From.ORDER or start in sizes.can_start:
                self.met += 1
                return rows, start
            return rows, usual

        monkeypatch.setattr(find._Sizes, "start", chosen)


@pytest.mark.parametrize("start", list(find._From))
def test_wherever_it_starts_it_finds_what_the_definition_says(
    crowd: dict[str, Any], monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    forced, session, hits = Forced(monkeypatch, start), db.session(), 0
    for scope, wanted in questions(crowd):
        meant = naive(session, scope, wanted)
        page = member_list_page(session, scope, wanted, limit=1000, offset=0)
        assert [row.id for row in page.rows] == meant, wanted
        assert (page.total, page.at_least) == (len(meant), False), wanted
        hits += bool(meant)
    assert forced.met > 50
    assert hits > 60, "the questions are about somebody"


def test_pages_and_cursors_cut_the_same_list(crowd: dict[str, Any]) -> None:
    session = db.session()
    for scope, wanted in list(questions(crowd))[::5]:
        meant = naive(session, scope, wanted)
        by_page = [
            row.id
            for offset in range(0, len(meant) + 7, 7)
            for row in member_list_page(session, scope, wanted, limit=7, offset=offset).rows
        ]
        by_cursor, after = [], None
        while rows := member_list(session, scope, wanted, limit=7, after=after):
            by_cursor += [row.id for row in rows]
            after = rows[-1].sort_key
        assert by_page == by_cursor == meant, wanted


def test_a_number_that_would_cost_too_much_is_said_as_and_more(
    crowd: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "COUNT_BUDGET", 10)
    monkeypatch.setattr(find, "CAP_BUDGET", 10)
    monkeypatch.setattr(find, "CAPS", (20, 8))
    session, everyone = db.session(), Scope((crowd["R"].id,), None)
    wanted = MemberFilter(TODAY, 60, q="w")
    meant = naive(session, everyone, wanted)
    first = member_list_page(session, everyone, wanted, limit=5, offset=0)
    assert ([row.id for row in first.rows], first.total, first.at_least) == (meant[:5], 8, True)
    far = member_list_page(session, everyone, wanted, limit=5, offset=len(meant) - 3)
    assert ([row.id for row in far.rows], far.total, far.at_least) == (meant[-3:], len(meant), False)
    few = member_list_page(session, everyone, MemberFilter(TODAY, 60, q="欧阳建国"), limit=50, offset=0)
    assert not few.at_least


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("吕建", ["吕", "lü", "lv", "lu", "lyu", "lvjian", "lü jian", "lj", "LV"]),
        ("欧阳建国", ["欧阳", "ouyang", "ou yang", "oy", "oyjg", "ＯＹ"]),
        ("单建国", ["shan", "sjg"]),
        ("曾国", ["zeng", "zg"]),
        ("仇英", ["qiu", "qy"]),
        ("解放", ["xie", "xf"]),
        ("张三丰", ["张 三", "张\u3000三丰", "zhang san", "Zhang San Feng", "zsf", "zs"]),
        ("阿依古丽·买买提", ["阿依古丽", "阿依古丽•买买提", "阿依古丽‧买", "ayi", "aygl"]),
        ("Anna Smith", ["Anna", "anna s", "annasmith"]),
    ],
)
def test_people_are_found_as_people_type(ctx: Flask, name: str, queries: list[str]) -> None:
    branch = make_org("R")
    pinyin, initials = name_pinyin(name)
    make_member(name, branch, pinyin=pinyin, initials=initials)
    make_member("路人", branch, pinyin="ren", initials="r")
    for q in queries:
        rows = member_list(db.session(), Scope((branch.id,), None), MemberFilter(TODAY, 60, q=q), limit=9)
        assert [row.name for row in rows] == [name], q


def test_equal_names_stand_together_and_the_sound_decides_otherwise(ctx: Flask) -> None:
    branch = make_org("R")
    for name in ("王伟", "王围", "王伟", "王爱"):
        pinyin, initials = name_pinyin(name)
        make_member(name, branch, pinyin=pinyin, initials=initials)
    scope = Scope((branch.id,), None)

    def listed(q: str) -> list[str]:
        return [row.name for row in member_list(db.session(), scope, MemberFilter(TODAY, 60, q=q), limit=9)]

    assert listed("王") == sorted(["王伟", "王围", "王伟", "王爱"])
    assert listed("wang") == ["王爱", "王伟", "王围", "王伟"]


def test_the_upper_units_are_cut_at_a_level(crowd: dict[str, Any]) -> None:
    session, everyone = db.session(), Scope((crowd["R"].id,), None)
    codes = {
        most: [row.code for row in upper_units(session, everyone, TODAY, most)] for most in (1, 2, 3, 6, 7)
    }
    assert codes == {
        1: ["R"],
        2: ["R"],
        3: ["A", "B", "R"],
        6: ["A", "B", "R"],
        7: ["A", "B", "R", "X0", "X1", "X2", "X3"],
    }
    nested = Scope((crowd["A"].id, crowd["X0"].id), None)
    assert [row.code for row in upper_units(session, nested, TODAY, 9)] == ["A", "X0", "X2"]
    assert upper_units(session, Scope((0,), None), TODAY, 9) == []


def test_units_are_found_by_name_and_code_within_the_scope_only(crowd: dict[str, Any]) -> None:
    session = db.session()
    of_a = Scope((crowd["A"].id,), None)
    assert [row.code for row in units_called(session, "组织X", of_a, TODAY, 9)] == ["X0", "X2"]
    assert [row.code for row in units_called(session, "X2", of_a, TODAY, 9)] == ["X2"]
    assert units_called(session, "%", of_a, TODAY, 9) == []
    assert len(units_called(session, "组织", of_a, TODAY, 2)) == 2
