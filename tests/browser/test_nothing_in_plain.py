"""A roster goes in through a real browser; no ID number and no plain telephone number is left on any disk."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from app.accounts.services import NewUser, create_user
from app.core.db import db
from app.core.vocabulary import OrgKind, Role
from app.members.models import Member
from app.settings import ROOT
from tests import databases
from tests.conftest import WORKER
from tests.factories import count, make_org
from tests.servers import Server, running

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
# Found nowhere else in any test, so that a database server which other tests use can be searched whole.
ID_NUMBERS = ("420103195603127316", "42010319700101731X", "420103560312731")
PHONES = ("13973160001", "13973160002", "13973160003", "13973160004")
SPELT = ("139 7316 0001", "１３９７３１６０００２", "+8613973160003")
NAMES = ("万无漏", "马不漏", "牛不落")


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    if request.param == "sqlite":
        with running(tmp_path, LOG_FORMAT="json") as found:
            yield found
    else:
        with (
            databases.postgresql_database(f"bulou_plain_{WORKER}") as url,
            running(tmp_path, url, LOG_FORMAT="json") as found,
        ):
            yield found


def roster(*, wrong: bool) -> bytes:
    """As an office exports it; `wrong`: an ID number stands in the column of telephones."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["姓名", "公民身份号码", "所在党支部", "手机号码", "出生日期"])
    for name, number, phone in zip(NAMES, ID_NUMBERS, SPELT, strict=True):
        sheet.append([name, number, "第一党支部", number if wrong else phone, "1956-03-12"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def signed_in(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("[name=username]", "chief")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text("今日")
    return page


def upload(page: Page, url: str, content: bytes) -> None:
    page.goto(f"{url}/members/import")
    page.set_input_files(
        "input[type=file]", {"name": "花名册.xlsx", "mimeType": "application/zip", "buffer": content}
    )
    page.click("main button[type=submit]")
    # The worker starts, reads and compares; the page follows by itself.
    expect(page.locator("h1")).to_contain_text("核对花名册", timeout=60_000)


def files_on_disk(folder: Path, app_database: str) -> Iterator[tuple[str, bytes]]:
    roots = [folder]
    if app_database.startswith("postgresql") and not os.environ.get("TEST_DATABASE_URL"):
        roots.append(databases.run_root() / "pg")
    for root in roots:
        for path in root.rglob("*"):
            try:
                if path.is_file():
                    yield str(path), path.read_bytes()
            except OSError:  # PostgreSQL removes files as it goes
                continue


def spellings(number: str) -> list[bytes]:
    return [number.encode(), number.encode("utf-16-le"), number.encode("utf-16-be")]


def test_no_id_number_and_no_plain_phone_is_left_on_disk(
    server: Server, chromium: Browser, tmp_path: Path
) -> None:
    with server.app.app_context():
        root = make_org("SF", name="示范区", kind=OrgKind.COMMITTEE)
        make_org("SF01", root, name="第一党支部")
        user = NewUser("chief", "张主任", Role.ADMINISTRATOR, None, PASSWORD)
        create_user(user, None, datetime.now(UTC), datetime.now(UTC).date())
    page = signed_in(chromium.new_context(), server.url)
    # One that is refused and left lying, and one that is imported.
    upload(page, server.url, roster(wrong=True))
    upload(page, server.url, roster(wrong=False))
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.locator("h1")).to_contain_text("花名册已导入", timeout=60_000)
    with server.app.app_context():
        assert count(Member) == len(NAMES)
    # What people type and look at afterwards: by hand, by search, the number shown on demand.
    page.goto(f"{server.url}/members/new?org=SF01")
    page.fill("[name=name]", "杨不缺")
    page.fill("[name=phone]", PHONES[3])
    page.get_by_role("button", name="保存").or_(page.get_by_role("button", name="新增")).first.click()
    page.get_by_role("button", name="显示号码").click()
    expect(page.locator("main")).to_contain_text(PHONES[3])
    for wanted in (PHONES[0], PHONES[0][-4:]):
        page.goto(f"{server.url}/members")
        page.fill("main [name=q]", wanted)
        page.press("main [name=q]", "Enter")
        page.wait_for_load_state()
    expect(page.locator("main table")).to_contain_text(NAMES[0])

    database = _settle(server, tmp_path)
    found = list(files_on_disk(tmp_path, database))
    # The search itself works: a name is found in the database, and the log was written.
    assert any(NAMES[0].encode() in content for _path, content in found)
    assert any(path.endswith("server.log") and content for path, content in found)
    left = [
        (path, number)
        for path, content in found
        for number in (*ID_NUMBERS, *PHONES)
        for spelt in spellings(number)
        if spelt in content
    ]
    assert left == []


def _settle(server: Server, folder: Path) -> str:
    """Write what is still in memory, and a backup beside it; returns the database's address."""
    with server.app.app_context():
        database = str(db.engine.url)
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("CHECKPOINT"))
            return database
    env = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "testing",
        "DATABASE_URL": database,
        "INSTANCE_DIR": str(folder),
        "SECRET_KEY": "test-secret-key",
        "DATA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    command = [
        sys.executable,
        "-m",
        "flask",
        "--app",
        "app",
        "backup",
        "create",
        str(folder / "copy.sqlite3"),
    ]
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    return database
