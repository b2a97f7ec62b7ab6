"""Report pages: every number opens its rows, files say what pages say, nobody sees beyond the own place."""

from __future__ import annotations

import html
import io
import json
import re
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import StaffUser
from app.core.db import db, writing
from app.core.vocabulary import CountMark, OrgKind, Post, Role
from app.members.models import OrgPost, OrgUnit
from app.trainings.models import TrainingSession
from tests.factories import (
    make_org,
    make_staff,
    sign_in,
)
from tests.query_counter import count_queries
from tests.report_world import report_world

PAGES = (
    "/reports",
    "/reports/person-times?by=kind",
    "/reports/person-times?by=mode",
    "/reports/person-times?by=org",
    "/reports/person-times?by=org&org=E",
    "/reports/person-times?by=group",
    "/reports/person-times?by=month",
    "/reports/coverage?by=group",
    "/reports/coverage?by=org",
    "/reports/coverage?by=org&org=E&on=2019-05-01",
    "/reports/uncovered",
    "/reports/study-hours",
    "/reports/duties",
    "/reports/duties?kind=each",
    "/reports/ledger",
    "/reports/branches",
    "/reports/branches?level=below",
    "/reports/branches?org=E&on=2019-05-01",
    "/reports/groups",
    "/reports/forms",
    "/reports/lecturers",
    "/reports/attendance-rate?by=class",
    "/reports/attendance-rate?by=org&org=E",
    "/reports/attendance-rate?by=group",
    "/reports/trend",
    "/reports/duty-gaps",
)
LISTS = (
    "/reports/rows/attendance",
    "/reports/rows/sessions",
    "/reports/rows/members",
    "/reports/rows/expected?part=missing",
    "/reports/rows/expected?each=member",
)
CELL = re.compile(
    r'<td class="num"[^>]*?data-value="(?P<value>[\d.]+)" data-label="(?P<label>[^"]+)">'
    r'<a class="row-link" href="(?P<href>[^"]+)"'
)
# The list behind these shows their sum over its head, not as many lines.
SUMS = {"分钟": "{} 分钟", "上报人次": "上报 {} 人次"}
NUMBER = re.compile(r"\d+(\.\d+)?")
HOURS = ("已修", "其中补学", "其中送学", "学时")


@pytest.fixture
def world(app: Flask) -> dict[str, int]:
    with app.app_context():
        return report_world()


@pytest.fixture
def chief(client: FlaskClient, app: Flask, world: dict[str, int]) -> FlaskClient:
    with app.app_context():
        return sign_in(client, db.session.get_one(StaffUser, world["chief"]))


@pytest.fixture
def secretary(client: FlaskClient, app: Flask, world: dict[str, int]) -> FlaskClient:
    with app.app_context():
        return sign_in(client, db.session.get_one(StaffUser, world["secretary"]))


def and_org(address: str, code: str) -> str:
    """The address, about one organisation."""
    return f"{address}{'&' if '?' in address else '?'}org={code}"


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.text


def doors(text: str) -> list[tuple[str, str, str]]:
    """(value, column, address) of every number that leads to its rows."""
    return [(m["value"], m["label"], html.unescape(m["href"])) for m in CELL.finditer(text)]


@pytest.mark.parametrize("address", PAGES)
def test_every_number_opens_as_many_rows_as_it_says(chief: FlaskClient, address: str) -> None:
    found = [door for door in doors(page(chief, address)) if door[1] not in HOURS]
    for value, label, href in found:
        behind = page(chief, href)
        if label in SUMS:
            assert SUMS[label].format(f"{int(value):,}") in behind, (address, label, href)
            continue
        shown = re.search(r'id="count" data-value="(\d+)"', behind)
        assert shown is not None, href
        assert shown[1] == value, (address, label, href)
    assert found or "uncovered" in address


def test_the_five_numbers_are_doors_to_themselves(chief: FlaskClient) -> None:
    text = page(chief, "/reports")
    cards = re.findall(
        r'<a class="number-card" href="([^"]+)">.*?number-card__value">(?:<span[^>]*>)?([\d,.]+)',
        text,
        flags=re.DOTALL,
    )
    assert len(cards) == 5
    for href, value in cards[:3]:
        behind = page(chief, html.unescape(href))
        assert f'id="count" data-value="{value}"' in behind
    assert f"{cards[3][1]} 学时" in page(chief, html.unescape(cards[3][0]))
    total = page(chief, html.unescape(cards[4][0])).split("<tfoot>")[1]
    assert f">{cards[4][1]}<" in total
    assert "截至2019年12月31日" in text
    assert "各类有交叉,合计已去重" in text


