"""Twenty thousand rows as offices really have them: what is stored is what a person would read."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import select

from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.crypto import unseal
from app.core.db import db
from app.core.vocabulary import OrgKind
from app.members.models import Member, Membership
from app.members.roster.apply import import_roster, preview_roster
from app.members.roster.plan import Asked
from app.members.roster.problems import row_words
from app.members.roster.reading import read_roster
from app.members.roster.rules_decisions import Decisions
from tests.factories import NOW, count, make_org
from tests.statistics import known_rows

TODAY = date(2019, 6, 3)
ROWS = 20_000
DOUBLED = 200
BRANCHES = 40
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
HEADERS = (
    "序号", "姓 名", "性别", "公民身份号码", "民族", "出生日期", "学历", "人员类别", "所在党支部*",
    "手机号码(本人)", "入党日期", "转正日期", "工作岗位", "是否农民工", "现居住地", "备注",
)  # fmt: skip
BASE = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of a spreadsheet has no zone


@dataclass
class Person:
    """What the maker means, worked out apart from the code under test."""

    number: int
    name: str
    born: date
    branch: int
    phone: str
    sex: str
    education: str | None
    joined: date
    rows: list[list[object]] = field(default_factory=list)


def people(chance: random.Random) -> Iterator[Person]:
    """Names are told apart by a number in Chinese digits, so that no two are alike by chance."""
    digits = "零一二三四五六七八九"
    for number in range(ROWS - DOUBLED):
        name = chance.choice("王李张刘陈杨") + "".join(digits[int(d)] for d in f"{number:05d}")
        born = date(1940 + number % 50, 1 + number % 12, 1 + number % 28)
        joined = date(born.year + 22, 7, 1)
        education = chance.choice(["大学本科", "研究生", None])
        yield Person(
            number, name, born, number % BRANCHES, f"139{number:08d}", "男女"[number % 2], education, joined
        )


def written_day(day: date, number: int) -> object:
    """Every way of writing a day; 17 is left for "month only" in `expected_birth`."""
    ways: list[object] = [
        datetime(day.year, day.month, day.day),  # noqa: DTZ001 - a cell has no zone
        day.isoformat(),
        f"{day.year}.{day.month:02d}.{day.day:02d}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        (datetime(day.year, day.month, day.day) - BASE).days,  # noqa: DTZ001
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}".translate(FULL_WIDTH),
        f"{day.year}.{day.month:02d}",
    ]
    return ways[number % len(ways)]


def expected_birth(person: Person) -> date:
    return person.born.replace(day=1) if person.number % 9 == 8 else person.born


def written_phone(phone: str, number: int) -> object:
    ways: list[object] = [
        phone,
        f"{phone[:3]} {phone[3:7]} {phone[7:]}",
        f"+86{phone}",
        phone.translate(FULL_WIDTH),
        float(phone),
        f"{phone[:3]}-{phone[3:7]}-{phone[7:]}",
    ]
    return ways[number % len(ways)]


def written_branch(branch: int, number: int) -> str:
    ways = [
        f"第{branch:02d}社区党支部",
        f"中共示范街道工作委员会第{branch:02d}社区支部委员会",
        f"中共第{branch:02d}社区支部委员会",
        f"B{branch:02d}",
        f" 第{branch:02d}社区 党支部 ".translate(FULL_WIDTH),
    ]
    return ways[number % len(ways)]


def row_of(person: Person, turn: int) -> list[object]:
    n = person.number + turn
    name = person.name if n % 3 else f"{person.name[0]} {person.name[1:]}"
    return [
        n, name, person.sex, f"42010{person.number:06d}{person.number:06d}X", "汉族" if n % 4 else "-",
        written_day(person.born, person.number), person.education or "-", "正式党员" if n % 5 else "—",
        written_branch(person.branch, n), written_phone(person.phone, n), written_day(person.joined, n % 8),
        "-", "-", "否" if n % 2 else "", "某路1号", "=1+1",
    ]  # fmt: skip


def messy_book(rows: list[list[object]]) -> bytes:
    """A title, a note and a header of merged cells above; hidden columns and rows; blank rows between."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    notes = book.add_worksheet("填表说明")
    notes.write(0, 0, "请勿外传")
    sheet = book.add_worksheet("花名册")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.merge_range(0, 0, 0, len(HEADERS) - 1, "示范街道党员花名册")
    sheet.merge_range(1, 0, 1, 5, "制表日期:2019年6月3日")
    for at, header in enumerate(HEADERS):
        if at < 3:
            sheet.merge_range(2, at, 3, at, header)
        else:
            sheet.write(2, at, header)
    line = 4
    for number, cells in enumerate(rows):
        if number % 997 == 0:
            line += 1
        if number and number % 5_000 == 0:
            sheet.write_row(line, 0, HEADERS)
            line += 1
        for at, cell in enumerate(cells):
            if isinstance(cell, datetime):
                sheet.write_datetime(line, at, cell, day)
            elif isinstance(cell, str):
                sheet.write_string(line, at, cell)
            else:
                sheet.write(line, at, cell)
        line += 1
    sheet.set_column(3, 3, None, None, {"hidden": True})
    sheet.set_column(9, 9, None, None, {"hidden": True})
    sheet.set_row(20, None, None, {"hidden": True})
    hidden = book.add_worksheet("旧表")
    hidden.write_row(0, 0, ["姓名", "所在党支部"])
    hidden.write_row(1, 0, ["不算数", "B01"])
    hidden.hide()
    book.close()
    return out.getvalue()


