"""The files of reports: texts stay texts, numbers are numbers, paper repeats its head."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook

from app.reports.exports import FORMATS, csv_bytes, xlsx_bytes
from app.reports.exports.document import pdf_bytes
from app.reports.tables import Cell, Column, Look, Table, TableRow

NOW = datetime(2019, 12, 31, 4, tzinfo=UTC)
# What a spreadsheet might run, open, or take for a number.
DANGEROUS = (
    "=cmd|' /C calc'!A1", "+1", "-1", "@x", "\t=1+1", " =1+1", "{=1+1}", "\uff1d1+1", "https://example.org",
    "00123456789012345678", "1e5", "TRUE", "<b>&amp;</b>",
)  # fmt: skip
RUN_BY_CSV = {"=cmd|' /C calc'!A1", "+1", "-1", "@x", "\t=1+1", " =1+1", "\uff1d1+1"}
COLUMNS = (
    Column("name", "姓名"),
    Column("day", "日期", Look.DAY),
    Column("count", "人次", Look.COUNT, series=True),
    Column("rate", "覆盖率", Look.RATE),
)


@pytest.fixture(autouse=True)
def office_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.pdf_table.moment_text", lambda moment: f"{moment:%Y-%m-%d}")


def table(rows: int, names: tuple[str, ...] = DANGEROUS) -> Table:
    lines = tuple(
        TableRow(str(n), (Cell(names[n % len(names)]), Cell(date(2019, 4, 28)), Cell(n - 1), Cell(0.5)))
        for n in range(rows)
    )
    total = TableRow("total", (Cell("合计"), Cell(None), Cell(rows), Cell(None)))
    return Table("t", "=人次 · 2019年", COLUMNS, lines, ("=定义一", "定义二" * 60), total, ("@某支部",))


@pytest.mark.parametrize("most_in_memory", [100, 10], ids=["in memory", "over the disk"])
def test_no_cell_is_a_formula_and_every_text_is_kept(
    most_in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 2 * len(DANGEROUS)
    monkeypatch.setattr("app.reports.exports.workbook._MANY_ROWS", most_in_memory)
    monkeypatch.setattr("app.reports.exports.workbook.instance_folder", tmp_path.joinpath)
    book = xlsx_bytes(table(rows))
    assert not list(tmp_path.rglob("*.*")), "nothing unsealed stays"
    sheet = load_workbook(io.BytesIO(book)).worksheets[0]
    assert not [cell.coordinate for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]
    assert sheet["A1"].value == "=人次 · 2019年"
    wanted = [DANGEROUS[n % len(DANGEROUS)] for n in range(rows)]
    assert [sheet.cell(4 + n, 1).value for n in range(rows)] == wanted
    assert {sheet.cell(4 + n, 1).data_type for n in range(rows)} == {"s"}
    assert [sheet.cell(4, n).value for n in (2, 3, 4)] == [datetime(2019, 4, 28), -1, 0.5]  # noqa: DTZ001
    read = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [line[0] for line in read[3 : 3 + rows]] == wanted
    assert read[3][1:4] == [date(2019, 4, 28), -1.0, 0.5]


def test_a_line_break_in_a_name_does_not_begin_a_formula() -> None:
    book = xlsx_bytes(table(2, ("\r=1", "\n=1")))
    found = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [line[0] for line in found[3:5]] == ["\r=1", "\n=1"]
    sheet = load_workbook(io.BytesIO(book)).worksheets[0]
    assert {sheet.cell(line, 1).data_type for line in (4, 5)} == {"s"}


def test_csv_puts_a_quote_before_what_would_be_run_and_nothing_else() -> None:
    content = csv_bytes(table(len(DANGEROUS)))
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    written = [line[0] for line in lines[1 : 1 + len(DANGEROUS)]]
    assert written == [f"'{name}" if name in RUN_BY_CSV else name for name in DANGEROUS]
    assert lines[1][1:] == ["2019-04-28", "-1", "0.5"]
    assert ["'=人次 · 2019年"] in lines
    assert ["'@某支部"] in lines
    assert b'"\'\r=1"' in csv_bytes(table(1, ("\r=1",)))


def test_a_workbook_is_ready_to_filter_to_print_and_has_a_chart() -> None:
    book = xlsx_bytes(table(20))
    loaded = load_workbook(io.BytesIO(book))
    sheet = loaded.worksheets[0]
    assert sheet.freeze_panes == "B4"
    assert sheet.auto_filter.ref == "A3:D23", "the total stays where it is"
    assert sheet.print_title_rows == "$3:$3"
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "portrait")
    assert sheet["D4"].number_format == "0.00%"
    assert {str(area) for area in sheet.merged_cells.ranges} == {"A26:D26", "A27:D27"}
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        drawn = parts.read("xl/charts/chart1.xml").decode()
    assert "$C$4:$C$23" in drawn
    assert len(loaded.chartsheets) == 1
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(table(100)))) as parts:
        assert "xl/charts/chart1.xml" not in parts.namelist(), "too many bars to read"


def test_paper_repeats_the_head_numbers_its_pages_and_ends_with_the_definitions() -> None:
    content = pdf_bytes(table(90, ("张三", "李\U0002ebf5")), "示范区党委", NOW)
    assert content == pdf_bytes(table(90, ("张三", "李\U0002ebf5")), "示范区党委", NOW)
    document = PdfDocument(content)
    try:
        width, height = document[0].get_size()
        texts = [page.get_textpage() for page in document]
        pages = [text.get_text_range() for text in texts]
        ends = {text.get_rect(n)[2] for text in texts[1:2] for n in range(text.count_rects())}
    finally:
        document.close()
    assert width < height
    assert len(pages) == 3
    for number, text in enumerate(pages, 1):
        assert "姓名" in text
        assert f"第 {number} 页,共 3 页" in text
        assert "=人次 · 2019年" in text
    assert "@某支部" in pages[0]
    assert "合计" in pages[-1]
    assert "=定义一" in pages[-1]
    assert "=定义一" not in pages[0]
    assert ends


def test_a_wide_table_lies_across_and_keeps_inside_its_margins() -> None:
    columns = tuple(Column(f"c{n}", f"第{n}个很长的列名", Look.COUNT) for n in range(18))
    names = Column("name", "支部")
    row = TableRow("1", (Cell("很长的支部名称" * 12), *(Cell(1234567) for _ in columns)))
    wide = Table("t", "表", (names, *columns), (row,), ("定义",))
    document = PdfDocument(pdf_bytes(wide, "示范区党委", NOW))
    try:
        page = document[0]
        width, height = page.get_size()
        text = page.get_textpage()
        edges = [text.get_charbox(n) for n in range(text.count_chars())]
    finally:
        document.close()
    assert width > height
    assert min(box[0] for box in edges if box[2] > box[0]) > 30
    assert max(box[2] for box in edges) < width - 30


def test_every_kind_of_file_has_a_bound_that_a_request_can_keep() -> None:
    assert set(FORMATS) == {"csv", "xlsx", "pdf"}
    assert all(13_700 <= form.most_rows < 2**20 for form in FORMATS.values())