def test_an_organisation_row_leads_deeper(chief: FlaskClient) -> None:
    text = page(chief, "/reports/person-times?by=org")
    deeper = re.search(r'data-key="E"><a class="row-link" href="([^"]+)"', text)
    assert deeper is not None
    assert 'data-key="E1"' in page(chief, html.unescape(deeper[1]))


def test_files_hold_text_as_text_and_say_what_the_figures_mean(chief: FlaskClient) -> None:
    book = load_workbook(io.BytesIO(chief.get("/reports/study-hours?format=xlsx").data))
    sheet = book.active
    cell = next(cell for line in sheet.iter_rows() for cell in line if cell.value == "=村支部")
    assert cell.data_type == "s"
    assert sheet.freeze_panes == "B4"
    assert sheet["A1"].value == "个人学时 · 2019年 · 截至2019年12月31日"
    assert any("保留两位小数" in str(line[0].value) for line in sheet.iter_rows())
    plain = chief.get("/reports/study-hours?format=csv").data.decode("utf-8-sig")
    assert "'=村支部" in plain
    assert "保留两位小数" in plain


def test_lists_in_files_are_whole_and_phones_masked(chief: FlaskClient) -> None:
    plain = chief.get("/reports/uncovered?from=2018-01-01&to=2018-12-31&format=csv").data.decode("utf-8-sig")
    assert "139****0001" in plain
    assert "13900000001" not in plain
    assert "没有记录" in plain
    ledger = chief.get("/reports/ledger?format=csv").data.decode("utf-8-sig")
    assert ledger.startswith("编号,类别,主题,日期,地点,主办,讲师,场次,学时,应到,实到,人次,上报人次")


def test_pages_ask_little_of_the_database_in_either_language(chief: FlaskClient) -> None:
    over = {}
    for language in ("zh", "en"):
        chief.set_cookie("lang", language)
        for address in (*PAGES, *LISTS):
            with count_queries() as queries:
                text = page(chief, address)
            assert f'<html lang="{language}' in text, address
            if queries.count > 15:
                over[address] = queries.statements
    assert over == {}


