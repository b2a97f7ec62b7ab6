"""A roster is stored whole or not at all, changes nothing twice, and never keeps an ID number."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.core.access import Scope
from app.core.audit import AuditEntry, first_bad_entry
from app.core.crypto import unseal
from app.core.db import db, writing
from app.core.errors import InvalidInput
from app.core.vocabulary import FOREVER, Group, OrgKind, Post
from app.members.models import GroupMembership, Member, Membership, OrgPost
from app.members.queries.as_of import standing_of
from app.members.roster.apply import import_roster, preview_roster
from app.members.roster.books import template_book
from app.members.roster.marked import marked_book
from app.members.roster.plan import Asked, Plan
from app.members.roster.planning import plan_roster
from app.members.roster.reading import read_roster
from app.members.rules import SINCE_EVER
from app.members.services.transfers import transfer_member
from tests.factories import NOW, count, make_member, make_org, put_in_group
from tests.query_counter import count_queries

TODAY = date(2019, 6, 3)
HEADERS = (
    "序号", "姓名", "性别", "公民身份号码", "民族", "出生日期", "学历", "人员类别", "学位", "所在党支部",
    "手机号码", "入党日期", "转正日期", "党龄", "党龄校正值", "新社会阶层类型", "工作岗位",
    "从事专业技术职务", "是否农民工", "现居住地", "户籍所在地", "是否失联党员", "是否流动党员",
    "入党类型", "转正情况", "入党时所在支部", "延长预备期时间",
)  # fmt: skip
ID_NUMBERS = ("420103195603121234", "42010319701231567X")
PHONES = ("13900000001", "13900000002", "13900000003")

Row = dict[str, object]
ZHANG: Row = {
    "姓名": "张 三", "性别": "男", "公民身份号码": ID_NUMBERS[0], "民族": "汉族",
    "出生日期": date(1956, 3, 12), "学历": "大学", "人员类别": "正式党员",
    "所在党支部": "中共甲街道工作委员会第一支部委员会",
    "手机号码": "+86 139-0000-0001", "入党日期": "1980.07", "转正日期": "19810701", "工作岗位": "离退休人员",
    "是否农民工": "否", "是否失联党员": "否", "是否流动党员": "否",
}  # fmt: skip
LI: Row = {
    "姓名": "李四", "公民身份号码": ID_NUMBERS[1], "出生日期": "1970年12月31日", "所在党支部": "第一党支部",
    "手机号码": "１３９００００００" + "０２", "入党日期": 33055, "是否流动党员": "是",
    "是否失联党员": "是",
}  # fmt: skip
WANG: Row = {"姓名": "王五", "出生日期": "19850505", "所在党支部": "第二支部", "手机号码": 13900000003.0}


@pytest.fixture
@writing()
def tree(ctx: Flask) -> dict[str, Any]:
    root = make_org("Q", name="中共示范区委员会", kind=OrgKind.COMMITTEE)
    street = make_org("J", root, name="甲街道党工委", kind=OrgKind.COMMITTEE)
    other = make_org("K", root, name="乙街道党工委", kind=OrgKind.COMMITTEE)
    return {
        "root": root,
        "street": street,
        "other": other,
        "first": make_org("B1", street, name="第一党支部"),
        "second": make_org("B2", street, name="第二党支部"),
        "far": make_org("B3", other, name="第三党支部"),
    }


def workbook(*rows: Row, path: Path | None = None) -> bytes:
    """A messy roster: a title above, hidden columns, "-" for blanks, a sheet of notes behind."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "花名册"
    sheet.append(["甲街道党员花名册"])
    sheet.merge_cells("A1:AA1")
    sheet.append(HEADERS)
    for number, row in enumerate(rows, start=1):
        sheet.append([{"序号": number, **row}.get(header, "-") for header in HEADERS])
    sheet.column_dimensions["D"].hidden = True
    book.create_sheet("说明").append(["请勿外传"])
    out = io.BytesIO()
    book.save(out)
    if path is not None:
        path.write_bytes(out.getvalue())
    return out.getvalue()


def scope_of(tree: dict[str, Any], key: str = "root") -> Scope:
    return Scope((tree[key].id,), None)


def dates(**more: Any) -> Asked:
    return Asked(**{"today": TODAY, "accepted_on": TODAY, **more})


