"""What the reader takes from files, and which files it refuses before it parses them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from app.members.roster import archives, files
from app.members.roster.files import open_sheets, text_of
from app.members.roster.problems import FileRefused
from app.members.roster.reading import read_roster

TODAY = date(2019, 6, 3)
HEAD = ["姓名", "所在党支部", "手机号码"]


def book(fill: Callable[[Any], None]) -> bytes:
    workbook = openpyxl.Workbook()
    fill(workbook)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def sheet_of(*rows: list[object]) -> bytes:
    return book(lambda workbook: [workbook.active.append(row) for row in rows])


def excel_sheet_of(*rows: list[str]) -> bytes:
    """As Excel writes it: texts in a table of their own."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    sheet = workbook.add_worksheet()
    for line, row in enumerate(rows):
        sheet.write_row(line, 0, row)
    workbook.close()
    return out.getvalue()


def walk(content: bytes) -> None:
    for sheet in open_sheets(content):
        list(sheet.rows)


def refusal(content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        walk(content)
    return refused.value.code


def rewritten(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            part = old.read(entry)
            new.writestr(entry.filename, change(part) if entry.filename == name else part)
    return out.getvalue()


def names_in(content: bytes) -> list[str]:
    return [row.name for row in read_roster(content, TODAY).rows]


# ---- what is taken ----


def test_a_value_merged_downwards_stands_in_every_row() -> None:
    def fill(workbook: Any) -> None:
        sheet = workbook.active
        sheet.append(["党员花名册", None, None])
        sheet.merge_cells("A1:C1")
        sheet.append(HEAD)
        sheet.append(["张三", "一支部", "13900000001"])
        sheet.append(["李四", None, "13900000002"])
        sheet.append(["王五", None, "13900000003"])
        sheet.append([None, None, None])
        sheet.merge_cells("B3:B6")

    rows = read_roster(book(fill), TODAY).rows
    assert [(row.name, row.branch, row.place.row) for row in rows] == [
        ("张三", "一支部", 3),
        ("李四", "一支部", 4),
        ("王五", "一支部", 5),
    ]


def test_a_header_of_two_merged_rows_is_read_as_one() -> None:
    def fill(workbook: Any) -> None:
        sheet = workbook.active
        sheet.append(["姓名", "所在党支部", "党籍", None])
        sheet.append([None, None, "入党日期", "转正日期"])
        sheet.append(["张三", "一支部", "1990-07-01", "1991-07-01"])
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:B2")
        sheet.merge_cells("C1:D1")

    (row,) = read_roster(book(fill), TODAY).rows
    assert row.values["confirmed_on"] == date(1991, 7, 1)


def test_hidden_columns_and_rows_are_read_and_hidden_sheets_are_named() -> None:
    def fill(workbook: Any) -> None:
        sheet = workbook.active
        for row in (HEAD, ["张三", "一支部", 13900000001], ["李四", "一支部", 13900000002]):
            sheet.append(row)
        sheet.column_dimensions["C"].hidden = True
        sheet.row_dimensions[3].hidden = True
        hidden = workbook.create_sheet("旧表")
        hidden.append(HEAD)
        hidden.append(["王五", "一支部", None])
        hidden.sheet_state = "hidden"

    roster = read_roster(book(fill), TODAY)
    assert [(row.name, row.phone) for row in roster.rows] == [
        ("张三", "13900000001"),
        ("李四", "13900000002"),
    ]
    assert roster.skipped == ["旧表"]


def test_several_sheets_are_read_and_a_sheet_of_notes_is_named() -> None:
    def fill(workbook: Any) -> None:
        workbook.active.title = "说明"
        workbook.active.append(["请认真填写"])
        for title, name in (("一", "张三"), ("二", "李四")):
            sheet = workbook.create_sheet(title)
            sheet.append(HEAD)
            sheet.append([name, "一支部", None])

    roster = read_roster(book(fill), TODAY)
    assert [row.name for row in roster.rows] == ["张三", "李四"]
    assert roster.skipped == ["说明"]


def test_a_header_repeated_on_every_printed_page_is_no_member() -> None:
    assert names_in(sheet_of(HEAD, ["张三", "一支部", None], HEAD, ["李四", "一支部", None])) == [
        "张三",
        "李四",
    ]


def test_a_wrong_stated_size_of_the_sheet_leaves_nobody_out() -> None:
    content = sheet_of(HEAD, ["张三", "一支部", None], ["李四", "一支部", None])
    shrunk = rewritten(content, "xl/worksheets/sheet1.xml", lambda part: part.replace(b"A1:C3", b"A1:A2"))
    assert names_in(shrunk) == ["张三", "李四"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_csv_is_read_in_every_encoding_that_offices_use(encoding: str, separator: str) -> None:
    lines = [HEAD, ["张三", "一支部", "13900000001"], ["李㐂", "一支部", "１３９００００００２"]]
    text = "\r\n".join(separator.join(line) for line in lines)
    roster = read_roster(text.encode(encoding), TODAY)
    assert [row.name for row in roster.rows] == ["张三"]
    assert [problem.code for refused in roster.refused for problem in refused.problems] == ["phone_invalid"]


def test_a_csv_cannot_say_january_or_october() -> None:
    text = "姓名,所在党支部,出生日期\n张三,一支部,1956.1\n李四,一支部,1956.03\n王五,一支部,1956.1.5\n"
    roster = read_roster(text.encode(), TODAY)
    assert [row.values["birth_date"] for row in roster.rows] == [date(1956, 3, 1), date(1956, 1, 5)]
    assert roster.refused[0].problems[0].code == "date_lost_zero"


def test_cells_are_read_as_people_see_them() -> None:
    assert [text_of(cell) for cell in (13900000001.0, 5, True, None, " - ", "——", "无", " 张三 ")] == [
        "13900000001", "5", "是", "", "", "", "", "张三",
    ]  # fmt: skip


# ---- what is refused ----


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"  \n ", "file_empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "file_wrong_kind"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\x00\x01", "file_wrong_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_old_excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "file_encrypted"),
        (b"PK\x03\x04 and nothing else", "file_damaged"),
        (b"x" * (files.MAX_BYTES + 1), "file_too_large"),
    ],
)
def test_a_file_of_another_kind_is_refused(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert refusal(out.getvalue()) == "file_wrong_kind"


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (40 * 1024 * 1024))
    assert refusal(out.getvalue()) == "file_too_large"


def test_a_workbook_that_claims_to_unpack_to_gigabytes_is_refused() -> None:
    content = bytearray(sheet_of(HEAD))
    at = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 3_000_000_000)
    assert refusal(bytes(content)) == "file_too_large"


