"""How rosters write dates, phones, names, branches and headers, and what each writing means."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.vocabulary import FOREVER, Group, OrgKind
from app.members.phones import mask_phone, normalise_phone
from app.members.pinyin import name_pinyin
from app.members.roster.files import text_of
from app.members.roster.rules_branches import BranchBook, Unit, bare_name
from app.members.roster.rules_columns import (
    ROSTER,
    DoubledColumn,
    MissingColumns,
    column_letter,
    find_header,
    plain_header,
)
from app.members.roster.rules_dates import EARLIEST, NotADate, parse_date
from app.members.roster.rules_groups import Act, GroupEdit, GroupSpan, group_edits, months_before
from app.members.roster.rules_match import Identity, Known, MemberBook, duplicates
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import RefusedRow, RosterRow, looks_like_id_number, plain_name, read_row

TODAY = date(2019, 6, 3)
days = st.dates(min_value=EARLIEST, max_value=TODAY)
# The calendar of spreadsheets is wrong before March 1900, and small numbers are years.
serial_days = st.dates(min_value=date(1906, 1, 10), max_value=TODAY)


# ---- dates ----


@given(days)
def test_every_usual_writing_of_a_day_means_that_day(day: date) -> None:
    written = [
        f"{day:%Y-%m-%d}",
        f"{day.year}-{day.month}-{day.day}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day:%Y.%m.%d}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f" {day.year} 年 {day.month} 月 {day.day} 日 ",
        f"{day:%Y-%m-%d} 00:00:00",
        f"{day:%Y-%m-%d}".translate({ord("0") + n: ord("０") + n for n in range(10)}),
        day,
        datetime(day.year, day.month, day.day, 13, 5),  # noqa: DTZ001 - as openpyxl gives it
        int(f"{day:%Y%m%d}"),
    ]
    assert {parse_date(text, TODAY) for text in written} == {day}


@given(days)
def test_a_month_alone_is_its_first_day(day: date) -> None:
    written = [
        f"{day:%Y-%m}",
        f"{day:%Y.%m}",
        f"{day:%Y%m}",
        f"{day.year}年{day.month}月",
        f"{day.year}/{day.month}",
    ]
    assert {parse_date(text, TODAY) for text in written} == {day.replace(day=1)}


@given(serial_days)
def test_a_number_of_days_is_read_as_the_spreadsheet_counts_them(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert (
        parse_date(serial, TODAY) == parse_date(float(serial), TODAY) == parse_date(str(serial), TODAY) == day
    )
    assert parse_date(serial + 0.75, TODAY) == day


def test_the_calendar_of_1904_is_allowed_for() -> None:
    assert parse_date(20526 - 1462, TODAY, serial_offset=1462) == date(1956, 3, 12)


@given(st.integers(1900, 2018), st.integers(1, 12))
def test_a_month_that_became_a_number_is_read_or_refused_but_never_guessed(year: int, month: int) -> None:
    number = float(f"{year}.{month:02d}")
    if month == 10:
        with pytest.raises(NotADate, match="lost_zero"):
            parse_date(number, TODAY)
    else:
        assert parse_date(number, TODAY) == date(year, month, 1)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("56-03-12", "short_year"),
        ("56.3", "short_year"),
        ("560312", "short_year"),
        ("1956", "year_only"),
        (1956, "year_only"),
        (1956.1, "lost_zero"),
        ("1956-02-30", "no_such_day"),
        ("19561301", "no_such_day"),
        ("2019-06-04", "future"),
        ("1899-12-31", "too_early"),
        ("12/03/1956", "unreadable"),
        ("不详", "unreadable"),
        (True, "unreadable"),
        (-5, "unreadable"),
        (10**30, "unreadable"),
        (float("inf"), "unreadable"),
        (float("nan"), "unreadable"),
    ],
)
def test_what_is_no_certain_day_is_refused_with_the_reason(value: object, code: str) -> None:
    with pytest.raises(NotADate) as refused:
        parse_date(value, TODAY)
    assert refused.value.code == code


@given(st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.from_regex(r"\A[\d./年月日-]{1,12}\Z")))
def test_no_cell_breaks_the_date_reader(value: object) -> None:
    with suppress(NotADate):
        assert EARLIEST <= parse_date(value, TODAY) <= TODAY


# ---- phones ----


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"), st.sampled_from(["", " ", "-", "\u200b", "\u00a0"]))
def test_a_mobile_number_is_the_same_however_it_is_typed(number: str, gap: str) -> None:
    parted = gap.join((number[:3], number[3:7], number[7:]))
    wide = number.translate({ord("0") + n: ord("０") + n for n in range(10)})
    for text in (
        number,
        parted,
        f"+86{parted}",
        f"+86 {number}",
        f"86-{parted}",
        f"0086{number}",
        wide,
        f"{number}.0",
    ):
        assert normalise_phone(text) == number
    assert normalise_phone(normalise_phone(parted)) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("027-8555 0001", "02785550001"),
        ("(027)85550001", "02785550001"),
        ("+86 27 85550001", "02785550001"),
        ("0716-8555000", "07168555000"),
        ("010 85550001", "01085550001"),
        ("1.3900000001E10", "13900000001"),
    ],
)
def test_a_landline_with_area_code_is_taken(text: str, number: str) -> None:
    assert normalise_phone(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.39E+10",
        "12345",
        "85550001",
        "12900000001",
        "139000000011",
        "13900000001/13900000002",
        "无",
        "٠١٢",
    ],
)
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        normalise_phone(text)


@given(st.text(max_size=30))
def test_no_text_breaks_the_phone_reader(text: str) -> None:
    with suppress(ValueError):
        assert normalise_phone(text).isdigit()


def test_a_masked_phone_shows_its_ends_only() -> None:
    assert mask_phone("13900000001") == "139****0001"
    assert mask_phone("02785550001") == "027****0001"
    assert mask_phone("07168555000") == "0716****5000"
    assert mask_phone("12345678") == "****78"
    assert mask_phone("123") == "****"


# ---- names ----


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("张三", "zhangsan", "zs"),
        ("单雄", "shanxiong", "sx"),
        ("曾国", "zengguo", "zg"),
        ("仇英", "qiuying", "qy"),
        ("解缙", "xiejin", "xj"),
        ("查良", "zhaliang", "zl"),
        ("区小明", "ouxiaoming", "oxm"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("万俟卨", "moqixie", "mqx"),
        ("欧阳修", "ouyangxiu", "oyx"),
        ("长孙无忌", "zhangsunwuji", "zswj"),
        ("吕布", "lvbu", "lb"),
        ("阿迪力·买买提", "adilimaimaiti", "adlmmt"),
    ],
)
def test_surnames_are_read_as_surnames(name: str, full: str, initials: str) -> None:
    assert name_pinyin(name) == (full, initials)


def test_a_family_may_read_its_own_name_otherwise() -> None:
    assert name_pinyin("单雄", "Dan") == ("danxiong", "dx")


def test_spaces_inside_a_chinese_name_do_not_make_another_name() -> None:
    assert plain_name("张 三") == plain_name("张　三") == "张三"
    assert plain_name("阿迪力•买买提") == "阿迪力·买买提"
    assert plain_name(" Anna  Maria ") == "Anna Maria"


# ---- headers ----


def test_the_header_is_found_below_titles_and_in_any_order() -> None:
    rows = [
        (1, ["党员花名册"]),
        (2, [None, "填表单位:某街道"]),
        (3, ["序号", "手机号码", "所在 党支部", "备注", "*姓名", "出生日期(年月日)"]),
        (4, [1, "13900000001", "一支部", "", "张三", "1956.03"]),
    ]
    header = find_header(rows, ROSTER)
    assert header is not None
    assert header.row_number == 3
    assert dict(header.positions) == {"name": 4, "branch": 2, "phone": 1, "birth_date": 5}


def test_of_two_header_rows_the_fuller_one_counts() -> None:
    rows = [(1, ["姓名", "所在党支部", "时间", None]), (2, ["姓名", "所在党支部", "入党日期", "转正日期"])]
    header = find_header(rows, ROSTER)
    assert header is not None
    assert header.row_number == 2


def test_the_official_header_wins_over_an_alias() -> None:
    header = find_header([(1, ["姓名", "所在党支部", "联系电话", "手机号码"])], ROSTER)
    assert header is not None
    assert header.positions["phone"] == 3


def test_a_doubled_column_is_refused() -> None:
    with pytest.raises(DoubledColumn, match="手机号码"):
        find_header([(1, ["姓名", "所在党支部", "手机号码", "手机号码"])], ROSTER)


def test_a_header_without_the_branch_is_refused_by_name() -> None:
    with pytest.raises(MissingColumns, match="所在党支部"):
        find_header([(1, ["姓名", "手机号码", "性别"])], ROSTER)
    header = find_header([(1, ["姓名", "党支部编码"])], ROSTER)
    assert header is not None


def test_no_known_word_is_no_header() -> None:
    assert find_header([(1, ["a", "b"]), (2, [1, 2.5, None])], ROSTER) is None


def test_columns_are_called_as_spreadsheets_call_them() -> None:
    assert [column_letter(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert plain_header(" 出生\n日期 *: ") == "出生日期"


# ---- rows ----


def row_of(**cells: object) -> RosterRow | RefusedRow:
    return read_row(Place(0, 2), {"name": "张三", "branch": "一支部", **cells}, text_of, TODAY)


def problems_of(**cells: object) -> set[tuple[str, str | None]]:
    read = row_of(**cells)
    assert isinstance(read, RefusedRow)
    return {(problem.code, problem.field) for problem in read.problems}


def test_a_dash_means_that_the_row_says_nothing() -> None:
    read = row_of(sex="-", phone="—", birth_date="－", job="/", is_mobile=" ")
    assert isinstance(read, RosterRow)
    assert dict(read.values) == {}
    assert (read.phone, read.is_mobile) == (None, None)


def test_a_phone_that_became_a_number_is_read() -> None:
    for cell in (13900000001, 13900000001.0, "13900000001.0"):
        read = row_of(phone=cell)
        assert isinstance(read, RosterRow)
        assert read.phone == "13900000001"


def test_every_wrong_cell_of_a_row_is_told_at_once() -> None:
    assert problems_of(name="", phone="123", birth_date="56-1-1", sex="?", is_mobile="也许") == {
        ("name_missing", "name"),
        ("phone_invalid", "phone"),
        ("date_short_year", "birth_date"),
        ("sex_unknown", "sex"),
        ("flag_unknown", "is_mobile"),
    }


def test_impossible_lives_are_refused() -> None:
    assert problems_of(birth_date="2001-06-04") == {("too_young", "birth_date")}
    assert problems_of(birth_date="1970-05-02", joined_party_on="1988-05-01") == {
        ("joined_too_young", "joined_party_on")
    }
    assert problems_of(joined_party_on="1990-07-01", confirmed_on="1989-07-01") == {
        ("confirmed_before_joined", "confirmed_on")
    }
    assert isinstance(row_of(birth_date="1970-05-02", joined_party_on="1988-05-02"), RosterRow)


@pytest.mark.parametrize("column", ["name", "phone", "job", "branch", "education"])
def test_an_id_number_in_any_cell_is_refused_and_not_repeated(column: str) -> None:
    for number in (
        "420103195603121234",
        "42010319560312123X",
        "４２０１０３１９５６０３１２１２３４",
        "420103560312123",
    ):
        read = row_of(**{column: f"x {number}"})
        assert isinstance(read, RefusedRow)
        assert {problem.code for problem in read.problems} == {"id_number"}
        assert number not in repr(read)


def test_ordinary_texts_are_no_id_numbers() -> None:
    assert not looks_like_id_number("13900000001")
    assert not looks_like_id_number("2019060312345")
    assert looks_like_id_number("4201 0319 5603 1212 34")


def test_a_row_shows_no_name_or_phone_in_logs() -> None:
    read = row_of(phone="13900000001", birth_date="1956-03-12")
    assert "13900000001" not in repr(read)
    assert "张三" not in repr(read)


# ---- branches ----

UNITS = (
    Unit(1, "Q", "中共示范区委员会", OrgKind.COMMITTEE, ()),
    Unit(2, "J1", "中共示范区甲街道工作委员会", OrgKind.COMMITTEE, ("中共示范区委员会",)),
    Unit(3, "J2", "乙街道党工委", OrgKind.COMMITTEE, ("中共示范区委员会",)),
    Unit(4, "B1", "东风社区第一党支部", OrgKind.BRANCH, ("中共示范区委员会", "中共示范区甲街道工作委员会")),
    Unit(5, "B2", "东风社区第二党支部", OrgKind.BRANCH, ("中共示范区委员会", "中共示范区甲街道工作委员会")),
    Unit(6, "B3", "机关党支部", OrgKind.BRANCH, ("中共示范区委员会", "中共示范区甲街道工作委员会")),
    Unit(7, "B4", "机关党支部", OrgKind.BRANCH, ("中共示范区委员会", "乙街道党工委")),
    Unit(8, "B5", "中共乙街道红旗厂支部委员会", OrgKind.BRANCH, ("中共示范区委员会", "乙街道党工委")),
)


@pytest.mark.parametrize(
    ("text", "org_id"),
    [
        ("B1", 4),
        ("东风社区第一党支部", 4),
        ("东风社区第一支部", 4),
        ("东风社区第1党支部", 4),
        ("东风社区一支部", 4),
        ("中共东风社区第一支部委员会", 4),
        ("中共示范区甲街道工作委员会东风社区第一支部委员会", 4),
        ("中国共产党示范区甲街道东风社区第一支部", 4),
        ("中共某某市示范区甲街道工委会东风社区第一支部".replace("工委会", "工作委员会"), 4),
        ("东风社区 第二　党支部", 5),
        ("甲街道机关党支部", 6),
        ("乙街道机关支部", 7),
        ("红旗厂党支部", 8),
        ("乙街道红旗厂支部", 8),
    ],
)
def test_a_branch_is_found_however_officially_it_is_written(text: str, org_id: int) -> None:
    assert BranchBook(UNITS).find(text, "").org_id == org_id


def test_a_branch_that_could_be_two_is_refused_with_both() -> None:
    found = BranchBook(UNITS).find("机关党支部", "")
    assert (found.org_id, found.problem) == (None, "branch_ambiguous")
    assert len(found.near) == 2


def test_an_unknown_branch_is_refused_with_the_nearest_names() -> None:
    found = BranchBook(UNITS).find("东风小区第一党支部", "")
    assert (found.org_id, found.problem) == (None, "branch_unknown_near")
    assert found.near[0] == "东风社区第一党支部"


def test_a_prefix_that_belongs_elsewhere_is_not_ignored() -> None:
    assert BranchBook(UNITS).find("乙街道东风社区第一党支部", "").org_id is None


def test_a_committee_is_no_branch() -> None:
    book = BranchBook(UNITS)
    assert book.find("乙街道党委", "").problem == "branch_not_branch"
    assert book.find("", "J1").problem == "branch_not_branch"


def test_code_and_name_must_agree() -> None:
    book = BranchBook(UNITS)
    assert book.find("东风社区第一党支部", "B1").org_id == 4
    assert book.find("东风社区第一党支部", "B2").problem == "branch_disagrees"
    assert book.find("旧名字", "B2").org_id == 5


def test_bare_names_keep_what_tells_units_apart() -> None:
    assert bare_name("第十二党支部") == bare_name("第12支部") == "十二"
    assert bare_name("第20党支部") == "二十"
    assert bare_name("退休第一党支部") != bare_name("退休第二党支部")


# ---- who is who ----

BORN = date(1956, 3, 12)


def who(phone: bytes | None = None, born: date | None = None, org: int = 4, name: str = "张三") -> Identity:
    return Identity(name, phone, born, org)


def test_name_and_phone_say_who_it_is() -> None:
    book = MemberBook([Known(1, who(b"a", BORN)), Known(2, who(b"b", BORN))])
    assert book.find(who(b"b", None, org=9)) == Known(2, who(b"b", BORN))


def test_name_birth_date_and_branch_come_next_and_then_without_branch() -> None:
    book = MemberBook([Known(1, who(b"a", BORN, org=4)), Known(2, who(b"b", BORN, org=5))])
    found = book.find(who(b"c", BORN, org=5))
    assert isinstance(found, Known)
    assert found.id == 2
    unclear = book.find(who(b"c", BORN, org=6))
    assert isinstance(unclear, Problem)
    assert unclear.code == "unclear_several"


def test_two_members_with_one_phone_are_told_apart_by_birth_date_or_refused() -> None:
    book = MemberBook([Known(1, who(b"a", BORN)), Known(2, who(b"a", date(1980, 1, 1)))])
    found = book.find(who(b"a", BORN))
    assert isinstance(found, Known)
    assert found.id == 1
    assert isinstance(book.find(who(b"a")), Problem)


def test_a_namesake_in_the_same_branch_whom_nothing_tells_apart_is_never_merged() -> None:
    book = MemberBook([Known(1, who(b"a", BORN))])
    assert isinstance(book.find(who(b"b")), Problem)
    assert isinstance(book.find(who()), Problem)
    assert book.find(who(b"b", date(1980, 1, 1))) is None
    assert book.find(who(b"b", org=5)) is None


def test_a_member_whom_another_row_names_by_phone_is_not_meant_twice() -> None:
    book = MemberBook([Known(1, who(b"a", BORN))])
    assert book.find(who(b"b", BORN), claimed={1}) is None


def test_a_row_with_name_and_branch_only_finds_the_member_it_made() -> None:
    book = MemberBook([Known(1, who())])
    found = book.find(who())
    assert isinstance(found, Known)


def test_rows_of_one_file_that_mean_one_person_are_duplicates() -> None:
    def same(one: Identity, two: Identity) -> bool:
        return bool(duplicates([(Place(0, 2), one, None), (Place(0, 3), two, None)]))

    assert same(who(b"a"), who(b"a", BORN, org=9))
    assert same(who(None, BORN), who(b"a", BORN))
    assert same(who(), who())
    assert not same(who(b"a", BORN), who(b"b", BORN))
    assert not same(who(None, BORN, org=4), who(None, BORN, org=5))
    assert not same(who(name="张三"), who(name="李四"))
    doubled = duplicates([(Place(0, 2), who(b"a"), 7), (Place(0, 3), who(b"b"), 7)])
    assert doubled == {Place(0, 2): Place(0, 3), Place(0, 3): Place(0, 2)}


# ---- flags ----


def flagged(**more: object) -> RosterRow:
    read = row_of(**more)
    assert isinstance(read, RosterRow)
    return read


def test_a_mobile_member_without_a_date_has_been_away_for_six_months() -> None:
    assert group_edits(flagged(is_mobile="是"), None, (), TODAY) == [
        GroupEdit(Act.OPEN, Group.MOBILE, date(2018, 12, 3))
    ]
    edits = group_edits(flagged(is_mobile="是", away_since="2019-05", away_at="深圳"), None, (), TODAY)
    assert edits == [GroupEdit(Act.OPEN, Group.MOBILE, date(2019, 5, 1), FOREVER, "深圳")]


@given(days)
def test_six_months_earlier_is_a_day_from_which_six_months_have_passed(day: date) -> None:
    from dateutil.relativedelta import relativedelta

    assert months_before(day, 6) == day - relativedelta(months=6)


def test_yes_opens_no_ends_and_blank_leaves() -> None:
    lost = GroupSpan(Group.LOST_CONTACT, date(2019, 1, 1), FOREVER)
    assert group_edits(flagged(is_lost_contact="是"), None, (), TODAY) == [
        GroupEdit(Act.OPEN, Group.LOST_CONTACT, TODAY)
    ]
    assert group_edits(flagged(is_lost_contact="是"), None, [lost], TODAY) == []
    assert group_edits(flagged(), None, [lost], TODAY) == []
    assert group_edits(flagged(is_lost_contact="否"), None, [lost], TODAY) == [
        GroupEdit(Act.CLOSE, Group.LOST_CONTACT, date(2019, 1, 1), TODAY)
    ]
    today_only = GroupSpan(Group.LOST_CONTACT, TODAY, FOREVER)
    assert [edit.act for edit in group_edits(flagged(is_lost_contact="否"), None, [today_only], TODAY)] == [
        Act.ERASE
    ]


def test_what_was_ended_and_is_said_again_on_the_same_day_never_ended() -> None:
    ended = GroupSpan(Group.MOBILE, date(2018, 12, 3), TODAY, direction="out")
    assert group_edits(flagged(is_mobile="是"), None, [ended], TODAY) == [
        GroupEdit(Act.REOPEN, Group.MOBILE, date(2018, 12, 3))
    ]


def test_someone_who_came_from_elsewhere_stays_when_the_roster_says_not_mobile() -> None:
    came = GroupSpan(Group.MOBILE, date(2018, 1, 1), FOREVER, direction="in")
    assert group_edits(flagged(is_mobile="否"), None, [came], TODAY) == []


def test_a_transfer_ends_the_absence_and_a_new_one_starts_to_count_anew() -> None:
    away = GroupSpan(Group.MOBILE, date(2018, 1, 1), FOREVER, direction="out")
    edits = group_edits(flagged(is_mobile="是"), None, [away], TODAY, is_transferred=True)
    assert edits == [
        GroupEdit(Act.CLOSE, Group.MOBILE, date(2018, 1, 1), TODAY),
        GroupEdit(Act.OPEN, Group.MOBILE, TODAY),
    ]


def test_retirement_follows_the_job_but_never_overrides_the_office() -> None:
    opened = group_edits(flagged(job="离退休人员"), None, (), TODAY)
    assert opened == [GroupEdit(Act.OPEN, Group.RETIRED, TODAY)]
    by_hand_out = GroupSpan(Group.RETIRED, date(2019, 1, 1), FOREVER, is_in=False)
    assert group_edits(flagged(job="离退休人员"), None, [by_hand_out], TODAY) == []
    retired = GroupSpan(Group.RETIRED, date(2019, 1, 1), FOREVER)
    assert group_edits(flagged(job="工人"), "工程师", [retired], TODAY) == []
    ended = group_edits(flagged(job="返聘"), "退休", [retired], TODAY)
    assert [edit.act for edit in ended] == [Act.CLOSE]
    assert group_edits(flagged(job="未退休"), None, (), TODAY) == []