def take(tree: dict[str, Any], *rows: Row, scope: str = "root", **more: Any) -> Plan:
    roster = read_roster(workbook(*rows), TODAY)
    return import_roster(roster, dates(**more), scope_of(tree, scope), NOW)


def codes(plan: Plan) -> list[str]:
    return [
        problem.code
        for place in sorted(plan.rejected, key=lambda p: p.row)
        for problem in plan.rejected[place]
    ]


def member(name: str) -> Member:
    db.session.rollback()
    return db.session.scalars(select(Member).where(Member.name == name)).one()


def spans(name: str) -> list[tuple[int, date, date]]:
    query = select(Membership).where(Membership.member_id == member(name).id).order_by(Membership.starts_on)
    return [(row.org_id, row.starts_on, row.ends_on) for row in db.session.scalars(query)]


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


# ---- what is stored ----


def test_a_messy_roster_is_stored_as_it_is_meant(tree: dict[str, Any]) -> None:
    plan = take(tree, ZHANG, LI, WANG)
    assert plan.counts.line() == "created=3 updated=0 unchanged=0 rejected=0"
    zhang = member("张三")
    assert (zhang.pinyin, zhang.pinyin_initials, zhang.sex, zhang.ethnicity) == (
        "zhangsan",
        "zs",
        "男",
        "汉族",
    )
    assert (zhang.birth_date, zhang.joined_party_on) == (date(1956, 3, 12), date(1980, 7, 1))
    assert (zhang.confirmed_on, zhang.is_migrant_worker, zhang.job) == (date(1981, 7, 1), False, "离退休人员")
    assert unseal(zhang.phone_sealed or b"", "phone") == "13900000001"
    assert member("李四").joined_party_on == date(1990, 7, 1)
    assert member("王五").birth_date == date(1985, 5, 5)


def test_flags_become_groups_of_the_day(tree: dict[str, Any]) -> None:
    take(tree, ZHANG, LI)
    groups = {}
    for name in ("张三", "李四"):
        standing = standing_of(db.session(), member(name).id, TODAY, 60)
        assert standing is not None
        groups[name] = set(Group.from_bits(standing.groups))
    assert groups == {"张三": {Group.ELDERLY, Group.RETIRED}, "李四": {Group.MOBILE, Group.LOST_CONTACT}}


def test_a_branch_that_is_imported_for_the_first_time_has_its_members_since_they_joined(
    tree: dict[str, Any],
) -> None:
    take(tree, ZHANG, LI, WANG)
    assert spans("张三") == [(tree["first"].id, date(2000, 1, 1), FOREVER)]  # the branch's own beginning
    assert spans("王五") == [(tree["second"].id, date(2000, 1, 1), FOREVER)]  # nobody wrote down since when


def test_whoever_comes_later_counts_from_that_day_so_that_old_reports_stay(tree: dict[str, Any]) -> None:
    make_member("陈一", tree["second"])
    take(tree, {**WANG, "入党日期": "2005-07-01"})
    assert spans("王五") == [(tree["second"].id, TODAY, FOREVER)]


def test_the_day_that_a_roster_describes_can_be_said(tree: dict[str, Any]) -> None:
    make_member("陈一", tree["second"])
    take(tree, WANG, {**ZHANG, "入党日期": "2019-03-01", "转正日期": "-"}, as_of=date(2019, 1, 1))
    assert spans("王五") == [(tree["second"].id, date(2019, 1, 1), FOREVER)]
    assert spans("张三") == [(tree["first"].id, date(2019, 3, 1), FOREVER)]