def test_too_many_entries_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(archives.MAX_ENTRIES + 1):
            archive.writestr(f"xl/media/{n}", b"")
    assert refusal(out.getvalue()) == "file_too_large"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_entities_in_xml_are_refused(part: str) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'

    def declare(xml: bytes) -> bytes:
        start = xml.index(b"?>") + 2 if xml.startswith(b"<?xml") else 0
        return xml[:start] + bomb + xml[start:]

    content = rewritten(excel_sheet_of(HEAD, ["张三", "一支部", ""]), part, declare)
    assert refusal(content) == "file_damaged"


def test_broken_xml_is_refused() -> None:
    content = sheet_of(HEAD, ["张三", "一支部", None])
    assert refusal(rewritten(content, "xl/worksheets/sheet1.xml", lambda part: part[:200])) == "file_damaged"


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 3)
    assert refusal("姓名\n1\n2\n3\n".encode()) == "file_too_many_rows"


def test_a_row_far_below_does_not_walk_the_empty_ones_for_ever() -> None:
    content = sheet_of(HEAD)
    far = rewritten(
        content,
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(
            b"</sheetData>", b'<row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData>'
        ),
    )
    assert refusal(far) == "file_too_large"


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="XFD1048576"><v>1</v></c>',
        b"<c s='0' r='XFD1048576'><v>1</v></c>",
        b'<x:c xmlns:x="urn:x" r="XFD99999"><x:v>1</x:v></x:c>',
    ],
)
def test_a_stray_cell_far_away_is_told_before_it_takes_the_memory(cell: bytes) -> None:
    content = sheet_of(HEAD, ["张三", "一支部", None])
    far = rewritten(
        content,
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b"</sheetData>", b"<row>" + cell + b"</row></sheetData>"),
    )
    with pytest.raises(FileRefused) as refused:
        walk(far)
    assert refused.value.code == "file_too_large"


