"""What is drawn on paper: names keep every character, the font holds them, and lines fit."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pypdfium2
import pytest
import zxingcpp

from app.checkin import card_sheet
from app.checkin.card_sheet import BranchCards, CardFace
from app.core.pdf import FONT_FILE, draw_qr, draw_text, fitted, fitted_name, lacks, new_pdf, visible
from app.core.qr import qr_matrix

NOW = datetime(2019, 6, 3, 1, 0, tzinfo=UTC)
NAME = ((30, 1), (24, 2), (15, 3), (8, 6))
UNKNOWN = "\U0002ebf5"  # of Unicode 15.1, newer than the font and than this Python's tables


def drawn_text(text: str) -> str:
    pdf = new_pdf("", "", NOW)
    pdf.add_page()
    draw_text(pdf, 20, 20, text, 20, stroke=0.4)
    document = pypdfium2.PdfDocument(bytes(pdf.output()))
    try:
        return str(document[0].get_textpage().get_text_range()).strip()
    finally:
        document.close()


def test_the_font_has_its_licence_beside_it() -> None:
    assert "SIL Open Font License, Version 1.1" in FONT_FILE.with_name("LICENSE").read_text()


@pytest.mark.parametrize(
    "name", ["张三", "㛃䶮𠅤", "喆堃犇龑", "𬭎𬭊𫖯𫘧", "阿依古丽·买买提", "Anna-Maria", "买𰻞"]
)
def test_rare_characters_of_names_are_real_text(name: str) -> None:
    assert not lacks(name)
    assert drawn_text(name) == name


def test_a_character_that_the_font_lacks_is_told_and_keeps_its_place() -> None:
    assert lacks(f"李{UNKNOWN}")
    assert visible(f"李{UNKNOWN}\ue001") == f"李{UNKNOWN}\ue001", "unknown is not invisible"
    assert drawn_text(f"李{UNKNOWN}犇").replace(" ", "") == "李犇", "a box stands between"


def test_what_prints_as_nothing_asks_for_no_box() -> None:
    assert not lacks("李\u200b葛\U000e0100")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("王五", ("王五",)),
        ("阿依古丽·买买提", ("阿依古丽·", "买买提")),
        ("司马相如之", ("司马相如之",)),
        ("Anna Maria Fernandez", ("Anna Maria", "Fernandez")),
    ],
)
def test_names_break_between_their_parts(name: str, lines: tuple[str, ...]) -> None:
    assert fitted_name(name, 43, NAME, height=24).lines == lines


@pytest.mark.parametrize("length", [1, 2, 4, 5, 9, 17, 80])
def test_a_name_of_any_length_keeps_every_character_and_its_room(length: int) -> None:
    name = "龑" * length
    found = fitted_name(name, 41.2, card_sheet._NAME_FITS, height=14)
    assert "".join(found.lines) == name
    assert found.height <= 14


def test_only_where_it_is_allowed_is_the_end_left_off() -> None:
    assert "".join(fitted("很" * 50, 20, ((10, 2),)).lines) == "很" * 50
    assert fitted("很" * 50, 20, ((10, 2),), may_cut=True).lines[-1].endswith("…")


def test_the_drawn_code_says_its_text() -> None:
    pdf = new_pdf("", "", NOW)
    pdf.add_page()
    text = "BULOU:" + "A2" * 16
    assert draw_qr(pdf, 30, 30, text, 1.1) == pytest.approx(25 * 1.1)
    document = pypdfium2.PdfDocument(bytes(pdf.output()))
    image = document[0].render(scale=2).to_pil()
    document.close()
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [text]


def test_a_card_takes_the_small_code_whatever_its_token() -> None:
    assert {len(qr_matrix("BULOU:" + letter * 32)) for letter in "AZ27"} == {25}


def faces(count: int, **more: str) -> list[CardFace]:
    return [
        CardFace(number, "王小明", "wangxiaoming", "甲支部", f"{number:06}", f"BULOU:{number:032}", **more)
        for number in range(count)
    ]


def test_ten_cards_to_a_page_and_every_branch_on_its_own() -> None:
    branches = [BranchCards("甲支部", faces(11)), BranchCards("乙支部", faces(1))]
    told: list[int] = []
    sheets = card_sheet.draw_sheets(branches, "教育办公室", NOW, told.append)
    assert (sheets.pages, sheets.cards, told) == (3, 12, [10, 11, 12])
    again = card_sheet.draw_sheets(branches, "教育办公室", NOW)
    assert again.pdf == sheets.pdf, "the same order, the same document"


def test_every_card_of_a_full_page_can_be_scanned_and_read() -> None:
    full = faces(10, bind_code="1234 5678 9012")
    document = pypdfium2.PdfDocument(
        card_sheet.draw_sheets([BranchCards("甲支部", full)], "教育办公室", NOW).pdf
    )
    image = document[0].render(scale=150 / 72).to_pil()
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert {code.text for code in zxingcpp.read_barcodes(image)} == {face.qr_text for face in full}
    for words in ("王小明", "请在签到时出示", "首次使用绑定码", "1234 5678 9012", "教育办公室"):
        assert text.count(words) == 10
    assert text.count("甲支部") == 11, "on each card and above them"
    assert all(f"No. {face.number}" in text for face in full)


def test_cards_lie_on_the_page_without_touching() -> None:
    corners = [card_sheet.card_corner(place) for place in range(card_sheet.PER_PAGE)]
    for x, y in corners:
        assert 5 <= x <= 210 - 5 - card_sheet.CARD_WIDTH
        assert 5 <= y <= 297 - 5 - card_sheet.CARD_HEIGHT
    left = sorted({x for x, _y in corners})
    tops = sorted({y for _x, y in corners})
    assert all(b - a > card_sheet.CARD_WIDTH for a, b in pairwise(left))
    assert all(b - a > card_sheet.CARD_HEIGHT for a, b in pairwise(tops))


def test_cutting_marks_stand_at_all_corners_and_outside_all_cards() -> None:
    corners = [card_sheet.card_corner(place) for place in range(card_sheet.PER_PAGE)]
    marks = [line for corner in corners for line in card_sheet.cutting_lines(*corner)]
    assert len(marks) == 8 * card_sheet.PER_PAGE
    for x, y in corners:
        for x1, y1, x2, y2 in marks:
            inside_x = x < max(x1, x2) and min(x1, x2) < x + card_sheet.CARD_WIDTH
            inside_y = y < max(y1, y2) and min(y1, y2) < y + card_sheet.CARD_HEIGHT
            assert not (inside_x and inside_y)