@pytest.fixture(scope="module")
def everyone() -> list[Person]:
    found = list(people(random.Random(7)))
    for person in found:
        person.rows.append(row_of(person, 0))
    # The same person once more, written otherwise and saying no more.
    for person in found[:DOUBLED]:
        again = row_of(person, 1)
        again[6] = "-"
        person.rows.append(again)
    return found


@pytest.fixture(scope="module")
def content(everyone: list[Person]) -> bytes:
    firsts = [person.rows[0] for person in everyone]
    seconds = [row for person in everyone for row in person.rows[1:]]
    return messy_book(firsts + seconds)


@pytest.fixture
def scope(ctx: Flask) -> Scope:
    root = make_org("Q", name="中共示范街道工作委员会", kind=OrgKind.COMMITTEE)
    for branch in range(BRANCHES):
        make_org(f"B{branch:02d}", root, name=f"第{branch:02d}社区党支部")
    return Scope((root.id,), None)


def asked(**decisions: Any) -> Asked:
    return Asked(TODAY, TODAY, decisions=Decisions(**decisions))


def test_twenty_thousand_messy_rows_are_stored_as_they_are_meant(
    scope: Scope, everyone: list[Person], content: bytes
) -> None:
    roster = read_roster(content, TODAY)
    first = preview_roster(roster, asked(), scope)
    assert first.counts.line() == f"created={ROWS - 2 * DOUBLED} updated=0 unchanged=0 rejected={2 * DOUBLED}"
    assert {problem.code for problems in first.rejected.values() for problem in problems} == {"duplicate"}
    assert len(first.doubles) == DOUBLED
    assert roster.skipped == ["填表说明", "旧表"]
    db.session.rollback()

    plan = import_roster(roster, asked(merge_agreeing=True), scope, NOW)
    assert plan.counts.line() == f"created={ROWS - DOUBLED} updated=0 unchanged=0 rejected=0"
    assert_stored(everyone)
    assert min(known_rows("members"), known_rows("memberships")) > ROWS / 2, (
        "plans are made for what is there"
    )

    again = import_roster(read_roster(content, TODAY), asked(merge_agreeing=True), scope, NOW)
    assert again.counts.line() == f"created=0 updated=0 unchanged={ROWS - DOUBLED} rejected=0"
    assert count(AuditEntry) == 1


def assert_stored(everyone: list[Person]) -> None:
    query = select(Member, Membership.org_id).join(Membership, Membership.member_id == Member.id)
    stored = {member.name: (member, org_id) for member, org_id in db.session.execute(query)}
    assert set(stored) == {person.name for person in everyone}
    org_ids = sorted({org_id for _member, org_id in stored.values()})
    wrong = []
    for person in everyone:
        member, org_id = stored[person.name]
        found = (
            member.birth_date, member.joined_party_on, member.sex, member.education, org_id,
            unseal(member.phone_sealed or b"", "phone"),
        )  # fmt: skip
        meant = (
            expected_birth(person), person.joined, person.sex, person.education, org_ids[person.branch],
            person.phone,
        )  # fmt: skip
        if found != meant:
            wrong.append((person.name, found, meant))
    assert wrong == []


def test_one_bad_row_among_them_stores_nothing_and_is_named(scope: Scope, everyone: list[Person]) -> None:
    rows = [list(person.rows[0]) for person in everyone]
    rows[12_345][9] = "1390000"
    roster = read_roster(messy_book(rows), TODAY)
    plan = import_roster(roster, asked(), scope, NOW)
    assert plan.counts.rejected == 1
    assert (count(Member), count(Membership), count(AuditEntry)) == (0, 0, 0)
    ((place, (problem,)),) = plan.rejected.items()
    words = row_words(problem, place, roster.headers, roster.titles)
    # 4 rows of heads, 13 blank ones, 2 repeated heads, counted from 1.
    assert words.startswith(
        f"工作表“花名册”第 {12_345 + 1 + 4 + 13 + 2} 行 J 列(手机号码(本人)):电话号码不对"
    )
