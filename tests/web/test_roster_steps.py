"""The steps between upload and import, as pages: progress, columns, questions, results; and the export."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.audit import AuditEntry
from app.core.db import db
from app.core.tasks import LongTask
from app.core.vocabulary import OrgKind, Role, TaskState
from app.members.models import Member, OrgUnit, RosterColumn
from app.members.roster import export_tasks
from tests.factories import count, make_member, make_org, make_staff, sign_in
from tests.query_counter import count_queries
from tests.web.test_roster_pages import GOOD, HEADER, kept, no_leftovers, press, token_of, upload, work

__all__ = ["no_leftovers"]
ODD = "人员,在哪里,证件\n张三,第一党支部,420103195603121234\n"
NEW = HEADER + "张三,新村党支部,13900000001,1956-03-12,-\n李四,第一党支部,13900000002,1970-01-01,-\n"


@pytest.fixture
def office(ctx: Flask) -> dict[str, Any]:
    root = make_org("Q", name="区委", kind=OrgKind.COMMITTEE)
    return {
        "root": root,
        "branch": make_org("B1", root, name="第一党支部"),
        "admin": make_staff("admin", Role.ADMINISTRATOR, root),
        "organiser": make_staff("organiser", Role.ORGANISER, root),
    }


@pytest.fixture
def admin(client: FlaskClient, office: dict[str, Any]) -> FlaskClient:
    return sign_in(client, office["admin"])


def post(client: FlaskClient, address: str, **fields: str) -> Any:
    csrf = token_of(client.get("/members/import").text)
    response = client.post(address, data={"csrf_token": csrf, **fields})
    return response


# ---- progress ----


def test_a_page_shows_how_far_the_work_is_until_it_is_done(admin: FlaskClient) -> None:
    csrf = token_of(admin.get("/members/import").text)
    form = {"csrf_token": csrf, "file": (io.BytesIO(GOOD.encode()), "x.csv")}
    address = admin.post("/members/import", data=form, content_type="multipart/form-data").location
    page = admin.get(address).text
    assert "正在核对花名册" in page
    assert "<progress" in page
    assert "<progress" in admin.get(address, headers={"HX-Request": "true"}).text
    assert count(Member) == 0
    work(admin)
    assert admin.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    with count_queries() as queries:
        assert "还没有保存任何内容" in admin.get(address).text
    assert queries.count <= 15


def test_applying_twice_and_a_worker_that_was_killed_do_no_harm(admin: FlaskClient, app: Flask) -> None:
    address = upload(admin, GOOD).location
    for _click in range(2):
        post(admin, f"{address}/apply")
    assert db.session.query(LongTask).filter_by(kind="roster_apply").count() == 1
    work(admin)
    for _again in range(2):
        # As after a worker that died before it could say that it was done.
        task = db.session.query(LongTask).filter_by(kind="roster_apply").one()
        task.state, task.result = TaskState.WAITING, None
        db.session.commit()
        work(admin)
    page = admin.get(address).text
    assert "花名册已导入" in page
    assert (count(Member), db.session.query(AuditEntry).filter_by(action="members.import").count()) == (2, 1)
    post(admin, f"{address}/apply")
    assert count(Member) == 2


def test_an_import_that_has_begun_is_not_taken_from_under_itself(admin: FlaskClient, app: Flask) -> None:
    address = upload(admin, GOOD).location
    post(admin, f"{address}/apply")
    for state in (TaskState.WAITING, TaskState.RUNNING):
        db.session.query(LongTask).filter_by(kind="roster_apply").update({"state": state})
        db.session.commit()
        for step in ("columns", "questions", "discard"):
            answer = post(admin, f"{address}/{step}", c0="name", c1="branch")
            assert answer.status_code == 409, step
            assert "正在导入,请等它结束。" in answer.text
    assert count(RosterColumn) == 0
    db.session.query(LongTask).update({"state": TaskState.WAITING})
    db.session.commit()
    work(admin)
    assert "花名册已导入" in admin.get(address).text
    assert count(Member) == 2


def test_a_killed_review_is_done_again(admin: FlaskClient) -> None:
    address = upload(admin, GOOD).location
    db.session.query(LongTask).update({"state": TaskState.WAITING, "result": None})
    db.session.commit()
    work(admin)
    assert "张三" in admin.get(address).text


def test_no_task_holds_anything_of_a_person(admin: FlaskClient) -> None:
    address = upload(admin, GOOD).location
    press(admin, address, "apply")
    said = str([(task.task_order, task.result) for task in db.session.query(LongTask)])
    assert not any(secret in said for secret in ("张三", "139", "第一党支部"))


def test_a_file_that_turns_out_wrong_is_told_at_the_field(admin: FlaskClient) -> None:
    address = upload(admin, HEADER).location
    page = admin.get(address).text
    assert "表头下面没有内容" in page
    assert 'type="file"' in page


# ---- columns ----


def test_unknown_columns_are_asked_for_and_remembered(admin: FlaskClient) -> None:
    address = upload(admin, ODD).location
    asked = admin.get(address)
    assert asked.location == f"{address}/columns"
    page = admin.get(asked.location).text
    assert "没有认出这份花名册的列名" in page
    assert "身份号码,不读取" in page
    assert "420103195603121234" not in page
    assert 'name="c2"' not in page
    refused = post(admin, f"{address}/columns", c0="name", c1="")
    assert refused.status_code == 422
    assert "请选出哪一列是所在党支部" in refused.text
    assert post(admin, f"{address}/columns", c0="name", c1="branch", c2="education").location == address
    work(admin)
    assert "新增" in admin.get(address).text
    assert {row.header: row.field for row in db.session.query(RosterColumn)} == {
        "人员": "name",
        "在哪里": "branch",
    }
    again = upload(admin, ODD).location
    assert admin.get(again).status_code == 200, "the next file of the office needs no question"


# ---- questions ----


def test_an_unknown_branch_is_created_by_the_import_and_not_before(admin: FlaskClient) -> None:
    address = upload(admin, NEW).location
    assert f"{address}/questions" in admin.get(address).text
    page = admin.get(f"{address}/questions").text
    assert "“新村党支部”,1 行" in page
    refused = post(admin, f"{address}/questions", b0="create", **{"b0-parent": "X"})
    assert refused.status_code == 422
    assert "没有找到上级党组织" in refused.text
    taken = post(admin, f"{address}/questions", b0="create", **{"b0-parent": "Q", "b0-code": "B1"})
    assert "这个编码已有党组织使用" in taken.text
    fields = {"b0-parent": "Q", "b0-name": "新村党支部", "b0-sector": "village"}
    assert post(admin, f"{address}/questions", b0="create", **fields).location == address
    work(admin)
    assert count(OrgUnit) == 2
    press(admin, address, "apply")
    unit = db.session.query(OrgUnit).filter_by(name="新村党支部").one()
    assert (unit.code, unit.sector) == ("Q-01", "village")
    assert count(Member) == 2


def test_all_unknown_branches_can_be_created_at_once(admin: FlaskClient) -> None:
    lines = "".join(f"党员{n},村{n}党支部,-,-,-\n" for n in range(30))
    address = upload(admin, HEADER + lines).location
    with count_queries() as queries:
        page = admin.get(f"{address}/questions").text
    assert queries.count <= 15
    assert "每次最多列出 20 处" in page
    post(admin, f"{address}/questions", all="1", **{"all-parent": "Q"})
    work(admin)
    press(admin, address, "apply")
    assert (count(OrgUnit), count(Member)) == (32, 30)


def test_doubled_and_unclear_rows_are_decided_on_the_page(admin: FlaskClient, office: dict[str, Any]) -> None:
    known = make_member("王五", office["branch"], phone="13955556666")
    lines = (
        "张三,第一党支部,13900000001,1956-03-12,-\n张三,第一党支部,13900000001,1957-03-12,-\n"
        "王五,第一党支部,-,-,-\n"
    )
    address = upload(admin, HEADER + lines).location
    page = admin.get(f"{address}/questions").text
    assert "是同一个人,以第 3 行为准" in page
    assert "1957-03-12" in page
    assert "139****6666" in page
    post(admin, f"{address}/questions", d0="1", u0=str(known.id))
    work(admin)
    assert "没有要您来定的了" in admin.get(f"{address}/questions").text
    press(admin, address, "apply")
    assert {str(member.birth_date) for member in db.session.query(Member)} == {"1957-03-12", "1985-05-05"}


def test_decisions_can_be_taken_back(admin: FlaskClient) -> None:
    address = upload(admin, NEW).location
    post(admin, f"{address}/questions", b0="other", **{"b0-means": "B1"})
    work(admin)
    assert f"{address}/apply" in admin.get(address).text
    post(admin, f"{address}/questions", reset="1")
    work(admin)
    assert f"{address}/apply" not in admin.get(address).text


def test_who_is_missing_from_a_full_roster_is_shown_and_stays(
    admin: FlaskClient, office: dict[str, Any]
) -> None:
    gone = make_member("赵六", office["branch"], phone="13955556666")
    address = upload(admin, GOOD, full_org="Q").location
    page = admin.get(f"{address}?tab=missing").text
    assert f"/members/{gone.id}" in page
    assert "139****6666" in page
    press(admin, address, "apply")
    assert count(Member) == 3


# ---- every row's result ----


def test_the_marked_workbook_is_made_by_the_worker(admin: FlaskClient, app: Flask) -> None:
    address = upload(admin, NEW).location
    making = post(admin, f"{address}/marked").location
    assert "<progress" in admin.get(making).text
    assert admin.get(f"{address}/marked.xlsx").status_code == 404
    work(admin)
    assert f"{address}/marked.xlsx" in admin.get(making).text
    book = openpyxl.load_workbook(io.BytesIO(admin.get(f"{address}/marked.xlsx").data))
    assert [row[0].value for row in book.worksheets[0].iter_rows(min_row=2)] == ["要修改", "新增"]
    assert all("张三".encode() not in path.read_bytes() for path in kept(app))


# ---- the export ----


def test_members_of_the_list_are_exported_and_whole_phones_logged(
    admin: FlaskClient, app: Flask, office: dict[str, Any]
) -> None:
    for name, phone in (("张三", "13900000001"), ("李四", "13900000002")):
        make_member(name, office["branch"], phone=phone)
    assert "/members/export.xlsx?org=B1" in admin.get("/members?org=B1").text

    def cells(response: Any) -> str:
        return str(list(openpyxl.load_workbook(io.BytesIO(response.data)).worksheets[0].values))

    masked = cells(admin.get("/members/export.xlsx?q=张"))
    assert "139****0001" in masked
    assert "李四" not in masked
    whole = cells(post(admin, "/members/export.xlsx", org="B1"))
    assert "13900000002" in whole
    assert db.session.query(AuditEntry).filter_by(action="members.export_phones").count() == 1
    assert admin.get("/members/export.xlsx?org=nowhere").status_code == 404
    organiser = sign_in(app.test_client(), office["organiser"])
    assert organiser.get("/members/export.xlsx").status_code == 403


def test_a_long_export_is_made_by_the_worker(
    admin: FlaskClient, app: Flask, office: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_member("张三", office["branch"], phone="13900000001")
    monkeypatch.setattr("app.members.views.export.MOST_AT_ONCE", 0)
    address = admin.get("/members/export.xlsx").location
    assert "正在导出花名册" in admin.get(address).text
    work(admin)
    book = openpyxl.load_workbook(io.BytesIO(admin.get(address).data))
    assert book.worksheets[0]["A2"].value == "张三"
    stranger = sign_in(app.test_client(), make_staff("other", Role.ADMINISTRATOR, office["root"]))
    assert stranger.get(address).status_code == 404
    assert export_tasks.MOST_AT_ONCE == 20_000