def test_a_blank_cell_far_away_only_formatted_does_no_harm() -> None:
    content = rewritten(
        sheet_of(HEAD, ["张三", "一支部", None]),
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(
            b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
        ),
    )
    assert names_in(content) == ["张三"]


def test_cells_that_do_not_say_where_they_stand_are_refused() -> None:
    content = sheet_of(HEAD, ["张三", "一支部", None])
    part = "xl/worksheets/sheet1.xml"
    assert refusal(rewritten(content, part, lambda xml: xml.replace(b'r="A2" ', b""))) == "file_damaged"


def test_a_part_that_holds_more_than_its_directory_says_is_refused() -> None:
    content = bytearray(sheet_of(HEAD, ["张三", "一支部", None]))
    at = content.rindex(b"PK\x01\x02")
    size = struct.unpack_from("<I", content, at + 24)[0]
    struct.pack_into("<I", content, at + 24, size // 2)
    assert refusal(bytes(content)) == "file_damaged"


def test_a_part_that_is_there_twice_is_refused() -> None:
    content = io.BytesIO(sheet_of(HEAD, ["张三", "一支部", None]))
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet/>")
    assert refusal(content.getvalue()) == "file_damaged"


def test_formula_errors_are_seen_and_not_taken_for_blanks() -> None:
    def fill(workbook: Any) -> None:
        workbook.active.append(HEAD)
        workbook.active.append(["张三", "一支部", "#N/A"])
        workbook.active["C2"].data_type = "e"

    (refused,) = read_roster(book(fill), TODAY).refused
    assert [problem.code for problem in refused.problems] == ["formula_error"]


def test_a_table_that_stands_in_the_middle_of_the_sheet_is_found() -> None:
    def fill(workbook: Any) -> None:
        for at, (head, cell) in enumerate(zip(HEAD, ["张三", "一支部", "13900000001"], strict=True), start=4):
            workbook.active.cell(row=6, column=at, value=head)
            workbook.active.cell(row=9, column=at, value=cell)

    roster = read_roster(book(fill), TODAY)
    assert [(row.name, row.phone, row.place.row) for row in roster.rows] == [("张三", "13900000001", 9)]
    assert roster.headers[0].positions["phone"] == 5


def test_dates_of_the_calendar_of_1904_are_the_days_that_were_meant() -> None:
    def fill(workbook: Any) -> None:
        workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        workbook.active.append(["姓名", "所在党支部", "出生日期"])
        workbook.active.append(["张三", "一支部", date(1956, 3, 12)])
        workbook.active.append(["李四", "一支部", 19064])

    days = [row.birth_date for row in read_roster(book(fill), TODAY).rows]
    assert days == [date(1956, 3, 12), date(1956, 3, 12)]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["a", "b"], ["c", "d"]], "file_no_header"),
        ([["姓名", "手机号码"], ["张三", "1"]], "file_missing_column"),
        ([["姓名", "所在党支部", "性别", "性别"], ["张三", "一", "男", "男"]], "file_doubled_column"),
        ([HEAD], "file_no_rows"),
    ],
)
def test_a_table_that_cannot_be_a_roster_is_refused(rows: list[list[object]], code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_roster(sheet_of(*rows), TODAY)
    assert refused.value.code == code


def test_id_numbers_stay_in_the_reader() -> None:
    content = sheet_of(
        ["姓名", "公民身份号码", "所在党支部", "备注"],
        ["张三", "420103195603121234", "一支部", "420103195603121234"],
    )
    roster = read_roster(content, TODAY)
    assert "420103195603121234" not in repr([(row.name, row.values, row) for row in roster.rows]) + repr(
        roster
    )
