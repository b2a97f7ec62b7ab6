"""The page of the roster import: upload, look, import; what is kept between is sealed and short-lived."""

from __future__ import annotations

import contextvars
import io
import os
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.clock import utc_now
from app.core.sealed_files import SealedFiles
from app.core.tasks import run_waiting
from app.core.vocabulary import OrgKind, Role
from app.members.models import Member
from app.members.roster.files import MAX_BYTES
from tests.factories import count, make_member, make_org, make_staff, sign_in
from tests.query_counter import count_queries

HEADER = "姓名,所在党支部,手机号码,出生日期,公民身份号码\n"
GOOD = (
    HEADER
    + "张三,第一党支部,13900000001,1956-03-12,420103195603121234\n李四,第一党支部,13900000002,1970-01-01,-\n"
)
BAD = HEADER + "张三,第一党支部,123,1956-03-12,-\n李四,第一党支部,13900000002,1970-01-01,-\n"


@pytest.fixture
def office(ctx: Flask) -> dict[str, Any]:
    root = make_org("Q", name="区委", kind=OrgKind.COMMITTEE)
    return {
        "root": root,
        "branch": make_org("B1", root, name="第一党支部"),
        "admin": make_staff("admin", Role.ADMINISTRATOR, root),
        "other": make_staff("other", Role.ADMINISTRATOR, root),
        "secretary": make_staff("secretary", Role.SECRETARY, root),
    }


@pytest.fixture
def admin(client: FlaskClient, office: dict[str, Any]) -> FlaskClient:
    return sign_in(client, office["admin"])


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def upload(client: FlaskClient, content: str | bytes, **fields: str) -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    csrf = token_of(client.get("/members/import").text)
    form = {"csrf_token": csrf, "file": (io.BytesIO(data), "花名册.csv"), **fields}
    response = client.post("/members/import", data=form, content_type="multipart/form-data")
    work(client)
    return response


def work(client: FlaskClient) -> None:
    """What the worker does, in a context of its own."""

    def run() -> None:
        with client.application.app_context():
            run_waiting()

    contextvars.Context().run(run)


def press(client: FlaskClient, address: str, action: str, **fields: str) -> TestResponse:
    csrf = token_of(client.get("/members/import").text)
    response = client.post(f"{address}/{action}", data={"csrf_token": csrf, **fields})
    work(client)
    return response


def kept(app: Flask) -> list[Path]:
    return sorted((Path(app.instance_path) / "roster-uploads").glob("*"))


@pytest.fixture(autouse=True)
def no_leftovers(app: Flask) -> None:
    for path in kept(app):
        path.unlink()


def test_a_roster_is_uploaded_looked_at_and_imported(admin: FlaskClient, app: Flask) -> None:
    response = upload(admin, GOOD)
    assert response.status_code == 302, response.text
    page = admin.get(response.location)
    assert "新增" in page.text
    assert "张三" in page.text
    assert "139****0001" in page.text
    assert "13900000001" not in page.text
    assert "420103195603121234" not in page.text
    assert count(Member) == 0
    done = press(admin, response.location, "apply")
    assert done.location == response.location
    assert count(Member) == 2
    page = admin.get(done.location).text
    assert "花名册已导入" in page
    assert re.search(r"新增.*?>2<", page, re.DOTALL)
    assert [path.suffix for path in kept(app)] == [".done"], "counts only"


def test_changes_are_shown_old_to_new_and_blank_cells_are_no_change(
    admin: FlaskClient, office: dict[str, Any]
) -> None:
    press(admin, upload(admin, GOOD).location, "apply")
    changed = GOOD.replace("13900000001", "13988887777")
    address = upload(admin, changed).location
    page = admin.get(address).text
    assert "<del>139****0001</del>" in page
    assert "<ins>139****7777</ins>" in page
    same = admin.get(f"{address}?tab=unchanged").text
    assert "李四" in same


def test_rejected_rows_are_named_and_nothing_can_be_imported(admin: FlaskClient) -> None:
    address = upload(admin, BAD).location
    page = admin.get(address).text
    assert "第 2 行 C 列(手机号码):电话号码不对" in page
    assert f"{address}/apply" not in page
    assert press(admin, address, "apply").location == address
    assert "没有保存任何内容" in admin.get(address).text
    assert count(Member) == 0


def test_what_changed_since_the_review_is_looked_at_again(admin: FlaskClient, office: dict[str, Any]) -> None:
    address = upload(admin, HEADER + "张三,第一党支部,13900000001,-,-\n").location
    make_member("张三", office["branch"], phone="13955556666")
    refused = press(admin, address, "apply")
    assert refused.location == address
    assert "分不清是哪一位党员" in admin.get(address).text
    assert count(Member) == 1


def test_the_kept_file_is_sealed_and_readable_by_nobody_else(admin: FlaskClient, app: Flask) -> None:
    upload(admin, GOOD)
    files = kept(app)
    assert {path.suffix for path in files} == {".table", ".wish", ".review", ".columns"}
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        content = path.read_bytes()
        for secret in ("张三", "13900000001", "139****0001", "420103195603121234"):
            assert secret.encode() not in content
    assert (Path(app.instance_path) / "roster-uploads").stat().st_mode & 0o777 == 0o700


