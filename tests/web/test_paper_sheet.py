"""The sign-in sheet: printed, entered on one page, looked at, recorded once."""

from __future__ import annotations

import html
import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from app.attendance.models import Attendance
from app.core.db import db, writing
from app.core.vocabulary import Method, Role, Status
from app.members.models import Member
from tests.factories import count
from tests.integration.test_recording_many import crowd
from tests.query_counter import count_queries
from tests.web.session_office import Office, post, tick


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def hidden(page: str, name: str) -> str:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[0]


def rows_of(page: str) -> dict[str, str]:
    """What the page holds for each person: the radio that is set, or the hidden choice."""
    chosen = re.findall(r'type="(?:radio|hidden)" name="(s\d+)" value="(\w*)"( checked)?(?=>)', page)
    fixed = re.findall(r'type="hidden" name="(s\d+)" value="(\w*)"', page)
    return {name: value for name, value, checked in chosen if checked} | dict(fixed)


def send(browser: FlaskClient, session_id: int, page: str, step: str, **changes: str) -> Any:
    """Submit what the page holds, with changes, by one of its buttons."""
    fields = {**rows_of(page), "batch": hidden(page, "batch"), "mark": hidden(page, "mark"), **changes}
    return post(browser, f"/sessions/{session_id}/paper", step=step, **fields)


def type_sizes(page: Any) -> list[float]:
    """Sizes of the characters of a page without its first line and its foot."""
    text = page.get_textpage()
    boxes = [text.get_charbox(n, loose=True) for n in range(text.count_chars())]
    return [top - bottom for _left, bottom, _right, top in boxes if 60 < bottom < 780 and top > bottom]


def recorded() -> dict[int, tuple[Status, Method]]:
    return {row.member_id: (row.status, row.method) for row in db.session.query(Attendance)}


