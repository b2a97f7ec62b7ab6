"""The yearly bulletin: one set of numbers in every form, each with its rows; the office's Word template."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.vocabulary import CountMark, Group, LecturerRole, Role
from app.members.models import OrgTagRow
from app.trainings.models import Lecturer, SessionLecturer, TrainingClass
from tests.api_world import World
from tests.factories import (
    LONG_AGO,
    NOW,
    attend,
    make_instructor,
    make_official,
    make_session,
    make_staff,
    make_team,
    put_in_group,
    sign_in,
)
from tests.unit.test_docx_template import docx_text, template

YEAR = "/reports/bulletin?year=2019"


@pytest.fixture
def world(app: Flask) -> World:
    """A class of two sessions, theme days with head counts, speakers, overseers and tagged branches."""
    made = World(app)
    with app.app_context():
        with writing() as session:
            training = TrainingClass(
                title="轮训班", kind_key="central_training", host_org_id=made.a.id, created_at=NOW
            )
            session.add(training)
        lessons = [
            make_session(
                made.a,
                kind="central_training",
                class_id=training.id,
                starts_at=NOW + timedelta(days=n),
            )
            for n in range(2)
        ]
        for lesson in lessons:
            attend(lesson, made.people[0])
        put_in_group(made.people[2], Group.RURAL)
        visit = make_session(made.a, kind="group_study", mode="home_visit")
        attend(visit, made.people[2])
        for count, mark in ((500, CountMark.NEARLY), (20, CountMark.EXACT)):
            make_session(made.b, declared_person_times=count, declared_mark=mark)
        make_session(made.b, kind="seminar", declared_person_times=600, declared_mark=CountMark.OVER)
        _speakers(lessons[0])
        make_instructor("李指导", made.a)
        make_instructor("前任", made.a, ends_on=date(2018, 1, 1))
        team = make_team("第一组", made.b)
        make_official(team, "王督导")
        make_official(team, "赵督导")
        with writing() as session:
            session.add(OrgTagRow(org_id=made.a.id, tag="guided", starts_on=LONG_AGO))
            session.add(OrgTagRow(org_id=made.b.id, tag="model", starts_on=date(2020, 1, 1)))
    return made


def _speakers(lesson: Any) -> None:
    with writing() as session:
        people = [Lecturer(name="陈老师"), Lecturer(name="模范", is_exemplar=True), Lecturer(name="主持")]
        session.add_all(people)
        session.flush()
        roles = (LecturerRole.LECTURER, LecturerRole.REPORTER, LecturerRole.HOST)
        for person, role in zip(people, roles, strict=True):
            session.add(SessionLecturer(session_id=lesson.id, lecturer_id=person.id, role=role))


@pytest.fixture
def chief(app: Flask, world: World) -> FlaskClient:
    with app.app_context():
        return sign_in(app.test_client(), make_staff("chief", Role.ADMINISTRATOR, world.root))


def test_every_form_of_the_bulletin_says_the_same(app: Flask, world: World, chief: FlaskClient) -> None:
    body = world.admin.get("/reports/bulletin", year=2019).get_json()
    assert set(body) == {"year", "paragraphs", "figures"}
    told = "\n".join(body["paragraphs"])
    assert "集中培训1期2场次,参训1班次人次" in told
    assert "主题党日2场次(另上报近520人次)" in told
    assert "另有只上报人数的约1,120人次" in told
    assert "1名讲师、1名先进典型" in told
    assert "农村党员1名、已覆盖1名" in told
    assert "送学上门1场次1人次" in told
    assert "1名指导员" in told
    assert "1个督导组2名干部" in told
    assert "指导支部1个" in told
    assert "示范支部" not in told
    page = chief.get(YEAR).text
    shown = re.search(r'<section class="bulletin.*?</section>', page, re.DOTALL)
    assert shown is not None
    words = re.sub(r"<[^<>]*>", "", shown[0])
    command = ["report", "bulletin", "--year", "2019"]
    run = app.test_cli_runner().invoke
    word_by_command = docx_text(run(args=[*command, "--format", "docx"]).stdout_bytes)
    others = {
        "page": words,
        "text": chief.get(f"{YEAR}&format=txt").data.decode("utf-8-sig"),
        "word": docx_text(chief.get(f"{YEAR}&format=docx").data),
        "command": run(args=command).output,
        "command's word": word_by_command,
    }
    for form, text in others.items():
        assert [line for line in body["paragraphs"] if line not in text] == [], form
    assert json.loads(run(args=[*command, "--format", "json"]).output) == body
    in_table = dict(re.findall(r'data-key="(\w+)".*?data-value="([\d.]+)"', page, re.DOTALL))
    assert {name: float(value) for name, value in in_table.items()} == {
        name: value for name, value in body["figures"].items() if value
    }


def test_every_number_opens_as_many_rows_as_it_says(world: World, chief: FlaskClient) -> None:
    figures = world.admin.get("/reports/bulletin", year=2019).get_json()["figures"]
    links = re.findall(r'<a href="([^"]+)" data-figure="(\w+)"', chief.get(YEAR).text)
    assert len({name for _href, name in links}) > 20
    for href, name in links:
        answer = chief.get(href.replace("&amp;", "&"))
        assert answer.status_code == 200, name
        if name.endswith(("coverage", "declared_person_times")):
            continue
        count = re.search(r'id="count" data-value="(\d+)"', answer.text)
        assert count is not None, name
        assert int(count[1]) == figures[name], name


def test_a_bulletin_holds_no_name_and_only_what_lies_within_reach(app: Flask, world: World) -> None:
    with app.app_context():
        clerk = sign_in(app.test_client(), make_staff("clerk", Role.SECRETARY, world.b))
    text = clerk.get(f"{YEAR}&format=txt").data.decode()
    assert "集中培训" not in text.split("\n场次")[0]
    assert "另上报近520人次" in text
    assert not any(name in text for name in ("张三", "李四", "王五", "赵六", "陈老师", "王督导"))
    assert clerk.get(f"{YEAR}&org=QA").status_code == 404
    rows = "/reports/rows/bulletin?from=2019-01-01&to=2019-12-31&what="
    assert "李指导" not in clerk.get(f"{rows}instructors").text
    assert "王督导" in clerk.get(f"{rows}officials").text
    assert clerk.get(f"{rows}nobody").status_code == 422
    assert clerk.get("/reports/bulletin/template").status_code == 403


def test_english_readers_get_english_paragraphs_and_word(app: Flask, chief: FlaskClient) -> None:
    chief.set_cookie("lang", "en")
    assert "Figures" in docx_text(chief.get(f"{YEAR}&format=docx").data)


def upload(browser: FlaskClient, content: bytes) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/reports/bulletin/template").text)
    assert token is not None
    data = {"csrf_token": token[1], "file": (io.BytesIO(content), "a.docx")}
    return browser.post("/reports/bulletin/template", data=data)


def test_the_office_fills_in_its_own_template_and_goes_back(app: Flask, chief: FlaskClient) -> None:
    own = "区委:{{ figures.kind_theme_day_declared_person_times }}|{{plain.sessions}}|{{ office }}"
    assert upload(chief, template(own)).status_code == 302
    filled = docx_text(chief.get(f"{YEAR}&format=docx").data)
    assert re.fullmatch(r"区委:近520\|6\|\S+", filled.strip())
    assert docx_text(chief.get("/reports/bulletin/template.docx").data).strip() == own
    page = chief.get("/reports/bulletin/template").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    for _ in range(2):
        answer = chief.post("/reports/bulletin/template/reset", data={"csrf_token": token[1]})
        assert answer.status_code == 302
    assert "数字一览" in docx_text(chief.get(f"{YEAR}&format=docx").data)
    with app.app_context():
        acts = [row.action for row in db.session.query(AuditEntry).order_by(AuditEntry.id)]
    assert acts == ["bulletin_template.save", "bulletin_template.reset"]


def test_a_template_that_cannot_be_filled_in_is_refused_by_its_placeholder(chief: FlaskClient) -> None:
    before = chief.get("/reports/bulletin/template.docx").data
    for content, words in (
        (template("{{ figures.theme_days }}"), "没有这个占位符:{{ figures.theme_days }}"),
        (template("{{ title.__class__ }}"), "{{ title.__class__ }}"),
        (b"a letter", "不是 Word"),
        (b"", "请选择"),
    ):
        answer = upload(chief, content)
        assert answer.status_code == 422
        assert words in answer.text
    assert chief.get("/reports/bulletin/template.docx").data == before


def test_a_template_that_is_far_too_large_is_answered_beside_the_form(chief: FlaskClient) -> None:
    answer = upload(chief, b"PK" + b"\0" * 2_000_000)
    assert answer.status_code == 422
    assert "模板超过 900 KB" in answer.text
    assert 'action="/reports/bulletin/template"' in answer.text


def test_a_template_that_will_hold_no_number_is_taken_and_said_so(chief: FlaskClient) -> None:
    assert upload(chief, template("没有数字")).status_code == 302
    assert "这个模板里没有占位符" in chief.get("/reports/bulletin/template").text
    assert upload(chief, template("{{ office }}")).status_code == 302
    assert "这个模板里没有占位符" not in chief.get("/reports/bulletin/template").text