def test_an_upload_belongs_to_whoever_made_it(app: Flask, admin: FlaskClient, office: dict[str, Any]) -> None:
    address = upload(admin, GOOD).location
    stranger = sign_in(app.test_client(), office["other"])
    assert stranger.get(address).status_code == 404
    for page in ("columns", "questions", "marked.xlsx"):
        assert stranger.get(f"{address}/{page}").status_code == 404
    csrf = token_of(stranger.get("/members/import").text)
    for action in ("apply", "discard", "columns", "questions", "marked"):
        assert stranger.post(f"{address}/{action}", data={"csrf_token": csrf}).status_code == 404
    assert admin.get(address).status_code == 200


def test_a_discarded_or_old_upload_is_gone(admin: FlaskClient, app: Flask) -> None:
    address = upload(admin, GOOD).location
    press(admin, address, "discard")
    assert kept(app) == []
    address = upload(admin, GOOD).location
    day_ago = time.time() - timedelta(hours=25).total_seconds()
    for path in kept(app):
        os.utime(path, (day_ago, day_ago))
    assert admin.get(address).status_code == 404
    assert kept(app) == []


def test_the_store_can_be_cleared_by_age(ctx: Flask, folder: Path) -> None:
    store = SealedFiles(folder / "uploads", "roster_upload")
    assert store.forget_old(utc_now()) == 0
    token = store.new()
    store.keep(token, "table", b"\x00\xffx")
    assert store.read(token, "table") == b"\x00\xffx"
    assert store.forget_old(utc_now()) == 0
    assert store.forget_old(utc_now() + timedelta(hours=25)) == 1


@pytest.mark.parametrize("token", ["../../etc/passwd", "x", "a" * 22, "..%2f..%2fapp"])
def test_an_invented_address_finds_nothing(admin: FlaskClient, token: str) -> None:
    assert admin.get(f"/members/import/{token}").status_code == 404


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "文件是空的"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "不是 Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64, "旧版 Excel"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_at_the_field(
    admin: FlaskClient, app: Flask, content: str | bytes, words: str
) -> None:
    response = upload(admin, content)
    assert response.status_code == 422
    assert words in response.text
    assert kept(app) == []


def test_a_forgotten_file_and_a_wrong_day_are_said_at_their_fields(admin: FlaskClient) -> None:
    csrf = token_of(admin.get("/members/import").text)
    response = admin.post("/members/import", data={"csrf_token": csrf, "as_of": "昨天"})
    assert response.status_code == 422
    assert "请选择要导入的文件" in response.text
    assert "请填写日期" in response.text
    future = upload(admin, GOOD, as_of="2999-01-01")
    assert future.status_code == 422
    assert "日期不能在今天以后" in future.text


def test_a_roster_may_be_larger_than_other_forms_but_has_a_bound(admin: FlaskClient) -> None:
    two_megabytes = GOOD + (" " * 99 + "\n") * 20_000
    assert upload(admin, two_megabytes).status_code == 302
    assert upload(admin, b"x" * (MAX_BYTES + 200_000)).status_code == 413
    csrf = token_of(admin.get("/members/import").text)
    elsewhere = admin.post("/preference", data={"csrf_token": csrf, "lang": "x" * 2_000_000})
    assert elsewhere.status_code == 413


def test_only_those_who_may_import_see_the_page(app: Flask, office: dict[str, Any]) -> None:
    secretary = sign_in(app.test_client(), office["secretary"])
    for address in ("/members/import", "/members/import/template.xlsx", f"/members/import/{'a' * 22}"):
        assert secretary.get(address).status_code == 403
    stranger = app.test_client()
    assert stranger.get("/members/import").location.startswith("/sign-in")


def test_an_upload_without_csrf_token_is_refused(admin: FlaskClient) -> None:
    response = admin.post("/members/import", data={"file": (io.BytesIO(GOOD.encode()), "x.csv")})
    assert response.status_code == 400
    assert count(Member) == 0


def test_the_template_is_a_workbook(admin: FlaskClient) -> None:
    response = admin.get("/members/import/template.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(response.data)).sheetnames == ["党员花名册", "填写说明"]


def test_long_lists_come_in_pages_and_stop_at_two_hundred(admin: FlaskClient) -> None:
    rows = "".join(f"党员{n:04d},第一党支部,139{n:08d},1970-01-01,-\n" for n in range(450))
    address = upload(admin, HEADER + rows).location
    with count_queries() as queries:
        page = admin.get(address).text
    assert queries.count <= 15
    assert "450" in page
    assert "只列出前 200 行" in page
    assert "党员0049" in page
    assert "党员0050" not in page
    last = admin.get(f"{address}?tab=created&page=4").text
    assert "党员0199" in last
    assert admin.get(f"{address}?tab=nonsense&page=99").status_code == 200


def test_the_pages_speak_english_too(admin: FlaskClient) -> None:
    address = upload(admin, BAD).location
    admin.set_cookie("lang", "en")
    for page in ("/members/import", address):
        assert '<html lang="en"' in admin.get(page).text