def test_the_sheet_lists_everybody_expected_with_numbers_and_room_to_sign(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    tick(browser, session_id, office.people[1], "excused")
    page = browser.get(f"/sessions/{session_id}/sheet").text
    line = r'"num">(\d+)</td><td class="strong">(\S+)</td>.*?sheet__small"></td><td.*?>(\S*?)</td>'
    assert re.findall(line, page) == [("1", "张一", ""), ("2", "张二", "请假"), ("3", "张三", "")]
    for word in ("主题党日", "党校", "陈老师", "应到", "名单号"):
        assert word in page
    entered = browser.get(f"/sessions/{session_id}/paper")
    assert "还没有开始签到" in browser.get(entered.location).text


def test_a_sheet_of_those_not_recorded_keeps_the_numbers_of_the_whole_one(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    tick(browser, session_id, office.people[1], "excused")
    whole = browser.get(f"/sessions/{session_id}/sheet").text
    page = browser.get(f"/sessions/{session_id}/sheet?show=unrecorded").text
    assert re.findall(r'<td class="num">(\d+)</td><td class="strong">(\S+)</td>', page) == [
        ("1", "张一"),
        ("3", "张三"),
    ]
    mark = re.compile(r"名单号 \w+")
    assert mark.findall(page) == mark.findall(whole) != []
    assert (
        f"/sessions/{session_id}/sheet?show=unrecorded"
        in browser.get(f"/sessions/{session_id}/rounds/new").text
    )


def test_the_filled_sheet_says_who_came_how_and_who_entered_it(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    first, second, _third = office.people
    tick(browser, session_id, first, "late")
    tick(browser, session_id, second, "excused")
    with writing() as session:
        guest = session.get_one(Member, office.guest.id)
        guest.name = "=cmd|' /C calc'!A1"
    tick(browser, session_id, office.guest, "present")
    post(browser, f"/sessions/{session_id}/close")
    address = f"/sessions/{session_id}/sheet"
    page = browser.get(address).text
    row = (
        r'<td class="num">(\d+)</td><td class="strong">(.+?)</td>.*?sheet__small">(.*?)</td><td.*?>(.*?)</td>'
    )
    found = re.findall(row, page)
    assert [(n, html.unescape(name)) for n, name, _sign, _note in found] == [
        ("1", "张一"), ("2", "张二"), ("3", "张三"), ("4", "=cmd|' /C calc'!A1"),
    ]  # fmt: skip
    assert [bool(re.fullmatch(r"\d\d:\d\d organiserQ 代登", sign)) for _n, _name, sign, _note in found] == [
        True, False, False, True,
    ]  # fmt: skip
    notes = [note for _n, _name, _sign, note in found]
    assert notes[0].startswith("迟到")
    assert notes[1:] == ["请假", "未登记", "列席"]
    assert re.findall(r"<dt>(实到|请假)</dt><dd>(\d*)</dd>", page) == [("实到", "2"), ("请假", "1")]
    assert re.findall(r"<dt>(实到)</dt><dd>(\d*)</dd>", browser.get(f"{address}?show=blank").text) == [
        ("实到", "")
    ]
    book = browser.get(f"{address}?show=filled&format=xlsx").data
    lines = [
        [cell for cell in line if cell.value is not None] for line in load_workbook(BytesIO(book)).active
    ]
    assert not [cell for line in lines for cell in line if cell.data_type == "f"]
    by_name = {line[1].value: line for line in lines if len(line) > 1}
    assert by_name["=cmd|' /C calc'!A1"][4].value == "列席"
    assert by_name["张一"][0].value == 1
    document = PdfDocument(browser.get(f"{address}?show=filled&format=pdf").data)
    try:
        text = "".join(document[0].get_textpage().get_text_range().split())
    finally:
        document.close()
    for words in ("签到表", "主题党日", "序号", "张一", "organiserQ代登", "列席", "第1页,共1页"):
        assert words in text


def test_a_long_sheet_repeats_its_head_on_every_page_of_the_pdf(office: Office) -> None:
    crowd(office.a, 60)
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    document = PdfDocument(browser.get(f"/sessions/{session_id}/sheet?format=pdf").data)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
        height, smallest = document[0].get_size()[1], min(type_sizes(document[0]))
    finally:
        document.close()
    assert len(pages) == 4
    for number, text in enumerate(pages, 1):
        assert "签名" in text
        assert f"第 {number} 页,共 4 页" in text
    assert height == pytest.approx(841.89, abs=0.1)
    assert smallest >= 12


def test_a_session_without_a_list_has_a_sheet_with_empty_lines(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, orgs=None)
    assert browser.get(f"/sessions/{session_id}/sheet").text.count('class="sheet__spare"') == 40
    assert "没有应到名单" in browser.get(f"/sessions/{session_id}/paper").text


def test_a_sheet_is_entered_by_numbers_looked_at_and_recorded(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    post(browser, f"/sessions/{session_id}/close")
    page = browser.get(f"/sessions/{session_id}/paper").text
    assert set(rows_of(page).values()) == {"present"}
    looked = send(browser, session_id, page, "preview", absent="2", excused="3")
    assert looked.status_code == 200
    assert count(Attendance) == 0, "looking records nothing"
    assert "登记 3 人" in looked.text
    done = send(browser, session_id, looked.text, "record")
    first, second, third = (person.id for person in office.people)
    assert recorded() == {
        first: (Status.PRESENT, Method.PAPER),
        second: (Status.ABSENT, Method.PAPER),
        third: (Status.EXCUSED, Method.PAPER),
    }
    after = browser.get(done.location).text
    assert "已登记 3 人" in after
    assert "organiserQ" in after, "who entered it stands on the row"


def test_submitting_twice_records_once_and_says_the_same(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    looked = send(
        browser, session_id, browser.get(f"/sessions/{session_id}/paper").text, "preview", absent="2"
    )
    answers = [send(browser, session_id, looked.text, "record") for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert count(Attendance) == 3
    page = browser.get(answers[1].location).text
    assert "已登记 3 人" in page
    assert "没有改动" not in page


def test_taps_and_the_switch_need_no_numbers(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/paper").text
    blank = send(browser, session_id, page, "all_blank", late="1").text
    assert set(rows_of(blank).values()) == {""}
    assert 'name="late" value="1"' in blank, "what was typed stays"
    looked = send(browser, session_id, blank, "preview", **{f"s{office.people[1].id}": "left_early"})
    assert "2 人,这次不登记" in looked.text
    send(browser, session_id, looked.text, "record")
    assert recorded() == {office.people[1].id: (Status.LEFT_EARLY, Method.PAPER)}


def test_whoever_was_recorded_before_stays_and_is_listed_where_the_sheet_says_otherwise(
    office: Office,
) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "late")
    tick(browser, session_id, office.people[1], "excused:sick")
    page = browser.get(f"/sessions/{session_id}/paper").text
    looked = send(browser, session_id, page, "preview", absent="1").text
    assert "之前已登记 2 人,保持不变" in looked
    listed = re.findall(r"</span> (\S+) <span class=\"status status--(\w+)", looked)
    assert [each for each in listed if each[0] in ("张一", "张二")] == [("张一", "late"), ("张二", "excused")]
    assert "纸上:缺席" in looked
    done = send(browser, session_id, looked, "record")
    assert "已登记 1 人;另有 2 人之前已登记,没有改动" in browser.get(done.location).text
    assert [recorded()[person.id][0] for person in office.people] == [
        Status.LATE,
        Status.EXCUSED,
        Status.PRESENT,
    ]


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ({"absent": "2 4"}, "“4”不是名单里的序号(1 到 3)"),
        ({"late": "abc"}, "“abc”不是名单里的序号"),
        ({"absent": "3-1"}, "“3-1”不是名单里的序号"),
        ({"absent": "2", "excused": "1-2"}, "2 也写在“没来的序号”里"),
    ],
)
def test_a_wrong_number_is_named_and_nothing_typed_is_lost(
    office: Office, typed: dict[str, str], named: str
) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/paper").text
    tapped = {f"s{office.people[2].id}": "left_early"}
    for step in ("preview", "record"):
        answer = send(browser, session_id, page, step, **typed, **tapped)
        assert answer.status_code == 422
        assert named in html.unescape(answer.text)
        assert rows_of(answer.text)[f"s{office.people[2].id}"] == "left_early"
        for name, text in typed.items():
            assert f'name="{name}" value="{text}"' in answer.text
    assert count(Attendance) == 0


def test_going_back_from_the_preview_keeps_every_choice(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/paper").text
    looked = send(browser, session_id, page, "preview", absent="2").text
    back = rows_of(send(browser, session_id, looked, "edit").text)
    assert back == {
        f"s{person.id}": status
        for person, status in zip(office.people, ("present", "absent", "present"), strict=True)
    }


def test_numbers_of_a_list_that_has_changed_are_not_taken_for_those_of_the_new_one(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/paper").text
    with writing() as session:
        session.get_one(Member, office.people[2].id).pinyin = "aaa"
    refused = send(browser, session_id, page, "preview", absent="1")
    assert refused.status_code == 422
    assert "名单在您打开这一页以后有变化" in refused.text
    assert send(browser, session_id, page, "preview").status_code == 200, "taps name people, not numbers"
    send(browser, session_id, refused.text, "record", absent="1")
    assert recorded()[office.people[2].id][0] is Status.ABSENT


@pytest.mark.parametrize("status", ["made_up", "nonsense"])
def test_a_status_that_the_page_does_not_offer_is_refused(office: Office, status: str) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    page = browser.get(f"/sessions/{session_id}/paper").text
    assert send(browser, session_id, page, "record", **{f"s{office.people[0].id}": status}).status_code == 422
    assert count(Attendance) == 0


def test_only_those_who_may_record_enter_a_sheet(office: Office) -> None:
    session_id = office.opened(office.browser())
    assert office.browser(Role.SECRETARY, office.b).get(f"/sessions/{session_id}/paper").status_code == 404
    reader = office.browser(Role.SUPERVISOR)
    assert reader.get(f"/sessions/{session_id}/paper").status_code == 403
    assert reader.get(f"/sessions/{session_id}/sheet").status_code == 200


def test_two_thousand_names_are_one_page_and_one_action_in_a_fixed_number_of_queries(office: Office) -> None:
    crowd(office.a, 2000)
    browser = office.browser()
    session_id = office.opened(browser)
    with count_queries() as queries:
        page = browser.get(f"/sessions/{session_id}/paper").text
    assert queries.count <= 15
    assert len(rows_of(page)) == 2000
    assert f'href="/sessions/{session_id}/paper?page=2"' in page, "three more stand on a second page"
    looked = send(browser, session_id, page, "preview", absent="2-1001").text
    with count_queries() as queries:
        done = send(browser, session_id, looked, "record")
    assert queries.count <= 50
    assert done.location == f"/sessions/{session_id}/paper?page=2"
    assert (
        sorted(status for status, _method in recorded().values())
        == [Status.ABSENT] * 1000 + [Status.PRESENT] * 1000
    )
    second = browser.get(done.location).text
    assert len(rows_of(second)) == 3
    assert 'start="2001"' in second