def test_days_in_the_future_are_refused(tree: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        take(tree, WANG, as_of=TODAY + timedelta(days=1))
    with pytest.raises(InvalidInput):
        take(tree, WANG, accepted_on=TODAY + timedelta(days=1))


def test_new_members_of_a_new_branch_start_since_ever_where_nobody_wrote_it_down(ctx: Flask) -> None:
    root = make_org("Q", name="区委", kind=OrgKind.COMMITTEE, starts_on=SINCE_EVER)
    make_org("B2", root, name="第二党支部", starts_on=SINCE_EVER)
    plan = take({"root": root}, WANG)
    assert plan.since_ever == 1
    assert spans("王五")[0][1] == SINCE_EVER


# ---- again and changed ----


def test_the_same_file_again_changes_nothing(tree: dict[str, Any]) -> None:
    take(tree, ZHANG, LI, WANG, {"姓名": "无名氏", "所在党支部": "B2"})
    rows = {model: count(model) for model in (Member, Membership, GroupMembership, AuditEntry)}
    for _again in range(2):
        plan = take(tree, ZHANG, LI, WANG, {"姓名": "无名氏", "所在党支部": "B2"})
        assert plan.counts.line() == "created=0 updated=0 unchanged=4 rejected=0"
    assert {model: count(model) for model in rows} == rows


def test_a_changed_phone_is_found_by_birth_date_and_shown_masked(tree: dict[str, Any]) -> None:
    take(tree, ZHANG)
    plan = take(tree, {**ZHANG, "手机号码": "13988887777", "学历": "研究生"})
    assert plan.counts.line() == "created=0 updated=1 unchanged=0 rejected=0"
    assert {(c.field, c.old, c.new) for c in plan.changed[0].changes} == {
        ("phone", "139****0001", "139****7777"),
        ("education", "大学", "研究生"),
    }
    assert unseal(member("张三").phone_sealed or b"", "phone") == "13988887777"


def test_blank_cells_leave_what_is_known(tree: dict[str, Any]) -> None:
    take(tree, ZHANG)
    plan = take(tree, {"姓名": "张三", "所在党支部": "第一党支部", "手机号码": PHONES[0]})
    assert plan.counts.unchanged == 1
    assert member("张三").education == "大学"


def test_another_branch_is_a_transfer_and_the_old_branch_keeps_its_days(tree: dict[str, Any]) -> None:
    take(tree, ZHANG, LI)
    li = member("李四").id
    with writing() as session:
        for org in ("first", "street"):
            session.add(
                OrgPost(
                    member_id=li,
                    org_id=tree[org].id,
                    post=Post.SECRETARY,
                    starts_on=date(2018, 1, 1),
                )
            )
    plan = take(
        tree, ZHANG, {**LI, "所在党支部": "第三党支部", "是否流动党员": "-"}, accepted_on=date(2019, 5, 1)
    )
    assert plan.counts.line() == "created=0 updated=1 unchanged=1 rejected=0"
    assert spans("李四") == [
        (tree["first"].id, date(2000, 1, 1), date(2019, 5, 1)),
        (tree["far"].id, date(2019, 5, 1), FOREVER),
    ]
    posts = {post.org_id: post.ends_on for post in db.session.scalars(select(OrgPost))}
    assert posts == {tree["first"].id: date(2019, 5, 1), tree["street"].id: FOREVER}
    mobile = db.session.scalars(select(GroupMembership).where(GroupMembership.group == Group.MOBILE)).one()
    assert mobile.ends_on == date(2019, 5, 1)
    again = take(tree, ZHANG, {**LI, "所在党支部": "第三党支部", "是否流动党员": "-"})
    assert again.counts.unchanged == 2


def test_a_transfer_before_the_present_branch_began_is_refused(tree: dict[str, Any]) -> None:
    make_member("王五", tree["first"], birth_date=date(1985, 5, 5), starts_on=date(2019, 4, 1))
    plan = take(tree, WANG, accepted_on=date(2019, 3, 1))
    assert codes(plan) == ["transfer_too_early"]
    assert spans("王五") == [(tree["first"].id, date(2019, 4, 1), FOREVER)]


def test_someone_who_had_left_comes_back(tree: dict[str, Any]) -> None:
    row = make_member("王五", tree["first"], birth_date=date(1985, 5, 5))
    with writing() as session:
        session.get_one(Membership, (row.id, date(2000, 1, 1))).ends_on = date(2018, 1, 1)
    assert take(tree, WANG).counts.updated == 1
    assert spans("王五")[1] == (tree["second"].id, TODAY, FOREVER)


def test_no_ends_a_flag_and_yes_on_the_same_day_takes_that_back(tree: dict[str, Any]) -> None:
    wang = make_member("王五", tree["second"], birth_date=date(1985, 5, 5), phone=PHONES[2])
    put_in_group(wang, Group.LOST_CONTACT)
    put_in_group(wang, Group.MOBILE, direction="in")
    assert take(tree, {**WANG, "是否失联党员": "否", "是否流动党员": "否"}).counts.updated == 1
    rows = {row.group: row.ends_on for row in db.session.scalars(select(GroupMembership))}
    assert rows == {Group.LOST_CONTACT: TODAY, Group.MOBILE: FOREVER}
    assert take(tree, {**WANG, "是否失联党员": "是"}).counts.updated == 1
    db.session.rollback()
    rows = {row.group: row.ends_on for row in db.session.scalars(select(GroupMembership))}
    assert rows == {Group.LOST_CONTACT: FOREVER, Group.MOBILE: FOREVER}


# ---- nothing or all ----


def test_one_wrong_row_stores_nothing(tree: dict[str, Any]) -> None:
    plan = take(tree, ZHANG, LI, {**WANG, "手机号码": "123"})
    assert plan.counts.line() == "created=2 updated=0 unchanged=0 rejected=1"
    assert (count(Member), count(Membership), count(GroupMembership), count(AuditEntry)) == (0, 0, 0, 0)


def test_a_failure_half_way_stores_nothing(tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("app.members.roster.apply.record_act", break_down)
    with pytest.raises(RuntimeError):
        take(tree, ZHANG, LI)
    assert (count(Member), count(Membership), count(GroupMembership)) == (0, 0, 0)


def test_what_changed_between_looking_and_storing_is_looked_at_again(
    tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tree, ZHANG, LI)
    li, plans = member("李四").id, []

    def slow_plan(*arguments: Any) -> Plan:
        plans.append(plan_roster(*arguments))
        if len(plans) == 1:
            # Somebody transfers a member while the import is still being compared.
            transfer_member(li, "B2", date(2019, 5, 1), scope_of(tree), NOW)
        return plans[-1]

    monkeypatch.setattr("app.members.roster.apply.plan_roster", slow_plan)
    plan = take(tree, ZHANG, {**LI, "学历": "大学本科"})
    assert [len(found.changed) for found in plans] == [1, 1]
    assert [change.field for change in plan.changed[0].changes][:2] == ["education", "branch"]
    assert spans("李四")[-1][0] == tree["first"].id


def test_what_nobody_touched_is_planned_once(tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []

    def counted(*arguments: Any) -> Plan:
        assert not db.session().info.get("writing"), "check-ins would wait"
        plans.append(plan_roster(*arguments))
        return plans[-1]

    monkeypatch.setattr("app.members.roster.apply.plan_roster", counted)
    take(tree, ZHANG, LI)
    assert (len(plans), count(Member)) == (1, 2)


def test_every_problem_of_a_row_is_told_at_once_with_its_place(tree: dict[str, Any]) -> None:
    plan = take(tree, {**WANG, "手机号码": "123", "出生日期": "56.3", "所在党支部": "第二十党支部"})
    assert sorted(codes(plan)) == ["branch_unknown_near", "date_short_year", "phone_invalid"]
    assert {place.row for place in plan.rejected} == {3}


def test_two_rows_of_one_person_are_both_refused(tree: dict[str, Any]) -> None:
    make_member("王五", tree["second"], birth_date=date(1985, 5, 5), phone=PHONES[2])
    plan = take(tree, WANG, {**WANG, "学历": "大学"}, ZHANG, {**ZHANG, "公民身份号码": "-"})
    assert codes(plan) == ["duplicate"] * 4


def test_an_unclear_member_is_refused_and_never_merged(tree: dict[str, Any]) -> None:
    make_member("王五", tree["first"], birth_date=date(1985, 5, 5))
    make_member("王五", tree["far"], birth_date=date(1985, 5, 5))
    assert codes(take(tree, WANG)) == ["unclear_several"]
    make_member("赵六", tree["first"], birth_date=date(1985, 5, 5), phone=PHONES[0])
    assert codes(take(tree, {"姓名": "赵六", "所在党支部": "第一党支部"})) == ["unclear_unconfirmed"]


def test_namesakes_with_phones_of_their_own_are_two_people(tree: dict[str, Any]) -> None:
    twins = (WANG, {**WANG, "手机号码": "13900000009"})
    assert take(tree, WANG).counts.created == 1
    plan = take(tree, *twins)
    assert plan.counts.line() == "created=1 updated=0 unchanged=1 rejected=0"
    assert take(tree, *twins).counts.unchanged == 2


def test_a_part_of_the_office_reaches_its_own_branches_and_members_only(tree: dict[str, Any]) -> None:
    make_member("王五", tree["far"], birth_date=date(1985, 5, 5), phone=PHONES[2])
    plan = take(tree, WANG, {**ZHANG, "所在党支部": "第三党支部"}, LI, scope="street")
    assert codes(plan) == ["member_elsewhere", "branch_unknown_near"]
    assert plan.counts.created == 1
    assert count(Member) == 1


# ---- what is never kept ----


def everything_stored(app: Flask) -> bytes:
    """The bytes of the database: SQLite's files, or every row of PostgreSQL as text and bytes."""
    settings = app.extensions["settings"]
    if settings.is_sqlite:
        base = Path(settings.database_url.removeprefix("sqlite:///"))
        return b"".join(path.read_bytes() for path in base.parent.glob(base.name + "*"))
    from app.core.db import Base

    rows = [
        [bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in row]
        for table in Base.metadata.sorted_tables
        for row in db.session.execute(select(table))
    ]
    return b"\n".join(cell for row in rows for cell in row)


def test_id_numbers_and_plain_phones_are_nowhere_afterwards(
    tree: dict[str, Any],
    ctx: Flask,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    rows: Sequence[Row] = (
        ZHANG,
        LI,
        WANG,
        {**WANG, "姓名": "错行", "手机号码": ID_NUMBERS[1], "工作岗位": ID_NUMBERS[0]},
    )
    path, marked = folder / "roster.xlsx", folder / "errors.xlsx"
    workbook(*rows[:3], path=path)
    good = run(ctx, "members", "import", str(path))
    assert good.exit_code == 0, good.output
    workbook(*rows, path=path)
    bad = run(ctx, "members", "import", str(path), "--errors", str(marked))
    assert bad.exit_code == 1
    assert marked.stat().st_mode & 0o777 == 0o600, "nobody else on this machine reads it"
    heard = "".join((good.output, bad.output, caplog.text, *capsys.readouterr())).encode()
    with openpyxl_text(marked) as written:
        places = everything_stored(ctx) + heard + written
    assert "张三".encode() in everything_stored(ctx)
    for secret in (*ID_NUMBERS, ID_NUMBERS[1][:17]):
        assert secret.encode() not in places
    for phone in PHONES:
        assert phone.encode() not in everything_stored(ctx) + heard


class openpyxl_text:
    """All cells of a workbook as bytes."""

    def __init__(self, path: Path) -> None:
        self.book = openpyxl.load_workbook(path)

    def __enter__(self) -> bytes:
        cells = (cell for sheet in self.book for row in sheet.iter_rows(values_only=True) for cell in row)
        return "\n".join(str(cell) for cell in cells).encode()

    def __exit__(self, *_error: object) -> None:
        self.book.close()


def test_the_audit_log_has_counts_and_no_names(tree: dict[str, Any]) -> None:
    take(tree, ZHANG, LI)
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.detail) == (
        "members.import",
        {"created": 2, "updated": 0, "unchanged": 0, "transferred": 0, "branches": 0},
    )
    assert first_bad_entry(db.session()) is None


# ---- books ----


def test_the_marked_workbook_shows_each_rejected_row_and_what_is_wrong(
    tree: dict[str, Any], folder: Path
) -> None:
    content = workbook(ZHANG, {**WANG, "手机号码": "=1+1", "出生日期": "56.3"})
    roster = read_roster(content, TODAY)
    plan = preview_roster(roster, dates(), scope_of(tree))
    path = folder / "errors.xlsx"
    path.write_bytes(marked_book(content, plan, roster, {}, folder / "x", only_rejected=True))
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    head, *rows = sheet.iter_rows()
    (row,) = rows
    cells = {title.value: cell for title, cell in zip(head, row, strict=True)}
    assert cells["姓名"].value == "王五"
    assert cells["位置"].value == "工作表“花名册”第 4 行"
    assert cells["结果"].value == "要修改"
    assert "年份只有两位" in cells["说明"].value
    assert "公民身份号码" not in cells
    assert cells["出生日期"].fill.bgColor.rgb != cells["姓名"].fill.bgColor.rgb or (
        cells["出生日期"].fill.fgColor.rgb != cells["姓名"].fill.fgColor.rgb
    )
    assert all(cell.data_type != "f" for cell in row)


def test_a_filled_in_template_can_be_imported(tree: dict[str, Any], folder: Path) -> None:
    path = folder / "template.xlsx"
    path.write_bytes(template_book())
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    assert "公民身份号码" not in titles
    assert {"姓名", "所在党支部", "手机号码", "入党日期", "是否流动党员"} <= set(titles)
    assert any("男" in str(rule.formula1) for rule in sheet.data_validations.dataValidation)
    for column, title in enumerate(titles, start=1):
        if title in ("姓名", "所在党支部", "手机号码", "出生日期"):
            cell = sheet.cell(row=4, column=column, value=str(WANG[title]).removesuffix(".0"))
            assert cell.value
    book.save(path)
    plan = import_roster(read_roster(path.read_bytes(), TODAY), dates(), scope_of(tree), NOW)
    assert plan.counts.line() == "created=1 updated=0 unchanged=0 rejected=0"


# ---- the command ----


def test_the_command_prints_one_line_and_reports_rows_in_words(
    tree: dict[str, Any], ctx: Flask, folder: Path
) -> None:
    path = folder / "roster.xlsx"
    workbook(ZHANG, {**WANG, "手机号码": "123"}, path=path)
    result = run(ctx, "members", "import", str(path))
    assert result.exit_code == 1
    assert result.stdout == "created=0 updated=0 unchanged=0 rejected=1\n"
    assert "工作表“花名册”第 4 行 K 列(手机号码):电话号码不对" in result.stderr
    assert "工作表“说明”没有读取" in result.stderr
    assert count(Member) == 0


def test_a_dry_run_counts_and_stores_nothing(tree: dict[str, Any], ctx: Flask, folder: Path) -> None:
    path = folder / "roster.xlsx"
    workbook(ZHANG, LI, path=path)
    result = run(ctx, "members", "import", str(path), "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "created=2 updated=0 unchanged=0 rejected=0\n")
    assert count(Member) == 0
    stored = run(ctx, "members", "import", str(path))
    assert (stored.exit_code, stored.stdout) == (0, "created=2 updated=0 unchanged=0 rejected=0\n")
    again = run(ctx, "members", "import", str(path))
    assert (again.exit_code, again.stdout) == (0, "created=0 updated=0 unchanged=2 rejected=0\n")


def test_a_csv_as_chinese_excel_writes_it_is_imported(tree: dict[str, Any], ctx: Flask, folder: Path) -> None:
    path = folder / "roster.csv"
    with path.open("w", encoding="gb18030", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADERS)
        writer.writerow([str({**ZHANG, "出生日期": "1956/3/12"}.get(header, "-")) for header in HEADERS])
    result = run(ctx, "members", "import", str(path))
    assert result.stdout == "created=1 updated=0 unchanged=0 rejected=0\n", result.stderr
    assert member("张三").birth_date == date(1956, 3, 12)


@pytest.mark.parametrize("content", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64, b"a,b\n1,2\n", b""])
def test_a_file_that_cannot_be_read_is_refused_in_words(
    tree: dict[str, Any], ctx: Flask, folder: Path, content: bytes
) -> None:
    path = folder / "roster.xlsx"
    path.write_bytes(content)
    result = run(ctx, "members", "import", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_members_need_organisations_first(ctx: Flask, folder: Path) -> None:
    path = folder / "roster.xlsx"
    workbook(ZHANG, path=path)
    result = run(ctx, "members", "import", str(path))
    assert result.exit_code == 1
    assert "orgs import" in result.stderr


def test_the_template_command_writes_a_workbook(ctx: Flask, folder: Path) -> None:
    path = folder / "empty.xlsx"
    assert run(ctx, "members", "template", str(path)).exit_code == 0
    assert openpyxl.load_workbook(path).worksheets[0]["A1"].value == "姓名"


# ---- cost ----


def test_the_number_of_queries_does_not_grow_with_the_rows(tree: dict[str, Any]) -> None:
    def many(first: int, last: int) -> list[Row]:
        return [{**WANG, "姓名": f"党员{n}", "手机号码": f"139{n:08d}"} for n in range(first, last)]

    with count_queries() as few:
        take(tree, *many(0, 5))
    with count_queries() as more:
        take(tree, *many(5, 505))
    assert more.count <= few.count + 3
    with count_queries() as changed:
        take(tree, *[{**row, "学历": "大学", "所在党支部": "第一党支部"} for row in many(0, 505)])
    assert changed.count <= few.count + 12
