"""What a person decides about a roster: branches, doubled rows, who is meant, columns; and the export."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask

from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.errors import InvalidInput
from app.core.vocabulary import Group, OrgKind
from app.members.models import Member, OrgFormerName, OrgUnit, RosterColumn
from app.members.queries.members import MemberFilter
from app.members.roster import marked
from app.members.roster.apply import import_roster, preview_roster
from app.members.roster.branches import creating_unknown
from app.members.roster.columns import remember_columns, remembered_columns
from app.members.roster.export import export_roster
from app.members.roster.marked import marked_book
from app.members.roster.plan import Asked, Plan
from app.members.roster.problems import FileRefused, HeaderUnknown
from app.members.roster.reading import Roster, read_roster
from app.members.roster.rules_decisions import NEW_PERSON, Decisions, NewBranch
from app.members.roster.rules_problems import Place
from tests.factories import NOW, count, make_member, make_org, put_in_group

TODAY = date(2019, 6, 3)
HEADER = "姓名,所在党支部,手机号码,出生日期,学历\n"
BORN = date(1985, 5, 5)


@pytest.fixture
def tree(ctx: Flask) -> dict[str, Any]:
    root = make_org("Q", name="区委", kind=OrgKind.COMMITTEE)
    street = make_org("J", root, name="甲街道党工委", kind=OrgKind.COMMITTEE)
    return {
        "root": root,
        "street": street,
        "first": make_org("B1", street, name="第一社区党支部"),
        "second": make_org("B2", street, name="第二社区党支部"),
        "far": make_org("B3", root, name="机关党支部"),
    }


def roster(*lines: str, header: str = HEADER, mapping: dict[str, str] | None = None) -> Roster:
    return read_roster((header + "\n".join(lines) + "\n").encode(), TODAY, mapping=mapping)


def scope_of(tree: dict[str, Any], key: str = "root") -> Scope:
    return Scope((tree[key].id,), None)


def asked(full_org: str = "", **decisions: Any) -> Asked:
    return Asked(TODAY, TODAY, full_org=full_org, decisions=Decisions(**decisions))


def look(tree: dict[str, Any], *lines: str, full_org: str = "", **decisions: Any) -> Plan:
    return preview_roster(roster(*lines), asked(full_org, **decisions), scope_of(tree))


def take(tree: dict[str, Any], *lines: str, **decisions: Any) -> Plan:
    return import_roster(roster(*lines), asked(**decisions), scope_of(tree), NOW)


# ---- branches ----

NEW = "张三,第九社区党支部,13900000001,1985-05-05,-"


def test_an_unknown_branch_is_named_with_its_rows_and_those_like_it(tree: dict[str, Any]) -> None:
    plan = look(tree, NEW, NEW.replace("张三", "李四"), "王五,XYZ,-,-,-")
    assert plan.counts.rejected == 3
    assert plan.unknown["第九社区党支部"].rows == 2
    assert {code for code, _name in plan.unknown["第九社区党支部"].near} == {"B1", "B2"}
    assert plan.unknown["XYZ"].may_be_created


def test_a_branch_is_created_with_the_import_that_needs_it(tree: dict[str, Any]) -> None:
    creates = {"第九社区党支部": NewBranch("J", "第九社区党支部", "B9")}
    assert look(tree, NEW, creates=creates).counts.line() == "created=1 updated=0 unchanged=0 rejected=0"
    assert count(OrgUnit) == 5, "a look creates nothing"
    assert take(tree, NEW, creates=creates).is_clean
    assert count(OrgUnit) == 6
    again = take(tree, NEW, creates=creates)
    assert again.counts.unchanged == 1, "an import that was cut off after it was stored can be run again"
    assert count(OrgUnit) == 6


def test_with_one_wrong_row_no_branch_is_created_either(tree: dict[str, Any]) -> None:
    creates = {"第九社区党支部": NewBranch("J", "第九社区党支部")}
    assert not take(tree, NEW, "李四,第九社区党支部,123,-,-", creates=creates).is_clean
    assert (count(OrgUnit), count(Member), count(AuditEntry)) == (5, 0, 0)


def test_a_branch_that_cannot_be_created_refuses_the_import(tree: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        take(tree, NEW, creates={"第九社区党支部": NewBranch("J", "第九社区党支部", "B1")})
    assert count(Member) == 0


def test_a_name_can_be_said_to_mean_another_branch(tree: dict[str, Any]) -> None:
    plan = look(tree, NEW, means={"第九社区党支部": "B2"})
    assert [new.org_id for new in plan.created] == [tree["second"].id]
    outside = preview_roster(roster(NEW), asked(means={"第九社区党支部": "B3"}), scope_of(tree, "street"))
    assert outside.counts.rejected == 1


def test_a_former_name_is_known_and_todays_name_wins(tree: dict[str, Any]) -> None:
    with writing() as session:
        for name in ("老街党支部", "第二社区党支部"):
            session.add(
                OrgFormerName(org_id=tree["first"].id, ends_on=date(2015 + len(name), 1, 1), name=name)
            )
    plan = look(tree, NEW.replace("第九社区", "老街"), NEW.replace("第九", "第二").replace("张三", "李四"))
    assert [new.org_id for new in plan.created] == [tree["first"].id, tree["second"].id]


def test_the_command_creates_unknown_branches_below_a_unit(
    tree: dict[str, Any], ctx: Flask, folder: Path
) -> None:
    path = folder / "roster.csv"
    path.write_text(HEADER + NEW + "\n王五,新村党支部,-,-,-\n")
    runner = ctx.test_cli_runner()
    assert runner.invoke(args=["members", "import", str(path)]).exit_code == 1
    done = runner.invoke(args=["members", "import", str(path), "--create-branches-under", "J"])
    assert done.stdout == "created=2 updated=0 unchanged=0 rejected=0\n", done.stderr
    codes = {unit.code for unit in db.session.query(OrgUnit)} - {"Q", "J", "B1", "B2", "B3"}
    assert codes == {"J-01", "J-02"}
    nowhere = runner.invoke(args=["members", "import", str(path), "--create-branches-under", "X"])
    assert (nowhere.exit_code, nowhere.stdout) == (1, "")


def test_branches_are_created_within_the_scope_only(tree: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        creating_unknown(db.session(), look(tree, NEW), "Q", scope_of(tree, "street"), TODAY)


# ---- doubled rows ----

ZHANG = "张三,第一社区党支部,13900000001,1985-05-05,-"
ZHANG_AGAIN = "张三,B1,13900000001,-,大学"


def test_rows_of_one_person_become_one_when_somebody_says_so(tree: dict[str, Any]) -> None:
    plan = look(tree, ZHANG, ZHANG_AGAIN)
    assert [double.fields for double in plan.doubles] == [()]
    merged = take(tree, ZHANG, ZHANG_AGAIN, merges={Place(0, 3): Place(0, 2)})
    assert merged.counts.line() == "created=1 updated=0 unchanged=0 rejected=0"
    member = db.session.query(Member).one()
    assert (member.birth_date, member.education) == (BORN, "大学")


def test_where_rows_contradict_each_other_the_chosen_one_wins(tree: dict[str, Any]) -> None:
    lines = (ZHANG.replace(",-", ",高中"), ZHANG_AGAIN)
    assert [double.fields for double in look(tree, *lines).doubles] == [("education",)]
    assert look(tree, *lines, merge_agreeing=True).counts.rejected == 2
    take(tree, *lines, merges={Place(0, 2): Place(0, 3)})
    assert db.session.query(Member).one().education == "大学"


# ---- who is meant ----


def test_an_unclear_row_means_the_member_who_is_chosen(tree: dict[str, Any]) -> None:
    known = make_member("张三", tree["first"], birth_date=BORN, phone="13955556666")
    line = "张三,第一社区党支部,-,-,大学"
    plan = look(tree, line)
    (unclear,) = plan.unclear
    assert [(c.member_id, c.phone) for c in unclear.candidates] == [(known.id, "139****6666")]
    assert look(tree, line, persons={Place(0, 2): known.id}).counts.updated == 1
    assert look(tree, line, persons={Place(0, 2): NEW_PERSON}).counts.created == 1


def test_nobody_outside_the_scope_can_be_chosen(tree: dict[str, Any]) -> None:
    far = make_member("张三", tree["far"], birth_date=BORN)
    chosen = asked(persons={Place(0, 2): far.id})
    plan = preview_roster(roster("张三,第一社区党支部,-,-,大学"), chosen, scope_of(tree, "street"))
    assert [p.code for found in plan.rejected.values() for p in found] == ["member_elsewhere"]


def test_two_stored_members_of_one_name_and_phone_are_told(tree: dict[str, Any]) -> None:
    for org in ("first", "second"):
        make_member("张三", tree[org], birth_date=None, phone="13900000001")
    (unclear,) = look(tree, ZHANG).unclear
    assert unclear.same_phone


# ---- who is missing ----


def test_members_missing_from_a_full_roster_are_listed_and_stay(tree: dict[str, Any]) -> None:
    for name, org in (("张三", "first"), ("李四", "second"), ("王五", "far"), ("赵六", "first")):
        make_member(name, tree[org], birth_date=BORN, phone=None)
    lines = ("张三,第一社区党支部,-,1985-05-05,-", "赵六,第一社区党支部,-,-,-")
    plan = look(tree, *lines, full_org="J")
    assert [(m.name, m.branch) for m in plan.missing] == [("李四", "第二社区党支部")], "赵六 may be meant"
    assert look(tree, *lines).missing == []
    assert count(Member) == 4


# ---- columns ----

ODD = "人员,在哪里,电话,证件\n张三,第一社区党支部,13900000001,420103195603121234\n"


def test_columns_are_mapped_once_and_remembered_for_the_office(tree: dict[str, Any]) -> None:
    with pytest.raises(HeaderUnknown) as unknown:
        read_roster(ODD.encode(), TODAY)
    columns = unknown.value.columns
    assert [(c.header, c.field, c.is_id) for c in columns] == [
        ("人员", "", False), ("在哪里", "", False), ("电话", "phone", False), ("证件", "", True),
    ]  # fmt: skip
    assert columns[3].samples == ()
    assert columns[2].samples == ("139****0001",)
    office = scope_of(tree)
    remember_columns(columns, {0: "name", 1: "branch", 2: "phone", 3: "education"}, office, NOW)
    mapping = remembered_columns(db.session(), office)
    assert mapping == {"人员": "name", "在哪里": "branch"}, "what the usual names tell is not kept"
    (row,) = read_roster(ODD.encode(), TODAY, mapping=mapping).rows
    assert (row.name, row.phone, dict(row.values)) == ("张三", "13900000001", {})
    assert remembered_columns(db.session(), scope_of(tree, "street")) == {}


def test_a_column_can_be_left_unread_and_taken_back(tree: dict[str, Any]) -> None:
    found = roster("张三,第一社区党支部,13900000001,1985-05-05,大学").columns
    fields = {c.position: c.field for c in found}
    remember_columns(found, {**fields, 4: ""}, scope_of(tree), NOW)
    mapping = remembered_columns(db.session(), scope_of(tree))
    assert "education" not in roster(ZHANG_AGAIN, mapping=mapping).rows[0].values
    remember_columns(found, fields, scope_of(tree), NOW)
    assert count(RosterColumn) == 0


@pytest.mark.parametrize(
    "fields", [{0: "name"}, {1: "branch"}, {0: "name", 1: "branch", 2: "name"}, {0: "name", 1: "x"}]
)
def test_a_mapping_that_cannot_be_is_refused(tree: dict[str, Any], fields: dict[int, str]) -> None:
    with pytest.raises(HeaderUnknown) as unknown:
        read_roster(ODD.encode(), TODAY)
    with pytest.raises(InvalidInput):
        remember_columns(unknown.value.columns, fields, scope_of(tree), NOW)
    assert count(RosterColumn) == 0


def test_the_command_uses_the_mapping_of_the_page(tree: dict[str, Any], ctx: Flask, folder: Path) -> None:
    path = folder / "odd.csv"
    path.write_text(ODD)
    runner = ctx.test_cli_runner()
    assert runner.invoke(args=["members", "import", str(path)]).exit_code == 1
    with writing() as session:
        for header, name in (("人员", "name"), ("在哪里", "branch")):
            session.add(RosterColumn(org_id=tree["root"].id, header=header, field=name))
    done = runner.invoke(args=["members", "import", str(path)])
    assert done.stdout == "created=1 updated=0 unchanged=0 rejected=0\n", done.stderr


# ---- books ----


def test_examples_of_the_template_are_nobody(tree: dict[str, Any]) -> None:
    assert [row.name for row in roster("示例:张三,第一社区党支部,-,-,-", ZHANG).rows] == ["张三"]
    with pytest.raises(FileRefused) as refused:
        roster("示例：张三,第一社区党支部,-,-,-")
    assert refused.value.code == "file_no_rows"


def test_the_marked_book_says_of_every_row_what_becomes_of_it(tree: dict[str, Any], folder: Path) -> None:
    make_member("李四", tree["first"], birth_date=BORN, phone="13900000002")
    make_member("钱七", tree["first"], birth_date=BORN)
    lines = (
        ZHANG, "李四,第一社区党支部,13900000002,-,大学", "李四,B1,13900000002,-,-",
        "王五,第一社区党支部,12,-,-",
        "示例:某某,第一社区党支部,-,-,420103195603121234",
    )  # fmt: skip
    content = (HEADER + "\n".join(lines) + "\n").encode()
    read = read_roster(content, TODAY)
    wish = asked("J", merges={Place(0, 4): Place(0, 3)})
    plan = preview_roster(read, wish, scope_of(tree))
    book = openpyxl.load_workbook(io.BytesIO(marked_book(content, plan, read, {}, folder / "private")))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert [row[0] for row in rows] == ["新增", "有变化", "已合并", "要修改", "示例", "名单里没有"]
    assert rows[1][1] == "学历:大学"
    assert "电话号码不对" in str(rows[3][1])
    assert rows[5][3] == "钱七"
    flat = str(rows)
    assert "139****0001" in flat
    assert not any(secret in flat for secret in ("13900000001", "420103195603121234"))
    assert list((folder / "private").iterdir()) == []


def test_the_marked_book_is_written_where_nothing_stays(
    tree: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: set[Path] = set()

    def look(*_: object) -> None:
        met.update(path.parent for path in folder.rglob("*") if path.is_file())

    monkeypatch.setattr(marked, "_write_row", look)
    content = (HEADER + ZHANG + "\n").encode()
    read = read_roster(content, TODAY)
    plan = preview_roster(read, asked("J"), scope_of(tree))
    marked_book(content, plan, read, {}, folder)
    assert met
    assert all(above.parent == folder for above in met)
    assert list(folder.iterdir()) == []


def exported(tree: dict[str, Any], *, with_phones: bool, **wanted: Any) -> bytes:
    wish = MemberFilter(TODAY, 60, **wanted)
    return export_roster(wish, scope_of(tree), NOW, with_phones=with_phones)


@pytest.fixture
def varied(tree: dict[str, Any]) -> dict[str, Any]:
    """Members as pages and imports leave them: odd spellings, groups, no birth date, namesakes."""
    plain = make_member("阿布都.热合曼", tree["first"], birth_date=BORN, phone="13900000001")
    with writing() as session:
        row = session.get_one(Member, plain.id)
        row.job, row.education, row.is_migrant_worker = "离退休人员（返聘）", "大学 本科", True
        row.joined_party_on, row.sex = date(2010, 7, 1), "男"
    for phone in ("13900000002", "13900000013"):
        make_member("张三", tree["second"], birth_date=None, phone=phone)
    away = make_member("李四", tree["far"], birth_date=BORN, phone="02785550001")
    put_in_group(away, Group.MOBILE, starts_on=date(2018, 1, 1), direction="out", to_place="广东深圳")
    put_in_group(plain, Group.LOST_CONTACT, starts_on=date(2019, 1, 1))
    come = make_member("王五", tree["far"], birth_date=BORN)
    put_in_group(come, Group.MOBILE, starts_on=date(2018, 1, 1), direction="in")
    later = make_member("赵六", tree["far"], birth_date=BORN)
    put_in_group(later, Group.LOST_CONTACT, starts_on=date(2020, 1, 1))
    return tree


@pytest.mark.parametrize("with_phones", [False, True])
def test_what_was_exported_is_imported_without_any_change(varied: dict[str, Any], with_phones: bool) -> None:
    content = exported(varied, with_phones=with_phones)
    plan = import_roster(read_roster(content, TODAY), asked("Q"), scope_of(varied), NOW)
    assert plan.rejected == {}
    assert [member.changes for member in plan.changed] == []
    assert plan.counts.line() == "created=0 updated=0 unchanged=6 rejected=0"
    assert plan.missing == []


def test_whole_phones_are_exported_only_when_asked_for_and_that_is_logged(varied: dict[str, Any]) -> None:
    def phones(content: bytes) -> set[str]:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        at = [cell.value for cell in sheet[1]].index("手机号码")
        return {str(row[at].value) for row in sheet.iter_rows(min_row=2)} - {"None"}

    masked = {"139****0001", "139****0002", "139****0013", "027****0001"}
    assert phones(exported(varied, with_phones=False)) == masked
    assert count(AuditEntry) == 0
    whole = exported(varied, with_phones=True, org_id=varied["far"].id)
    assert phones(whole) == {"02785550001"}
    entry = db.session.query(AuditEntry).one()
    assert (entry.action, entry.detail) == ("members.export_phones", {"org": varied["far"].id})


def test_a_masked_phone_that_contradicts_is_refused_and_adds_nobody(tree: dict[str, Any]) -> None:
    make_member("张三", tree["first"], birth_date=BORN, phone="13900000001")
    line = "张三,第一社区党支部,139****{},1985-05-05,-"
    assert look(tree, line.format("0001")).counts.unchanged == 1
    for wrong, code in (
        (line.format("0002"), "phone_mask_differs"),
        (line.format("0001").replace("张三", "李四"), "phone_masked"),
    ):
        plan = look(tree, wrong)
        assert [p.code for found in plan.rejected.values() for p in found] == [code]


def test_the_export_command_writes_what_the_import_command_reads(
    varied: dict[str, Any], ctx: Flask, folder: Path
) -> None:
    path, runner = folder / "out.xlsx", ctx.test_cli_runner()
    path.touch(mode=0o644)
    assert runner.invoke(args=["members", "export", str(path), "--with-phones"]).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600, "nobody else on this machine reads it"
    again = runner.invoke(args=["members", "import", str(path)])
    assert again.stdout == "created=0 updated=0 unchanged=6 rejected=0\n", again.stderr
    assert runner.invoke(args=["members", "export", str(path), "--org", "X"]).exit_code == 1
