"""Every report form says the same on its page, over the API, from the command and in each of its files.

A form is one line of FORMS.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pypdfium2 import PdfDocument
from sqlalchemy import select

from app.accounts.models import StaffUser
from app.attendance.models import Attendance, AttendanceChange
from app.core.db import db, writing
from app.core.vocabulary import Status
from tests.factories import NOW, make_token, sign_in
from tests.report_world import report_world

Row = dict[str, Any]
# Column of the page → field of the API's row, or how it follows from the row; None: not in the API.
Fields = Mapping[str, str | Callable[[Row], Any] | None]

PERSON_TIMES: Fields = {
    "场次": "sessions", "班次": "classes", "人次": "person_times", "班次人次": "class_person_times",
    "人数": "members", "分钟": "minutes", "上报人次": "declared_person_times",
}  # fmt: skip
COVERAGE: Fields = {
    "党员数": "members", "已覆盖": "covered", "覆盖率(全体)": "coverage", "应训": "required",
    "应训已覆盖": "required_covered", "覆盖率(应训)": "required_coverage",
    "未覆盖": lambda row: row["members"] - row["covered"],
}  # fmt: skip
UNCOVERED: Fields = {
    "姓名": "name", "所在支部": "org_name", "手机": "phone_masked", "最近一次参加": "last_attended_on",
}  # fmt: skip
STUDY_HOURS: Fields = {
    "姓名": "name", "要求": "required_hours", "已修": "hours", "其中补学": "make_up_hours", "其中送学": None,
    "差额": "shortfall_hours", "要求集中培训": None, "集中培训次数": "central_classes",
}  # fmt: skip
MONTHS = {f"{month}月": (lambda row, at=month: row["months"][at - 1]) for month in range(1, 13)}
DUTIES: Fields = {
    "支部": "org_name", **MONTHS, "开展月数": "months_met", "达标期数": "met", "应办期数": "due",
    "达标率": "rate",
}  # fmt: skip
LEDGER: Fields = {
    "编号": "number", "主题": "title", "场次": "sessions", "学时": lambda row: row["minutes"] / 60,
    "应到": "expected", "实到": "attended", "人次": "person_times", "上报人次": "declared_person_times",
}  # fmt: skip


SUMMARY: Fields = {
    "党员数": "members", "应训": "required", "人数": "people", "人次": "person_times", "学时": "hours",
    "应到": "expected", "未到": "missing", "参训率(含补学)": "attendance_rate",
    "参训率(不含补学)": "attendance_rate_without_make_ups", "覆盖率(全体)": "coverage",
    "覆盖率(应训)": "required_coverage", "未覆盖": "uncovered",
}  # fmt: skip
RATE: Fields = {
    "应到": "expected", "实到": "attended", "补学": "made_up", "未到": "missing",
    "参训率(含补学)": "attendance_rate", "参训率(不含补学)": "attendance_rate_without_make_ups",
}  # fmt: skip
BY_FORM: Fields = {
    "场次": "sessions", "人次": "person_times", "班次人次": "class_person_times", "人数": "members",
    "上报人次": "declared_person_times", "无人数场次": "uncounted",
}  # fmt: skip
LECTURERS: Fields = {
    "场次": "sessions", "学时": lambda row: row["minutes"] / 60, "听课人次": "person_times",
    "人数": "members", "上报人次": "declared_person_times",
}  # fmt: skip
MAKE_UPS: Fields = {"姓名": "name", "缺的场次": "title", "手机": "phone_masked"}
CORRECTIONS: Fields = {
    "场次": "title", "日期": "office_date", "党员": "name", "支部": "org_name", "原因": "reason",
    "经办人": "by",
}  # fmt: skip
BULLETIN: Fields = {
    "数量": lambda row: None if row["is_rate"] else row["value"],
    "比率": lambda row: row["value"] if row["is_rate"] else None,
}  # fmt: skip


def rows_and_total(body: Row) -> list[Row]:
    rows: list[Row] = body.get("rows") or body.get("items") or []
    return [*rows, body["total"]] if "total" in body else rows


def each_duty(body: Row) -> list[Row]:
    """A line for every duty of a branch."""
    return [{**duty, "org_name": row["org_name"]} for row in body["rows"] for duty in row["duties"]]


def each_figure(body: Row) -> list[Row]:
    """What a bulletin has something to say of."""
    return [
        {"value": value, "is_rate": name.endswith("coverage")}
        for name, value in body["figures"].items()
        if value
    ]


@dataclass(frozen=True, slots=True)
class Form:
    """page: address below /reports, which is the API's too; command: what follows `flask report`.

    of_body: the rows of the JSON in the order of the page. has_api: only the command prints it as JSON else.
    files: how many its page offers.
    """

    page: str
    command: str
    fields: Fields
    of_body: Callable[[Row], list[Row]] = rows_and_total
    has_api: bool = True
    files: int = 3


# Members and branches of others than the secretary.
LEAKS = re.compile("[乙丙]|组织(E2|W)")
PERIOD = "from=2019-01-01&to=2019-12-31"
FORMS = (
    *[
        Form(f"person-times?by={by}&{PERIOD}", f"person-times --by {by} --year 2019", PERSON_TIMES)
        for by in ("kind", "mode", "org", "group", "month")
    ],
    Form(
        f"person-times?by=group&org=E&{PERIOD}", "person-times --by group --org E --year 2019", PERSON_TIMES
    ),
    *[
        Form(f"coverage?by={by}&{PERIOD}", f"coverage --by {by} --year 2019", COVERAGE)
        for by in ("group", "org")
    ],
    Form(
        f"coverage?by=org&on=2019-05-01&{PERIOD}", "coverage --by org --on 2019-05-01 --year 2019", COVERAGE
    ),
    Form("uncovered?from=2019-01-01&to=2019-02-28", "uncovered --from 2019-01-01 --to 2019-02-28", UNCOVERED),
    Form("study-hours?year=2019", "study-hours --year 2019", STUDY_HOURS),
    Form("duties?kind=each&year=2019", "duties --year 2019", DUTIES, each_duty),
    Form(f"ledger?{PERIOD}", "ledger --year 2019", LEDGER),
    *[
        Form(f"attendance-rate?by={by}&{PERIOD}", f"attendance-rate --by {by} --year 2019", RATE)
        for by in ("kind", "month", "group")
    ],
    Form(f"branches?level=branch&{PERIOD}", "branches --level branch --year 2019", SUMMARY),
    Form(f"groups?org=E&{PERIOD}", "groups --org E --year 2019", SUMMARY),
    Form(f"forms?{PERIOD}", "forms --year 2019", BY_FORM),
    Form(f"lecturers?{PERIOD}", "lecturers --year 2019", LECTURERS),
    Form(f"make-ups?{PERIOD}", "make-ups --year 2019", MAKE_UPS),
    Form(f"corrections?{PERIOD}", "corrections --year 2019", CORRECTIONS),
    Form("bulletin?year=2019", "bulletin --year 2019", BULLETIN, each_figure, files=5),
)


class Figures(HTMLParser):
    """The table `figures` of a page: heads with whether they are numbers, rows of (value, words)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.heads: list[tuple[str, bool]] = []
        self.rows: list[list[tuple[str | None, str]]] = []
        self._inside = self._is_head = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self._inside = given.get("id") == "figures"
        if not self._inside:
            return
        self._is_head = tag == "thead" or (self._is_head and tag not in ("tbody", "tfoot"))
        if tag == "tr" and not self._is_head:
            self.rows.append([])
        elif tag in ("th", "td") and self._is_head:
            self.heads.append(("", "num" in (given.get("class") or "")))
        elif tag in ("th", "td"):
            self.rows[-1].append((given.get("data-value"), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "table"

    def handle_data(self, data: str) -> None:
        if not self._inside or not data.strip():
            return
        if self._is_head:
            self.heads[-1] = (self.heads[-1][0] + data.strip(), self.heads[-1][1])
        elif self.rows and self.rows[-1]:
            value, words = self.rows[-1][-1]
            self.rows[-1][-1] = (value, words + data.strip())


def plain(value: Any) -> Any:
    """One way to write what each of the outputs writes in its own: numbers, days, nothing."""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, int | float):
        return round(float(value), 4)
    text = str(value or "").strip()
    if day := re.fullmatch(r"(\d+)年(\d+)月(\d+)日", text):
        return f"{int(day[1]):04d}-{int(day[2]):02d}-{int(day[3]):02d}"
    return None if text in ("", "—", "没有记录") else text


def number(text: str) -> float | None:
    """A number as people read it."""
    if text in ("", "—"):
        return None
    bare = text.replace(",", "").rstrip("%").strip()
    return round(float(bare) / 100, 6) if "%" in text else float(bare)


class Outputs:
    """One form's outputs, each as rows of values by column."""

    def __init__(self, app: Flask, chief: FlaskClient, token: str, form: Form) -> None:
        self.app, self.chief, self.token, self.form = app, chief, token, form
        self.address = f"/reports/{form.page}"
        page = Figures(chief.get(self.address).text)
        self.heads, self.page = page.heads, page
        self.numeric = [label for label, is_number in page.heads if is_number]

    def of_page(self) -> list[Row]:
        rows = []
        for cells in self.page.rows:
            row = {}
            for (label, is_number), (value, words) in zip(self.heads, cells, strict=True):
                row[label] = (
                    (None if value is None else round(float(value), 4)) if is_number else plain(words)
                )
                if is_number:
                    # What is read is what is meant, to the digits shown.
                    shown = number(words)
                    assert (shown is None) == (value is None), (label, words)
                    assert shown is None or shown == pytest.approx(row[label], abs=0.0051), (label, words)
            rows.append(row)
        return rows

    def of_csv(self) -> list[Row]:
        return self._of_csv(self.chief.get(f"{self.address}&format=csv").data)

    def of_csv_command(self) -> list[Row]:
        return self._of_csv(self.run("csv").stdout_bytes)

    def _of_csv(self, content: bytes) -> list[Row]:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        head, rows = lines[0], lines[1 : lines.index([])]
        return [self._row(head, [v.removeprefix("'") for v in line]) for line in rows]

    def of_excel(self) -> list[Row]:
        sheet = load_workbook(io.BytesIO(self.chief.get(f"{self.address}&format=xlsx").data)).active
        lines = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=3)]
        return [self._row(lines[0], line) for line in lines[1 : 1 + len(self.page.rows)]]

    def _row(self, head: list[Any], line: list[Any]) -> Row:
        values = zip(head, line, strict=True)
        return {
            k: number(str(v or 0)) if k in self.numeric and v not in (None, "") else plain(v)
            for k, v in values
        }

    def run(self, kind: str) -> Any:
        args = ["report", *self.form.command.split(), "--format", kind]
        done = self.app.test_cli_runner().invoke(args=args)
        assert done.exit_code == 0, done.output
        return done

    def of_json(self, body: Row) -> list[Row]:
        rows = []
        for row in self.form.of_body(body):
            found = {}
            for label, field in self.form.fields.items():
                if field is not None and (callable(field) or field in row):
                    found[label] = plain(field(row) if callable(field) else row[field])
            rows.append(found)
        return rows

    def of_api(self) -> list[Row]:
        path = self.address.replace("kind=each&", "")
        answer = self.app.test_client().get(
            f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        return self.of_json(answer.get_json())

    def in_words(self) -> list[list[str]]:
        """The numbers at the end of each line of the terminal's table, as they are written."""
        lines = self.run("table").stdout.split("\n")
        first = next(at for at, line in enumerate(lines) if at and not lines[at - 1] and line) + 1
        rows = lines[first : lines.index("", first)]
        return [line.split()[-len(self.numeric) :] if self.numeric else [line] for line in rows]

    def in_pdf(self) -> str:
        """All that is printed, without blanks."""
        document = PdfDocument(self.chief.get(f"{self.address}&format=pdf").data)
        try:
            text = "".join(page.get_textpage().get_text_range() for page in document)
        finally:
            document.close()
        return "".join(text.split())


def differences(found: Outputs) -> list[str]:
    """Outputs that do not say what the page says."""
    form, page = found.form, found.of_page()
    outputs = {
        "csv": found.of_csv(),
        "csv of the command": found.of_csv_command(),
        "excel": found.of_excel(),
        "json of the command": found.of_json(json.loads(found.run("json").stdout)),
    }
    if form.has_api:
        outputs["api"] = found.of_api()
    wrong = []
    if left_out := set(found.numeric) - set(form.fields):
        wrong.append(f"columns that nothing is compared with: {left_out}")
    for name, rows in outputs.items():
        said = [
            {label: line[label] for label in row if label in line}
            for line, row in zip(page, rows, strict=False)
        ]
        if len(rows) != len(page) or rows != said:
            wrong.append(f"{name}: {rows} instead of {page}")
    written = found.in_words()
    numbers = [[line[label] for label in found.numeric] for line in page]
    if found.numeric and [[number(word) for word in line] for line in written] != numbers:
        wrong.append(f"table of the command: {written} instead of {numbers}")
    if len(written) != len(page):
        wrong.append("table of the command: another number of rows")
    printed = found.in_pdf()
    missing = [line for line in written if found.numeric and "".join(line) not in printed]
    if missing:
        wrong.append(f"pdf: {missing} are missing")
    return wrong


def corrected_world() -> dict[str, int]:
    """The world of the reports, with a row corrected in either committee."""
    world = report_world()
    with writing() as session:
        for number, name in enumerate(("old", "away")):
            row = session.scalars(select(Attendance).where(Attendance.member_id == world[name])).first()
            assert row is not None
            session.add(
                AttendanceChange(
                    session_id=row.session_id, member_id=row.member_id, status_before=Status.ABSENT,
                    status_after=row.status, reason="签到表核对", changed_by_id=world["chief"],
                    changed_at=NOW + timedelta(hours=number),
                )
            )  # fmt: skip
    return world


def test_every_form_says_the_same_wherever_it_is_asked(app: Flask) -> None:
    with app.app_context():
        world = corrected_world()
        boss = db.session.get_one(StaffUser, world["chief"])
        token, chief = make_token(boss), sign_in(app.test_client(), boss)
    assert not {
        form.page: wrong for form in FORMS if (wrong := differences(Outputs(app, chief, token, form)))
    }


def test_an_address_can_be_sent_to_a_colleague_who_sees_the_own_part_only(app: Flask) -> None:
    with app.app_context():
        world = corrected_world()
        chief, secretary = (
            sign_in(app.test_client(), db.session.get_one(StaffUser, world[name]))
            for name in ("chief", "secretary")
        )
    for form in FORMS:
        address = f"/reports/{form.page}"
        page = chief.get(address).text
        assert set(re.findall(r'<form class="filters" method="(\w+)"', page)) == {"get"}, form.page
        files = [html.unescape(href) for href in re.findall(r'href="(/reports/[^"]*format=\w+)"', page)]
        assert len(files) == form.files, form.page
        asked = set(form.page.partition("?")[2].split("&"))
        assert all(asked < set(href.partition("?")[2].split("&")) for href in files), "filters stay"
        beyond = "org=E&" in form.page
        for href in (address, *files):
            answer = secretary.get(href)
            assert answer.status_code == (404 if beyond else 200), href
            assert answer.status_code == 404 or "format=csv" not in href or not LEAKS.search(answer.text), (
                href
            )