def test_an_empty_district_has_pages_too(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        sign_in(client, make_staff("first", Role.ADMINISTRATOR, make_org("R", kind=OrgKind.COMMITTEE)))
    for address in (*PAGES, *LISTS):
        if "org=E" not in address:
            assert "<h1>" in page(client, address), address


def test_a_secretary_sees_the_own_branch_only(secretary: FlaskClient, world: dict[str, int]) -> None:
    for path in (
        "person-times",
        "coverage",
        "uncovered",
        "study-hours",
        "duties",
        "ledger",
        "trend",
        "duty-gaps",
    ):
        assert secretary.get(f"/reports/{path}").status_code == 200
        for code in ("R", "E", "E2", "W1", "nowhere"):
            assert secretary.get(f"/reports/{path}?org={code}").status_code == 404, (path, code)
            assert secretary.get(f"/reports/{path}?org=E1&under={code}").status_code == 404, (path, code)
    for address in LISTS:
        assert secretary.get(and_org(address, "W1")).status_code == 404
        assert "乙" not in page(secretary, address)
    assert secretary.get(f"/reports/rows/attendance?member={world['away']}").status_code == 404
    assert secretary.get(f"/reports/rows/attendance?member={world['old']}").status_code == 200
    hours = page(secretary, "/reports/study-hours")
    assert "老甲" in hours
    assert "丙" not in hours


def test_doors_of_a_secretary_open(secretary: FlaskClient) -> None:
    for address in (
        "/reports/person-times?by=org",
        "/reports/coverage?by=group",
        "/reports/ledger",
        "/reports/duties",
    ):
        for value, label, href in doors(page(secretary, address)):
            if label not in SUMS:
                assert f'id="count" data-value="{value}"' in page(secretary, href), (address, label)


@pytest.mark.parametrize(
    "address",
    [
        "/reports?year=12",
        "/reports/person-times?from=2019-13-01",
        "/reports/person-times?from=2019-05-01&to=2019-04-01",
        "/reports/person-times?by=name",
        "/reports/coverage?age=abc",
        "/reports/coverage?on=soon",
        "/reports/uncovered?group=tall",
        "/reports/duties?kind=seminar",
        "/reports/study-hours?year=12",
        "/reports/rows/attendance?month=2019-1x",
        "/reports/rows/attendance?month=2018-01",
        "/reports/rows/attendance?member=99999999999",
    ],
)
def test_an_address_that_makes_no_sense_is_explained(chief: FlaskClient, address: str) -> None:
    answer = chief.get(address)
    assert answer.status_code == 422
    assert "<h1>" in answer.text
    assert '<div class="notice notice--error">' in answer.text
    assert '<form class="filters"' in answer.text


def test_a_refused_filter_comes_back_as_typed_and_the_others_stay(chief: FlaskClient) -> None:
    address = "/reports/uncovered?from=2019-05-01&to=2019-04-01&org=E&group=elderly&on=2019-04-30&age=70"
    text = chief.get(address).text
    assert "结束日期在开始日期之前" in text
    for name, value in (("from", "2019-05-01"), ("to", "2019-04-01"), ("on", "2019-04-30"), ("age", "70")):
        assert f'name="{name}" value="{value}"' in text
    assert '<option value="E" selected>' in text
    assert '<input type="hidden" name="group" value="elderly">' in text
    faulty = chief.get("/reports/uncovered?group=tall").text
    assert "tall" not in re.sub(r'name="next" value="[^"]*"', "", faulty)


def test_a_refused_filter_does_not_show_a_place_outside_the_scope(secretary: FlaskClient) -> None:
    answer = secretary.get("/reports/coverage?from=soon&org=W1")
    assert answer.status_code == 422
    assert 'value="W1"' not in answer.text


def told(client: FlaskClient, address: str) -> tuple[list[str], str, str]:
    """Under the title of the Excel file, in the CSV file, and the file's name."""
    book = client.get(f"{address}&format=xlsx")
    sheet = load_workbook(io.BytesIO(book.data)).active
    name = book.headers["Content-Disposition"].split("filename=")[1].strip('"')
    plain = client.get(f"{address}&format=csv").data.decode("utf-8-sig")
    return str(sheet["A2"].value).split(" · "), plain, name


def test_files_say_what_they_are_about(chief: FlaskClient, world: dict[str, int]) -> None:
    address = (
        "/reports/uncovered?from=2019-04-01&to=2019-04-30&on=2019-04-15&org=E1&own=1&group=elderly&age=70"
    )
    words, plain, name = told(chief, address)
    assert words == ["=村支部(本级)", "老年党员", "老年党员年龄:70岁", "党员以2019年4月15日为准"]
    assert " · ".join(words[1:]) in plain
    assert name == "uncovered_E1_2019-04.xlsx"
    words, plain, name = told(chief, f"/reports/rows/attendance?org=E1&month=2019-02&member={world['old']}")
    assert words == ["=村支部", "老甲", "2019年2月"]
    assert name == "rows_E1_2019-02.xlsx"
    words, _plain, name = told(chief, "/reports/study-hours?year=2019&below=1")
    assert words[1:] == ["只看未达要求的", "党员以2019年12月31日为准"]
    assert name == "study-hours_R_2019.xlsx"


def test_a_command_s_files_say_what_they_are_about_too(app: Flask, world: dict[str, int]) -> None:
    dates = ("--year", "2019", "--org", "E1")
    plain = run(app, "uncovered", *dates, "--group", "elderly", "--format", "csv").stdout_bytes.decode()
    assert "=村支部 · 老年党员 · 党员以2019年12月31日为准" in plain
    assert "=村支部 · 党员以2019年12月31日为准" in run(app, "coverage", *dates).output


def test_the_title_says_whose_members_are_counted_when_not_those_of_the_period_s_end(
    chief: FlaskClient,
) -> None:
    dates = "from=2019-01-01&to=2019-12-31"
    assert "覆盖率 · 2019年 · 截至2019年12月31日" in page(chief, f"/reports/coverage?{dates}")
    other = page(chief, f"/reports/coverage?{dates}&on=2019-06-30")
    assert "覆盖率 · 2019年 · 按2019年6月30日在册党员" in other
    assert "截至" not in other


def test_the_rows_behind_a_number_can_be_exported(chief: FlaskClient) -> None:
    for address in LISTS:
        text = page(chief, and_org(address, "E"))
        here = html.escape(and_org(address, "E"))
        assert f'href="{here}&amp;format=xlsx"' in text, address
        assert f'href="{here}&amp;format=csv"' in text, address


def test_counts_and_days_are_numbers_and_dates_in_excel(app: Flask, chief: FlaskClient) -> None:
    with app.app_context(), writing() as session:
        row = session.scalars(
            select(TrainingSession).where(TrainingSession.declared_person_times == 50)
        ).one()
        row.declared_mark = CountMark.NEARLY
    behind = chief.get("/reports/rows/sessions?declared=1&format=xlsx").data
    sheet = load_workbook(io.BytesIO(behind)).active
    column = [cell.value for cell in sheet[3]].index("上报人次") + 1
    assert [sheet.cell(line, column).value for line in range(4, 8)] == [10, 20, 20, "近50"]
    ledger = load_workbook(io.BytesIO(chief.get("/reports/ledger?format=xlsx").data)).active
    days = [ledger.cell(line, 4).value for line in range(4, 10)]
    assert datetime(2019, 1, 10) in days  # noqa: DTZ001 - openpyxl reads days so
    assert "2019年3月10日至2019年9月10日" in days
    assert '<td class="nowrap" data-label="日期">2019年1月10日</td>' in page(chief, "/reports/ledger")


def test_a_post_holder_without_the_central_trainings_is_shown_as_lacking(
    app: Flask, chief: FlaskClient, world: dict[str, int]
) -> None:
    with app.app_context(), writing() as session:
        branch = session.scalars(select(OrgUnit).where(OrgUnit.code == "E1")).one()
        start = date(2019, 1, 1)
        session.add(OrgPost(member_id=world["old"], org_id=branch.id, post=Post.SECRETARY, starts_on=start))
    text = page(chief, "/reports/study-hours?year=2019&below=1")
    row = re.search(f'data-key="{world["old"]}".*?</tr>', text, flags=re.DOTALL)
    assert row is not None
    assert re.search(r'data-value="1" data-label="要求集中培训"', row[0])
    assert "要求集中培训,集中培训次数" in chief.get("/reports/study-hours?format=csv").data.decode()


def test_only_those_who_signed_in_see_reports(client: FlaskClient, world: dict[str, int]) -> None:
    for address in (*PAGES, *LISTS):
        answer = client.get(address)
        assert answer.status_code == 302
        assert "/sign-in" in answer.headers["Location"]


def run(app: Flask, *args: str) -> Any:
    return app.test_cli_runner().invoke(args=["report", *args])


def test_the_command_refuses_with_a_reason(app: Flask, world: dict[str, int]) -> None:
    unknown = run(app, "coverage", "--org", "NOWHERE")
    assert unknown.exit_code == 1
    assert unknown.stderr.strip()
    assert run(app, "coverage", "--from", "2019-02-30").exit_code == 2
    assert run(app, "coverage", "--from", "2019-02-03", "--to", "2019-02-01").exit_code == 2
    assert run(app, "duties", "--from", "2018-02-03", "--to", "2019-02-01").exit_code == 2
    assert run(app, "person-times", "--by", "colour").exit_code == 2


@pytest.mark.parametrize(
    "name",
    ["person-times", "coverage", "uncovered", "study-hours", "duties", "ledger", "branches", "lecturers"],
)
def test_the_command_writes_every_format(app: Flask, world: dict[str, int], tmp_path: Any, name: str) -> None:
    dates = ("--from", "2019-01-01", "--to", "2019-12-31")
    shown = run(app, name, *dates)
    assert shown.exit_code == 0, shown.output
    assert "2019年" in shown.output
    assert json.loads(run(app, name, *dates, "--format", "json").output)
    assert run(app, name, *dates, "--format", "csv").stdout_bytes.startswith(b"\xef\xbb\xbf")
    assert run(app, name, *dates, "--format", "xlsx").stdout_bytes.startswith(b"PK")
    file = tmp_path / "report.xlsx"
    assert run(app, name, "--year", "2019", "--format", "xlsx", "--output", str(file)).exit_code == 0
    assert load_workbook(file).active["A1"].value
